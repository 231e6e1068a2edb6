import { assertNever } from '../../platform/assert.ts';
import type { Clock } from '../../platform/clock.ts';
import type { Database } from '../../platform/database/database.ts';
import type { Transaction } from '../../platform/database/transaction.ts';
import { newId } from '../../platform/ids.ts';
import type { Account, AccountCreated, NewAccount } from '../account/account.model.ts';
import type { AccountService } from '../account/account.service.ts';
import type { Catalogue } from '../catalog/catalog.model.ts';
import type { CatalogService } from '../catalog/catalog.service.ts';
import type { LedgerSweepService } from '../ledger/ledger-sweep.service.ts';
import type { SubscriptionChanged } from '../subscription/subscription.model.ts';
import { isLive } from '../subscription/subscription.policy.ts';
import type { SubscriptionService } from '../subscription/subscription.service.ts';
import {
  advance,
  firstStatus,
  type LifecycleEffect,
  type LifecycleEvent,
  type LifecycleStep,
} from './lifecycle.machine.ts';
import { checkNewAccount } from './lifecycle.policy.ts';
import type { LifecycleStore } from './lifecycle.store.ts';
import type { PromotionService } from './promotion.service.ts';

interface LifecycleServiceNeeds {
  readonly database: Database;
  readonly clock: Clock;
  readonly catalog: CatalogService;
  readonly catalogue: Catalogue;
  readonly store: LifecycleStore;
  readonly accounts: AccountService;
  readonly ledgerSweep: LedgerSweepService;
  readonly promotions: PromotionService;
  readonly subscriptions: SubscriptionService;
}

interface Progress {
  readonly account: Account;
  readonly step: LifecycleStep;
}

const BATCH = 500;

/** Moves accounts from status to status, by the one table, and writes down each step with its cause. */
export class LifecycleService {
  readonly #needs: LifecycleServiceNeeds;

  constructor(needs: LifecycleServiceNeeds) {
    this.#needs = needs;
  }

  /**
   * Makes an account as the catalogue's mode begins it, with its first master key, which is shown here only.
   * Throws InvalidInput.
   */
  async createAccount(
    input: Pick<NewAccount, 'externalId' | 'name'> & {
      readonly email: string | null;
      readonly timeZone: string | null;
      readonly currency: string | null;
    },
  ): Promise<{ account: Account; masterKey: string }> {
    checkNewAccount(input);
    // Kept in memory from now on: read inside the transaction it would wait for a second connection.
    await this.#needs.catalog.defaultPlan();
    const timeZone = input.timeZone ?? 'UTC';
    const currency = input.currency ?? this.#needs.catalogue.currency;
    return this.#needs.accounts.createAccount({ ...input, timeZone, currency }, (now) =>
      firstStatus(this.#needs.catalogue.lifecycle, now, timeZone),
    );
  }

  /** Writes down how a new account began. */
  async recordBeginning(tx: Transaction, { account }: AccountCreated): Promise<void> {
    const { status: to, statusSince: at } = account;
    const transition = { from: null, to, trigger: 'ACCOUNT_CREATED' as const, at };
    await this.#needs.store.append(tx, [{ accountId: account.id, transition }]);
  }

  /**
   * A subscription's state became known; runs inside the transaction that took it over. One that had ended before, or beside
   * which another one lives, ends nothing.
   */
  async followSubscription(
    tx: Transaction,
    { subscription, previousStatus }: SubscriptionChanged,
  ): Promise<void> {
    if (!isLive(subscription.status)) {
      const hadEnded = previousStatus !== null && !isLive(previousStatus);
      if (hadEnded || (await this.#needs.subscriptions.hasOtherLive(tx, subscription))) return;
    }
    const { status, isPromotion, trialEnd, cancelAt } = subscription;
    const seen = { kind: 'SUBSCRIPTION_SEEN' as const, status, isPromotion, trialEnd, cancelAt };
    await this.#advance(tx, subscription.accountId, seen);
  }

  /** A card was attached; runs inside the transaction that recorded it. */
  followPaymentMethod(tx: Transaction, { accountId }: { accountId: string }): Promise<void> {
    return this.#advance(tx, accountId, { kind: 'PAYMENT_METHOD_ATTACHED' });
  }

  /** The account's usage has passed what its trial allows. Throws NotFound. */
  passTrialLimit(accountId: string): Promise<void> {
    return this.#needs.database.transaction((tx) =>
      this.#advance(tx, accountId, { kind: 'TRIAL_LIMIT_PASSED' }),
    );
  }

  /** Writes down every status that time alone has ended by now. */
  async sweep(): Promise<void> {
    for (let swept = BATCH; swept > 0; ) {
      swept = await this.#needs.database.transaction((tx) => this.#sweepSome(tx));
    }
  }

  nextDueAt(after: Date): Promise<Date | null> {
    return this.#needs.accounts.nextStatusEnd(after);
  }

  async #advance(tx: Transaction, accountId: string, event: LifecycleEvent): Promise<void> {
    const account = await this.#needs.accounts.lockAsStored(tx, accountId);
    await this.#needs.ledgerSweep.lockBalances(tx, [accountId]);
    const step = advance(this.#needs.catalogue.lifecycle, account, event, this.#needs.clock.now());
    await this.#record(tx, [{ account, step }]);
    for (const effect of step.effects) await this.#bring(tx, effect, account, step);
  }

  async #sweepSome(tx: Transaction): Promise<number> {
    const now = this.#needs.clock.now();
    const due = await this.#needs.accounts.lockDue(tx, now, BATCH);
    await this.#needs.ledgerSweep.lockBalances(
      tx,
      due.map(({ id }) => id),
    );
    const progress = due.map((account) => ({
      account,
      step: advance(this.#needs.catalogue.lifecycle, account, { kind: 'TIME_PASSED' }, now),
    }));
    await this.#record(tx, progress);
    return due.length;
  }

  async #record(tx: Transaction, progress: readonly Progress[]): Promise<void> {
    await this.#needs.store.append(
      tx,
      progress.flatMap(({ account, step }) =>
        step.transitions.map((transition) => ({ accountId: account.id, transition })),
      ),
    );
    await this.#needs.accounts.changeStandings(
      tx,
      progress
        .filter(({ account, step }) => step.standing !== account)
        .map(({ account, step }) => ({ account, standing: step.standing })),
    );
  }

  async #bring(
    tx: Transaction,
    effect: LifecycleEffect,
    account: Account,
    { standing }: LifecycleStep,
  ): Promise<void> {
    switch (effect) {
      case 'START_PROMOTION': {
        const endsAt = standing.statusEndsAt ?? standing.statusSince;
        return this.#needs.promotions.begin(tx, account, standing.statusSince, endsAt);
      }
      case 'END_PROMOTION':
        return this.#needs.promotions.end(tx, account.id);
      case 'PAY_OUTSTANDING_INVOICE':
        return tx.enqueue('pay-outstanding-invoice', { accountId: account.id, attempt: newId() });
      default:
        return assertNever(effect);
    }
  }
}
