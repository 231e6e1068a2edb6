import type { Database } from '../../platform/database/database.ts';
import type { Transaction } from '../../platform/database/transaction.ts';
import type { Money } from '../../platform/money.ts';
import {
  type Page,
  type PageRequest,
  pageOf,
  pageSize,
  readCursor,
  UUID_POSITION,
} from '../../platform/paging.ts';
import {
  COUPON_CURSOR,
  type Coupon,
  type CouponRedemption,
  type RedemptionStatus,
} from './coupon.model.ts';
import { isCode } from './coupon.policy.ts';

const COLUMNS = `id, code, kind, percent_off_basis_points as "percentOffBasisPoints",
  amount_off_minor as "amountOffMinor", currency, credits_micro as "creditsMicro", max_redemptions as "maxRedemptions",
  per_account_limit as "perAccountLimit", times_redeemed as "timesRedeemed", times_reserved as "timesReserved",
  times_late as "timesLate", plan_slugs as "planSlugs", expires_at as "expiresAt", is_active as "isActive",
  created_at as "createdAt"`;

const REDEMPTION = `id, coupon_id as "couponId", account_id as "accountId", order_id as "orderId", status`;

const USES_BY_ACCOUNT = `select count(*)::integer as uses from coupon_redemption
  where coupon_id = $1 and account_id = $2 and status <> 'RELEASED' and ($3::uuid is null or order_id is distinct from $3)`;

interface Row extends Omit<Coupon, 'amountOff'> {
  readonly amountOffMinor: bigint | null;
  readonly currency: string | null;
}

/** How the counts of a coupon move. */
export interface CountChange {
  readonly redeemed: number;
  readonly reserved: number;
  readonly late: number;
}

/** Every query on coupons and their redemptions. */
export class CouponStore {
  readonly #database: Database;

  constructor(database: Database) {
    this.#database = database;
  }

  async insert(tx: Transaction, coupon: Coupon): Promise<void> {
    const { amountOff } = coupon;
    await tx.query(
      `insert into coupon (id, code, kind, percent_off_basis_points, amount_off_minor, currency, credits_micro,
          max_redemptions, per_account_limit, times_redeemed, times_reserved, times_late, plan_slugs, expires_at,
          is_active, created_at, updated_at)
        values ($1, $2, $3, $4, $5, $6, $7, $8, $9, 0, 0, 0, $10, $11, $12, $13, $13)`,
      [
        coupon.id,
        coupon.code,
        coupon.kind,
        coupon.percentOffBasisPoints,
        amountOff?.amountMinor ?? null,
        amountOff?.currency ?? null,
        coupon.creditsMicro,
        coupon.maxRedemptions,
        coupon.perAccountLimit,
        [...coupon.planSlugs],
        coupon.expiresAt,
        coupon.isActive,
        coupon.createdAt,
      ],
    );
  }

  async update(tx: Transaction, coupon: Coupon, now: Date): Promise<void> {
    const { id, maxRedemptions, perAccountLimit, expiresAt, planSlugs, isActive } = coupon;
    await tx.query(
      `update coupon set max_redemptions = $2, per_account_limit = $3, expires_at = $4, plan_slugs = $5, is_active = $6,
          updated_at = $7
        where id = $1`,
      [id, maxRedemptions, perAccountLimit, expiresAt, [...planSlugs], isActive, now],
    );
  }

