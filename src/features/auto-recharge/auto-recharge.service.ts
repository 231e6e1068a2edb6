import type { Clock } from '../../platform/clock.ts';
import type { Database } from '../../platform/database/database.ts';
import type { Transaction } from '../../platform/database/transaction.ts';
import { NotAllowedNow } from '../account/account.errors.ts';
import type { Account, AccountStatusChanged } from '../account/account.model.ts';
import { canBuy } from '../account/account.policy.ts';
import type { AccountService } from '../account/account.service.ts';
import type { LedgerSweepService } from '../ledger/ledger-sweep.service.ts';
import type { OfferService } from '../order/offer.service.ts';
import type { PaymentMethodAttached } from '../payment-method/payment-method.model.ts';
import type { PaymentMethodService } from '../payment-method/payment-method.service.ts';
import type { SubscriptionService } from '../subscription/subscription.service.ts';
import type { AutoRecharge, AutoRechargeWish } from './auto-recharge.model.ts';
import { afterWish } from './auto-recharge.policy.ts';
import type { AutoRechargeStore } from './auto-recharge.store.ts';

interface AutoRechargeServiceNeeds {
  readonly database: Database;
  readonly clock: Clock;
  readonly store: AutoRechargeStore;
  readonly accounts: AccountService;
  readonly ledgerSweep: LedgerSweepService;
  readonly paymentMethods: PaymentMethodService;
  readonly subscriptions: SubscriptionService;
  readonly offers: OfferService;
}

/** The job that looks at a balance which has fallen; the trigger on balances enqueues it by the same name and key. */
export const RECHARGE_JOB = 'recharge-low-balance';
const BATCH = 200;

/** Whether, when and with how much accounts are topped up by themselves. */
export class AutoRechargeService {
  readonly #needs: AutoRechargeServiceNeeds;

  constructor(needs: AutoRechargeServiceNeeds) {
    this.#needs = needs;
  }

  /**
   * Turns automatic recharges on or off, and says when and how much; what is not said stays as it was. A balance that is under
   * the threshold already is recharged at once. Turning off is always allowed, and leaves a charge under way to end.
   * Throws NotAllowedNow (no saved card, a provider that cannot charge one, an account that may not buy), InvalidInput, NotFound.
   */
  async set(wish: AutoRechargeWish): Promise<Account> {
    const account = await this.#needs.accounts.account(wish.accountId);
    if (wish.isEnabled) await this.#checkBuyer(account);
    const [known = null] = await this.settings([account.id]);
    const { amountMinor = known?.amount.amountMinor } = wish;
    if (wish.isEnabled && amountMinor !== undefined) await this.#checkOffer(account, amountMinor);
    await this.#needs.database.transaction(async (tx) => {
      const { currency } = await this.#needs.accounts.lock(tx, account.id);
      const before = await this.#needs.store.lock(tx, account.id);
      const after = afterWish(before, wish, currency, this.#needs.clock.now());
      await this.#needs.store.save(tx, after);
      await this.#needs.ledgerSweep.watch(tx, account.id, null);
      if (after.isEnabled) await this.#enqueue(tx, account.id);
      tx.hint('account', account.id);
    });
    return account;
  }

  /** The settings of these accounts, in no order; those that never had any are left out. */
  settings(accountIds: readonly string[]): Promise<AutoRecharge[]> {
    return this.#needs.store.of(accountIds);
  }

  /** The account may run again, or not any more: it is looked at. */
  async followStatus(tx: Transaction, { accountId }: AccountStatusChanged): Promise<void> {
    const settings = await this.#needs.store.lock(tx, accountId);
    if (settings?.isEnabled) await this.#enqueue(tx, accountId);
  }

  /** A new card has not been refused yet: nothing waits on account of the old one. */
  async followPaymentMethod(tx: Transaction, { accountId }: PaymentMethodAttached): Promise<void> {
    const settings = await this.#needs.store.lock(tx, accountId);
    if (!settings?.isEnabled) return;
    await this.#needs.store.save(tx, { ...settings, coolDownUntil: null });
    await this.#enqueue(tx, accountId);
  }

  /** Looks at every account whose waiting is over. */
  async sweep(): Promise<void> {
    for (let taken = BATCH; taken === BATCH; ) {
      taken = await this.#needs.database.transaction(async (tx) => {
        const due = await this.#needs.store.takeDue(tx, this.#needs.clock.now(), BATCH);
        for (const accountId of due) await this.#enqueue(tx, accountId);
        return due.length;
      });
    }
  }

  nextDueAt(after: Date): Promise<Date | null> {
    return this.#needs.store.nextCheck(after);
  }

  #enqueue(tx: Transaction, accountId: string): Promise<void> {
    return tx.enqueue(RECHARGE_JOB, { id: accountId }, { jobKey: `${RECHARGE_JOB}:${accountId}` });
  }

  async #checkBuyer(account: Account): Promise<void> {
    if (!canBuy(account.status))
      throw new NotAllowedNow(`An account that is ${account.status} buys nothing.`);
    const [method] = await this.#needs.paymentMethods.paymentMethods([account.id]);
    if (method !== undefined) return;
    const live = await this.#needs.subscriptions.liveSubscription(account.id);
    throw new NotAllowedNow(
      live !== null && live.channel !== 'STRIPE'
        ? `${live.channel} cannot charge a saved card while its owner is away, and no card is saved elsewhere.`
        : 'No card is saved: attach one first.',
    );
  }

  /** The amount has to be one that is sold, and the plan one that may buy. */
  async #checkOffer(account: Account, amountMinor: bigint): Promise<void> {
    const live = await this.#needs.subscriptions.liveSubscription(account.id);
    await this.#needs.offers.credits({ amountMinor, packageId: null }, account, live);
  }
}
