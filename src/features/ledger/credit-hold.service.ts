import { assertNever, invariant } from '../../platform/assert.ts';
import type { Clock } from '../../platform/clock.ts';
import { NotFound } from '../../platform/errors.ts';
import { isId, newId } from '../../platform/ids.ts';
import { requestHash } from '../../platform/request-hash.ts';
import { AccountBlocked, IdempotencyConflict, NotAllowedNow } from '../account/account.errors.ts';
import type { AccountService } from '../account/account.service.ts';
import type { Capture, CaptureReceipt, HoldReceipt, HoldWish } from './credit-hold.model.ts';
import { checkCapture, checkHold, holdExpiresAt, whyEnded } from './credit-hold.policy.ts';
import type { CreditHoldStore } from './credit-hold.store.ts';
import { InsufficientCredits } from './ledger.errors.ts';
import { available } from './ledger.policy.ts';
import type { LedgerHistoryStore } from './ledger-history.store.ts';

interface CreditHoldServiceNeeds {
  readonly clock: Clock;
  readonly store: CreditHoldStore;
  readonly history: LedgerHistoryStore;
  readonly accounts: AccountService;
}

const EXPIRED_TOGETHER = 200;

/** Credits set aside for work in progress. */
export class CreditHoldService {
  readonly #needs: CreditHoldServiceNeeds;

  constructor(needs: CreditHoldServiceNeeds) {
    this.#needs = needs;
  }

  /**
   * Sets credits aside, all of the amount or nothing, once per idempotency key: they leave `available` at once, and come
   * back by themselves when the hold expires (15 minutes when not said, a week at most). A key used before with the same
   * input answers with that hold as it is now. Throws InsufficientCredits, AccountBlocked, IdempotencyConflict,
   * InvalidInput, NotFound.
   */
  async holdCredits(wish: HoldWish): Promise<HoldReceipt> {
    checkHold(wish);
    const now = this.#needs.clock.now();
    const expiresAt = holdExpiresAt(wish, now);
    if (!isId(wish.accountId)) throw new NotFound('Account');
    const { outcome, ...receipt } = await this.#needs.store.hold(
      {
        ...wish,
        id: newId(),
        expiresAt,
        requestHash: requestHash([wish.amountMicro, wish.expiresInSeconds]),
      },
      now,
    );
    switch (outcome) {
      case 'applied':
      case 'replayed':
        return receipt;
      case 'conflict':
        throw new IdempotencyConflict(wish.idempotencyKey);
      case 'insufficient':
        throw new InsufficientCredits(wish.amountMicro, available(receipt.balance));
      case 'blocked':
        throw new AccountBlocked((await this.#needs.accounts.account(wish.accountId)).status);
      case 'unknown_account':
        throw new NotFound('Account');
      default:
        return assertNever(outcome);
    }
  }

  /**
   * Spends what a hold set aside, or a part of it; the rest is given back. Once per hold and idempotency key, in every
   * status of the account. Throws NotAllowedNow (captured, released or expired before, or more than was held),
   * IdempotencyConflict, InvalidInput, NotFound.
   */
  async captureHold(capture: Capture): Promise<CaptureReceipt> {
    checkCapture(capture);
    if (!isId(capture.holdId) || !isId(capture.accountId)) throw new NotFound('Hold');
    const { holdId, amountMicro, usageType, description } = capture;
    const { outcome, sequence, ...receipt } = await this.#needs.store.capture(
      { ...capture, requestHash: requestHash([holdId, amountMicro, usageType, description]) },
      this.#needs.clock.now(),
    );
    switch (outcome) {
      case 'applied':
      case 'replayed': {
        const transaction = await this.#needs.history.transactionAt(capture.accountId, sequence);
        invariant(transaction !== null, `entry ${sequence} of ${capture.accountId} exists`);
        return { ...receipt, transaction };
      }
      case 'conflict':
        throw new IdempotencyConflict(capture.idempotencyKey);
      case 'ended':
        throw new NotAllowedNow(whyEnded(receipt.hold));
      case 'too_much':
        throw new NotAllowedNow('No more can be captured than was held.');
      case 'unknown_hold':
        throw new NotFound('Hold');
      default:
        return assertNever(outcome);
    }
  }

  /**
   * Gives a hold's credits back to the grants that they came from, in every status of the account. Releasing again
   * changes nothing. Throws NotAllowedNow (captured or expired before), NotFound.
   */
  async releaseHold(accountId: string, holdId: string): Promise<HoldReceipt> {
    if (!isId(holdId) || !isId(accountId)) throw new NotFound('Hold');
    const now = this.#needs.clock.now();
    const { outcome, ...receipt } = await this.#needs.store.release(accountId, holdId, now);
    switch (outcome) {
      case 'applied':
      case 'replayed':
        return receipt;
      case 'ended':
        throw new NotAllowedNow(whyEnded(receipt.hold));
      case 'unknown_hold':
        throw new NotFound('Hold');
      default:
        return assertNever(outcome);
    }
  }

  /** Ends an account's holds that expired. To readers and spenders they had ended before. */
  async expireDueOf(accountId: string): Promise<void> {
    await this.#needs.store.expire(accountId, this.#needs.clock.now());
  }

  /** Ends every hold that expired, as `expireDueOf` does. */
  async expireDue(): Promise<void> {
    const now = this.#needs.clock.now();
    for (;;) {
      const accountIds = await this.#needs.store.accountsWithDue(now, EXPIRED_TOGETHER);
      for (const accountId of accountIds) await this.#needs.store.expire(accountId, now);
      if (accountIds.length < EXPIRED_TOGETHER) return;
    }
  }
}
