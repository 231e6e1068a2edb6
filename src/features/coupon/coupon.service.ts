import { invariant } from '../../platform/assert.ts';
import type { Clock } from '../../platform/clock.ts';
import type { Database } from '../../platform/database/database.ts';
import type { Transaction } from '../../platform/database/transaction.ts';
import { InvalidInput, NotFound } from '../../platform/errors.ts';
import { isId, newId } from '../../platform/ids.ts';
import type { Page, PageRequest } from '../../platform/paging.ts';
import type { CatalogService } from '../catalog/catalog.service.ts';
import type { Coupon, CouponChange, CouponUse, NewCoupon } from './coupon.model.ts';
import {
  checkApplicable,
  checkLimits,
  checkNewCoupon,
  codeOf,
  unknownCoupon,
  usedInAll,
} from './coupon.policy.ts';
import type { CouponStore } from './coupon.store.ts';

interface CouponServiceNeeds {
  readonly database: Database;
  readonly clock: Clock;
  readonly store: CouponStore;
  readonly catalog: CatalogService;
}

/** Coupons: what administrators make, and what orders use of them. */
export class CouponService {
  readonly #needs: CouponServiceNeeds;

  constructor(needs: CouponServiceNeeds) {
    this.#needs = needs;
  }

  /** Makes a coupon, and has the providers told of it. Throws InvalidInput, also when its code is taken. */
  async create(wish: NewCoupon): Promise<Coupon> {
    const { database, clock, store } = this.#needs;
    const now = clock.now();
    checkNewCoupon(wish, now);
    await this.#checkPlans(wish.planSlugs);
    const counts = { timesRedeemed: 0, timesReserved: 0, timesLate: 0 };
    const coupon: Coupon = { ...wish, ...counts, id: newId(), isActive: true, createdAt: now };
    try {
      await database.transaction(async (tx) => {
        await store.insert(tx, coupon);
        if (coupon.kind !== 'CREDITS') await tx.enqueue('sync-coupon', { id: coupon.id });
      });
    } catch (error) {
      if ((error as { constraint?: string }).constraint !== 'coupon_code_unique') throw error;
      throw new InvalidInput('code', `is taken: there is a coupon "${coupon.code}" already.`);
    }
    return coupon;
  }

  /** Changes limits, or switches a coupon on or off; open pages keep their discount. Throws InvalidInput, NotFound. */
  async update(id: string, change: CouponChange): Promise<Coupon> {
    const { database, clock, store } = this.#needs;
    const now = clock.now();
    checkLimits(change, now);
    await this.#checkPlans(change.planSlugs ?? []);
    return database.transaction(async (tx) => {
      const coupon = isId(id) ? await store.lock(tx, id) : null;
      if (coupon === null) throw new NotFound('Coupon');
      const changed = { ...coupon, ...change };
      const used = usedInAll(coupon);
      if (changed.maxRedemptions !== null && changed.maxRedemptions < used)
        throw new InvalidInput(
          'maxRedemptions',
          `must be at least ${used}: so many are redeemed, or reserved on open pages.`,
        );
      await store.update(tx, changed, now);
      return changed;
    });
  }

  /** A page of all coupons, newest first. Throws InvalidInput. */
  coupons(request: PageRequest): Promise<Page<Coupon>> {
    return this.#needs.store.page(request);
  }

  couponCount(): Promise<bigint> {
    return this.#needs.store.count();
  }

  /** The coupons with these ids, in no order. */
  couponsById(ids: readonly string[]): Promise<Coupon[]> {
    return this.#needs.store.byIds(ids);
  }

  /**
   * The coupon of a code, if it can be used so now. What the order `replacing` holds of it does not count: that order gives
   * way. Throws CouponNotApplicable.
   */
  async applicable(code: string, use: CouponUse, replacing: string | null = null): Promise<Coupon> {
    const { store, clock } = this.#needs;
    const coupon = await store.byCode(codeOf(code));
    if (coupon === null) throw unknownCoupon(code);
    const held = replacing === null ? null : await store.redemptionOf(replacing);
    const isHeld = held?.couponId === coupon.id && held.status === 'RESERVED';
    const inAll = usedInAll(coupon) - (isHeld ? 1 : 0);
    const byAccount = await store.usesBy(coupon.id, use.accountId, replacing);
    checkApplicable(coupon, use, { inAll, byAccount }, clock.now());
    return coupon;
  }

  /** Keeps one use of a coupon for an order, while its page is open. Throws CouponNotApplicable. */
  async reserve(tx: Transaction, couponId: string, use: CouponUse, orderId: string): Promise<void> {
    const { store, clock } = this.#needs;
    const now = clock.now();
    const coupon = await store.lock(tx, couponId);
    invariant(coupon !== null, `coupon ${couponId} exists`);
    const byAccount = await store.usesByIn(tx, couponId, use.accountId);
    checkApplicable(coupon, use, { inAll: usedInAll(coupon), byAccount }, now);
    const { accountId } = use;
    const redemption = { id: newId(), couponId, accountId, orderId, status: 'RESERVED' } as const;
    await store.insertRedemption(tx, redemption, now);
    await store.moveCounts(tx, couponId, { redeemed: 0, reserved: 1, late: 0 });
  }

  /** Counts the use that an order reserved: it was paid. One that was released meanwhile counts all the same. */
  async countPaid(tx: Transaction, orderId: string): Promise<void> {
    const redemption = await this.#needs.store.lockRedemption(tx, orderId);
    if (redemption === null || redemption.status === 'REDEEMED') return;
    const isLate = redemption.status === 'RELEASED';
    await this.#needs.store.setRedemption(tx, redemption.id, 'REDEEMED', this.#needs.clock.now());
    await this.#needs.store.moveCounts(tx, redemption.couponId, {
      redeemed: 1,
      reserved: isLate ? 0 : -1,
      late: isLate ? 1 : 0,
    });
  }

  /** Gives back the use that an order reserved: nothing came of it. */
  async release(tx: Transaction, orderId: string): Promise<void> {
    const redemption = await this.#needs.store.lockRedemption(tx, orderId);
    if (redemption?.status !== 'RESERVED') return;
    await this.#needs.store.setRedemption(tx, redemption.id, 'RELEASED', this.#needs.clock.now());
    const counts = { redeemed: 0, reserved: -1, late: 0 };
    await this.#needs.store.moveCounts(tx, redemption.couponId, counts);
  }

  async #checkPlans(slugs: readonly string[]): Promise<void> {
    for (const slug of slugs) {
      if ((await this.#needs.catalog.planBySlug(slug)) === null)
        throw new InvalidInput('planSlugs', `names no plan of the catalogue: "${slug}".`);
    }
  }
}
