import type { Clock } from '../../platform/clock.ts';
import type { Transaction } from '../../platform/database/transaction.ts';
import { earlier } from '../../platform/time.ts';
import type { Account, AccountCreated } from '../account/account.model.ts';
import type { AccountService } from '../account/account.service.ts';
import type { Allowance } from '../catalog/catalog.model.ts';
import type { CatalogService } from '../catalog/catalog.service.ts';
import type { GrantCause } from '../ledger/ledger.model.ts';
import type { LedgerService } from '../ledger/ledger.service.ts';
import type { PlanSubscription, SubscriptionChanged } from './subscription.model.ts';
import {
  creditsOf,
  currentTrial,
  monthExpiresAt,
  paidMonthExpiresAt,
} from './subscription.policy.ts';

interface PlanCreditsNeeds {
  readonly clock: Clock;
  readonly accounts: AccountService;
  readonly catalog: CatalogService;
  readonly ledger: LedgerService;
}

/** The credits that come with a plan's months. */
export class PlanCreditsService {
  readonly #needs: PlanCreditsNeeds;

  constructor(needs: PlanCreditsNeeds) {
    this.#needs = needs;
  }

  /** The first month of a new account, on the catalogue's default plan. */
  async grantFirstMonth(tx: Transaction, { account }: AccountCreated): Promise<void> {
    const { monthlyCredits, rollover } = await this.#needs.catalog.defaultPlan();
    const start = account.createdAt;
    await this.#grant(tx, account, monthlyCredits, {
      start,
      expiresAt: monthExpiresAt(start, null, rollover, account.timeZone),
      cause: { kind: 'account', id: `${account.id}/0` },
    });
  }

  /** A trial's month, which no invoice pays for: once per subscription and month. */
  async grantTrialMonth(tx: Transaction, { subscription }: SubscriptionChanged): Promise<void> {
    const trial = currentTrial(subscription);
    if (trial === null) return;
    const account = await this.#takeOverFromFree(tx, subscription);
    const { start, end } = trial;
    await this.#grant(tx, account, subscription.monthlyCredits, {
      start,
      expiresAt: monthExpiresAt(start, end, subscription.rollover, account.timeZone),
      cause: { kind: 'subscription', id: `${subscription.id}/0` },
    });
  }

  /** The first month of a period that an invoice paid for, as it was sold: once per invoice. */
  async grantPaidMonth(
    tx: Transaction,
    subscription: PlanSubscription,
    invoiceId: string,
    period: { readonly start: Date; readonly end: Date },
  ): Promise<void> {
    const account = await this.#takeOverFromFree(tx, subscription);
    await this.#grant(tx, account, subscription.monthlyCredits, {
      start: period.start,
      expiresAt: paidMonthExpiresAt(period, subscription, account.timeZone),
      cause: { kind: 'invoice', id: `${invoiceId}/0` },
    });
  }

  /** What is left of the free plan's months ends when a subscription's begin. */
  async #takeOverFromFree(tx: Transaction, { accountId }: PlanSubscription): Promise<Account> {
    const account = await this.#needs.accounts.lock(tx, accountId);
    await this.#needs.ledger.endGrants(tx, accountId, 'account', 'A paid plan took over.');
    return account;
  }

  async #grant(
    tx: Transaction,
    account: Account,
    monthlyCredits: Allowance,
    month: { start: Date; expiresAt: Date | null; cause: GrantCause },
  ): Promise<void> {
    const amountMicro = creditsOf(monthlyCredits);
    if (amountMicro === null) return;
    await this.#needs.ledger.grantCredits(tx, {
      accountId: account.id,
      source: 'PLAN',
      amountMicro,
      // A provider's clock that is a little ahead of ours does not keep its customers waiting.
      effectiveAt: earlier(this.#needs.clock.now(), month.start),
      expiresAt: month.expiresAt,
      cause: month.cause,
      description: "The plan's credits for a month.",
    });
  }
}