  async byCode(code: string): Promise<Coupon | null> {
    if (!isCode(code)) return null;
    const statement = {
      name: 'coupon_by_code',
      text: `select ${COLUMNS} from coupon where code = $1`,
    };
    return toCoupon(await this.#database.query<Row>(statement, [code]));
  }

  async byIds(ids: readonly string[]): Promise<Coupon[]> {
    const statement = {
      name: 'coupon_by_ids',
      text: `select ${COLUMNS} from coupon where id = any ($1)`,
    };
    const rows = await this.#database.query<Row>(statement, [[...ids]]);
    return rows.flatMap((row) => toCoupon([row]) ?? []);
  }

  async page(request: PageRequest): Promise<Page<Coupon>> {
    const size = pageSize(request);
    const before = readCursor(COUPON_CURSOR, request, UUID_POSITION);
    const statement = {
      name: 'coupon_page',
      text: `select ${COLUMNS} from coupon where $1::uuid is null or id < $1 order by id desc limit $2`,
    };
    const rows = await this.#database.query<Row>(statement, [before, size + 1]);
    return pageOf(
      rows.flatMap((row) => toCoupon([row]) ?? []),
      size,
      before === null,
    );
  }

  async count(): Promise<bigint> {
    const statement = { name: 'coupon_count', text: 'select count(*) as count from coupon' };
    const [row] = await this.#database.query<{ count: bigint }>(statement, []);
    return row?.count ?? 0n;
  }

  /** The coupon, locked until the transaction ends: whoever counts it comes one after the other. */
  async lock(tx: Transaction, id: string): Promise<Coupon | null> {
    return toCoupon(
      await tx.query<Row>(`select ${COLUMNS} from coupon where id = $1 for no key update`, [id]),
    );
  }

  /** The same within a transaction, not locked. */
  async byCodeIn(tx: Transaction, code: string): Promise<Coupon | null> {
    if (!isCode(code)) return null;
    return toCoupon(await tx.query<Row>(`select ${COLUMNS} from coupon where code = $1`, [code]));
  }

  /** Counts one redemption, if the coupon is not used up; says whether it was counted. */
  async redeemOne(tx: Transaction, couponId: string): Promise<boolean> {
    const rows = await tx.query(
      `update coupon set times_redeemed = times_redeemed + 1
        where id = $1 and is_active
          and (max_redemptions is null or times_redeemed - times_late + times_reserved < max_redemptions)
        returning 1`,
      [couponId],
    );
    return rows.length > 0;
  }

  /** How often an account uses it or did, one order left out. */
  async usesBy(couponId: string, accountId: string, exceptOrderId: string | null): Promise<number> {
    const statement = { name: 'coupon_uses_by_account', text: USES_BY_ACCOUNT };
    const values = [couponId, accountId, exceptOrderId];
    const [row] = await this.#database.query<{ uses: number }>(statement, values);
    return row?.uses ?? 0;
  }

  async usesByIn(tx: Transaction, couponId: string, accountId: string): Promise<number> {
    const values = [couponId, accountId, null];
    const [row] = await tx.query<{ uses: number }>(USES_BY_ACCOUNT, values);
    return row?.uses ?? 0;
  }

  async redemptionOf(orderId: string): Promise<CouponRedemption | null> {
    const statement = {
      name: 'coupon_redemption_of_order',
      text: `select ${REDEMPTION} from coupon_redemption where order_id = $1`,
    };
    const [row] = await this.#database.query<CouponRedemption>(statement, [orderId]);
    return row ?? null;
  }

  async lockRedemption(tx: Transaction, orderId: string): Promise<CouponRedemption | null> {
    const [row] = await tx.query<CouponRedemption>(
      `select ${REDEMPTION} from coupon_redemption where order_id = $1 for update`,
      [orderId],
    );
    return row ?? null;
  }

  async insertRedemption(tx: Transaction, redemption: CouponRedemption, now: Date): Promise<void> {
    const { id, couponId, accountId, orderId, status } = redemption;
    await tx.query(
      `insert into coupon_redemption (id, coupon_id, account_id, order_id, status, created_at, updated_at)
        values ($1, $2, $3, $4, $5, $6, $6)`,
      [id, couponId, accountId, orderId, status, now],
    );
  }

  async setRedemption(
    tx: Transaction,
    id: string,
    status: RedemptionStatus,
    now: Date,
  ): Promise<void> {
    await tx.query('update coupon_redemption set status = $2, updated_at = $3 where id = $1', [
      id,
      status,
      now,
    ]);
  }

  async moveCounts(tx: Transaction, couponId: string, by: CountChange): Promise<void> {
    await tx.query(
      `update coupon set times_redeemed = times_redeemed + $2, times_reserved = times_reserved + $3,
          times_late = times_late + $4 where id = $1`,
      [couponId, by.redeemed, by.reserved, by.late],
    );
  }
}

function toCoupon([row]: readonly Row[]): Coupon | null {
  if (row === undefined) return null;
  const { amountOffMinor, currency, ...rest } = row;
  const amountOff: Money | null =
    amountOffMinor === null || currency === null ? null : { amountMinor: amountOffMinor, currency };
  return { ...rest, amountOff };
}
