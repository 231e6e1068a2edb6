import { invariant } from '../../platform/assert.ts';
import type { Clock } from '../../platform/clock.ts';
import type { Database } from '../../platform/database/database.ts';
import type { Transaction } from '../../platform/database/transaction.ts';
import { NotFound } from '../../platform/errors.ts';
import { isId, newId } from '../../platform/ids.ts';
import { requestHash } from '../../platform/request-hash.ts';
import { AccountBlocked } from '../account/account.errors.ts';
import { canExecute } from '../account/account.policy.ts';
import type { AccountService } from '../account/account.service.ts';
import { checkIdempotencyKey } from '../account/idempotency.policy.ts';
import type { LedgerReceipt } from '../ledger/ledger.model.ts';
import type { LedgerService } from '../ledger/ledger.service.ts';
import type { LedgerHistoryService } from '../ledger/ledger-history.service.ts';
import type { Coupon } from './coupon.model.ts';
import { checkApplicable, codeOf, unknownCoupon, usedInAll, usedUp } from './coupon.policy.ts';
import type { CouponStore } from './coupon.store.ts';

interface CouponRedemptionNeeds {
  readonly database: Database;
  readonly clock: Clock;
  readonly store: CouponStore;
  readonly accounts: AccountService;
  readonly ledger: LedgerService;
  readonly history: LedgerHistoryService;
  /** The slug of the plan that an account is on. */
  readonly planSlugOf: (accountId: string) => Promise<string>;
}

interface Redeeming {
  readonly accountId: string;
  readonly code: string;
  readonly idempotencyKey: string;
}

/** Coupons that give credits. */
export class CouponRedemptionService {
  readonly #needs: CouponRedemptionNeeds;

  constructor(needs: CouponRedemptionNeeds) {
    this.#needs = needs;
  }

  /**
   * Gives an account the credits of a coupon, once per idempotency key. They do not expire.
   * Throws CouponNotApplicable, AccountBlocked, IdempotencyConflict, InvalidInput, NotFound.
   */
  async redeem(redeeming: Redeeming): Promise<LedgerReceipt> {
    const { accountId, idempotencyKey } = redeeming;
    checkIdempotencyKey(idempotencyKey);
    if (!isId(accountId)) throw new NotFound('Account');
    const { database, history, ledger, planSlugOf } = this.#needs;
    const planSlug = await planSlugOf(accountId);
    const sequence = await database.transaction((tx) => this.#redeem(tx, redeeming, planSlug));
    const [transaction, balance] = await Promise.all([
      history.transactionAt(accountId, sequence),
      ledger.balance(accountId),
    ]);
    invariant(transaction !== null, `entry ${sequence} of account ${accountId} exists`);
    return { transaction, balance };
  }

  async #redeem(
    tx: Transaction,
    { accountId, code, idempotencyKey }: Redeeming,
    planSlug: string,
  ): Promise<bigint> {
    const { accounts, clock, ledger, store } = this.#needs;
    const account = await accounts.lock(tx, accountId);
    const hash = requestHash([codeOf(code)]);
    const request = { operation: 'redeemCoupon', idempotencyKey, requestHash: hash };
    const done = await ledger.grantedBefore(tx, accountId, request);
    if (done !== null) return done;
    const now = clock.now();
    if (!canExecute(account, now)) throw new AccountBlocked(account.status);
    const coupon = await store.byCodeIn(tx, codeOf(code));
    if (coupon === null) throw unknownCoupon(code);
    const byAccount = await store.usesByIn(tx, coupon.id, accountId);
    const use = { accountId, planSlug, currency: null };
    checkApplicable(coupon, use, { inAll: usedInAll(coupon), byAccount }, now);
    return this.#give(tx, coupon, accountId, request);
  }

  async #give(
    tx: Transaction,
    coupon: Coupon,
    accountId: string,
    request: Parameters<LedgerService['grantOnRequest']>[2],
  ): Promise<bigint> {
    const { clock, ledger, store } = this.#needs;
    const now = clock.now();
    const redemption = { id: newId(), couponId: coupon.id, accountId, orderId: null } as const;
    await store.insertRedemption(tx, { ...redemption, status: 'REDEEMED' }, now);
    invariant(coupon.creditsMicro !== null, `coupon ${coupon.code} gives credits`);
    const grant = {
      accountId,
      source: 'COUPON' as const,
      amountMicro: coupon.creditsMicro,
      effectiveAt: now,
      expiresAt: null,
      cause: { kind: 'coupon' as const, id: redemption.id },
      description: `Coupon ${coupon.code}.`,
    };
    const { sequence } = await ledger.grantOnRequest(tx, grant, request);
    invariant(sequence !== null, `coupon ${coupon.code} grants at once`);
    tx.hint('account', accountId);
    // Last, so that those who come at once wait for as little as possible; whoever comes too late has done nothing.
    if (!(await store.redeemOne(tx, coupon.id))) throw usedUp(coupon);
    return sequence;
  }
}
