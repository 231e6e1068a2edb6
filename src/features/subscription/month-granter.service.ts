import { invariant } from '../../platform/assert.ts';
import type { Clock } from '../../platform/clock.ts';
import type { Transaction } from '../../platform/database/transaction.ts';
import { earlier } from '../../platform/time.ts';
import type { Account } from '../account/account.model.ts';
import type { CatalogService } from '../catalog/catalog.service.ts';
import type { LedgerService } from '../ledger/ledger.service.ts';
import type { LedgerSweepService } from '../ledger/ledger-sweep.service.ts';
import { monthEnd, monthStart } from './plan-months.engine.ts';
import type { PlanCreditSchedule, PlanSubscription } from './subscription.model.ts';
import { creditsOf, rolloverCap } from './subscription.policy.ts';
import type { SubscriptionStore } from './subscription.store.ts';

interface MonthGranterNeeds {
  readonly clock: Clock;
  readonly catalog: CatalogService;
  readonly ledger: LedgerService;
  readonly ledgerSweep: LedgerSweepService;
  readonly subscriptions: SubscriptionStore;
}

type Terms = Pick<PlanSubscription, 'monthlyCredits' | 'rollover'>;

interface Month {
  readonly start: Date;
  readonly end: Date;
  /** Unique in all the ledger: `<cause>/<month>`. */
  readonly causeId: string;
}

/** Grants one month of plan credits, and what rolls over into it. */
export class MonthGranter {
  readonly #needs: MonthGranterNeeds;

  constructor(needs: MonthGranterNeeds) {
    this.#needs = needs;
  }

  /**
   * Grants the schedule's next month, once per cause, and answers with the schedule one month on. What was left of the month
   * before (`previous`) when it expired rolls over, as far as the plan lets it, as long as it was the same plan.
   */
  async grant(
    tx: Transaction,
    account: Account,
    schedule: PlanCreditSchedule,
    previous: PlanCreditSchedule | null,
  ): Promise<PlanCreditSchedule> {
    const { nextMonth: index, causeId } = schedule;
    const start = monthStart(schedule, index, account.timeZone);
    invariant(start !== null, `the series of account ${account.id} has a month ${index}`);
    const end = monthEnd(schedule, index, account.timeZone);
    const month = { start, end, causeId: `${causeId}/${index}` };
    const terms = await this.#terms(tx, schedule);
    const isSamePlan = previous?.subscriptionId === schedule.subscriptionId;
    const rolledGrantId = isSamePlan
      ? await this.#rollOver(tx, terms, schedule, previous, month)
      : null;
    const grantId = await this.#grantMonth(tx, terms, schedule, month);
    return { ...schedule, nextMonth: index + 1, grantId, rolledGrantId };
  }

  async #terms(tx: Transaction, { subscriptionId }: PlanCreditSchedule): Promise<Terms> {
    if (subscriptionId === null) return this.#needs.catalog.defaultPlan();
    const subscription = await this.#needs.subscriptions.byId(tx, subscriptionId);
    invariant(subscription !== null, `subscription ${subscriptionId} exists`);
    return subscription;
  }

  async #grantMonth(
    tx: Transaction,
    { monthlyCredits, rollover }: Terms,
    { accountId, causeKind }: PlanCreditSchedule,
    { start, end, causeId }: Month,
  ): Promise<string | null> {
    const amountMicro = creditsOf(monthlyCredits);
    if (amountMicro === null) return null;
    const { grantId } = await this.#needs.ledger.grantCredits(tx, {
      accountId,
      source: 'PLAN',
      amountMicro,
      // A provider's clock that is a little ahead of ours does not keep its customers waiting.
      effectiveAt: earlier(this.#needs.clock.now(), start),
      expiresAt: rolloverCap(rollover) === null ? null : end,
      cause: { kind: causeKind, id: causeId },
      description: "The plan's credits for a month.",
    });
    return grantId;
  }

  async #rollOver(
    tx: Transaction,
    { rollover }: Terms,
    { accountId, causeKind }: PlanCreditSchedule,
    previous: PlanCreditSchedule,
    { start, end, causeId }: Month,
  ): Promise<string | null> {
    const cap = rolloverCap(rollover);
    const grants = [previous.grantId, previous.rolledGrantId].filter((id) => id !== null);
    if (cap === null || cap === 0n || grants.length === 0) return null;
    const left = await this.#needs.ledgerSweep.leftOver(tx, accountId, grants, start);
    const amountMicro = smaller(left, cap);
    if (amountMicro === 0n) return null;
    const { grantId } = await this.#needs.ledger.rollOverCredits(tx, {
      accountId,
      source: 'PLAN',
      amountMicro,
      effectiveAt: earlier(this.#needs.clock.now(), start),
      expiresAt: end,
      cause: { kind: 'rollover', id: `${causeKind}/${causeId}` },
      description: 'What was left of the month before.',
    });
    return grantId;
  }
}

/** Math.min is for numbers. */
function smaller(a: bigint, b: bigint): bigint {
  if (a < b) return a;
  return b;
}
