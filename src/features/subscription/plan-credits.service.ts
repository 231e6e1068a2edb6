import type { Clock } from '../../platform/clock.ts';
import type { Transaction } from '../../platform/database/transaction.ts';
import type { Account, AccountCreated } from '../account/account.model.ts';
import type { AccountService } from '../account/account.service.ts';
import type { CatalogService } from '../catalog/catalog.service.ts';
import type { GrantCause } from '../ledger/ledger.model.ts';
import type { LedgerService } from '../ledger/ledger.service.ts';
import type { PlanSubscription, SoldTerms, SubscriptionChanged } from './subscription.model.ts';
import { creditsExpireAt, creditsOf, currentTrial } from './subscription.policy.ts';

interface PlanCreditsNeeds {
  readonly clock: Clock;
  readonly accounts: AccountService;
  readonly catalog: CatalogService;
  readonly ledger: LedgerService;
}

interface Month {
  readonly start: Date;
  /** When the period ends, if that is sooner than a month after its start. */
  readonly end: Date | null;
}

/** The credits that come with a plan's months. */
export class PlanCreditsService {
  readonly #needs: PlanCreditsNeeds;

  constructor(needs: PlanCreditsNeeds) {
    this.#needs = needs;
  }

  /** The first month of a new account, on the catalogue's default plan. */
  async grantFirstMonth(tx: Transaction, { account }: AccountCreated): Promise<void> {
    const plan = await this.#needs.catalog.defaultPlan();
    const month = { start: account.createdAt, end: null };
    await this.#grant(tx, account, plan, month, { kind: 'account', id: `${account.id}/0` });
  }

  /** A trial's month, which no invoice pays for: once per subscription and month. */
  async grantTrialMonth(tx: Transaction, { subscription }: SubscriptionChanged): Promise<void> {
    const trial = currentTrial(subscription);
    if (trial === null) return;
    const cause = { kind: 'subscription' as const, id: `${subscription.id}/0` };
    await this.grantSubscriptionMonth(tx, subscription, trial, cause);
  }

  /** A month of a subscription, as it was sold; what is left of the free plan's months ends. */
  async grantSubscriptionMonth(
    tx: Transaction,
    subscription: PlanSubscription,
    month: Month,
    cause: GrantCause,
  ): Promise<void> {
    const account = await this.#needs.accounts.lock(tx, subscription.accountId);
    await this.#needs.ledger.endGrants(tx, account.id, 'account', 'A paid plan took over.');
    await this.#grant(tx, account, subscription, month, cause);
  }

  async #grant(
    tx: Transaction,
    account: Account,
    terms: Pick<SoldTerms, 'monthlyCredits' | 'rollover'>,
    month: Month,
    cause: GrantCause,
  ): Promise<void> {
    const amountMicro = creditsOf(terms.monthlyCredits);
    if (amountMicro === null) return;
    await this.#needs.ledger.grantCredits(tx, {
      accountId: account.id,
      source: 'PLAN',
      amountMicro,
      effectiveAt: month.start,
      expiresAt: creditsExpireAt(month.start, month.end, terms.rollover, account.timeZone),
      cause,
      description: "The plan's credits for a month.",
    });
  }
}
