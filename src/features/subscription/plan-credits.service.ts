import type { Clock } from '../../platform/clock.ts';
import type { Database } from '../../platform/database/database.ts';
import type { Transaction } from '../../platform/database/transaction.ts';
import type { Account, AccountCreated } from '../account/account.model.ts';
import type { AccountService } from '../account/account.service.ts';
import type { Catalogue } from '../catalog/catalog.model.ts';
import type { CatalogService } from '../catalog/catalog.service.ts';
import type { LedgerService } from '../ledger/ledger.service.ts';
import type { LedgerSweepService } from '../ledger/ledger-sweep.service.ts';
import type { MonthGranter } from './month-granter.service.ts';
import type { PlanCreditScheduleStore } from './plan-credit-schedule.store.ts';
import {
  endlessMonths,
  type MonthSeries,
  monthAt,
  monthStart,
  monthsWithin,
  oneMonth,
} from './plan-months.engine.ts';
import type {
  PlanCreditSchedule,
  PlanSubscription,
  SubscriptionChanged,
} from './subscription.model.ts';
import { currentTrial } from './subscription.policy.ts';

interface PlanCreditsNeeds {
  readonly database: Database;
  readonly clock: Clock;
  readonly catalogue: Catalogue;
  readonly accounts: AccountService;
  readonly catalog: CatalogService;
  readonly ledger: LedgerService;
  readonly ledgerSweep: LedgerSweepService;
  readonly schedules: PlanCreditScheduleStore;
  readonly months: MonthGranter;
}

const BATCH = 100;

/**
 * The credits that come with a plan's months: which months there are, and when the next one is due. The default plan gives
 * them at the account's own months, a trial at its months, and a paid period at its months, also under a yearly price.
 */
export class PlanCreditsService {
  readonly #needs: PlanCreditsNeeds;

  constructor(needs: PlanCreditsNeeds) {
    this.#needs = needs;
  }

  /** The first month of a new account, on the catalogue's default plan. */
  async grantFirstMonth(tx: Transaction, { account }: AccountCreated): Promise<void> {
    await this.#begin(tx, account, ofAccount(account), null);
  }

  /**
   * A subscription's state became known: a trial's months begin, which no invoice pays for; those of a subscription that has
   * ended stop, and where the catalogue's mode is FREE the account's own go on.
   */
  async followSubscription(tx: Transaction, { subscription }: SubscriptionChanged): Promise<void> {
    const trial = currentTrial(subscription);
    if (trial !== null) {
      const account = await this.#needs.accounts.lock(tx, subscription.accountId);
      const series = monthsWithin(trial.start, trial.end, account.timeZone);
      await this.#beginPaid(tx, account, ofSubscription(subscription, series));
    }
    if (subscription.status === 'CANCELED') await this.#end(tx, subscription);
  }

  /** The months of a period that an invoice paid for, as they were sold: the first one now, once per invoice. */
  async grantPaidMonth(
    tx: Transaction,
    subscription: PlanSubscription,
    invoiceId: string,
    period: { readonly start: Date; readonly end: Date },
  ): Promise<void> {
    const account = await this.#needs.accounts.lock(tx, subscription.accountId);
    const series = periodMonths(subscription, period, account.timeZone);
    await this.#beginPaid(tx, account, ofInvoice(subscription, invoiceId, series));
  }

  /**
   * The months of a period whose first one was granted already, by `causeId`: a change to another interval began it. The
   * account's row is locked.
   */
  async continueAfterChange(
    tx: Transaction,
    account: Account,
    subscription: PlanSubscription,
    period: { readonly start: Date; readonly end: Date },
    causeId: string,
  ): Promise<void> {
    const series = periodMonths(subscription, period, account.timeZone);
    const begun = { ...ofSubscription(subscription, series), causeId, nextMonth: 1 };
    await this.#needs.schedules.save(tx, withDue(begun, account.timeZone));
  }

  /** Grants every month that has begun by now. */
  async sweep(): Promise<void> {
    for (let granted = BATCH; granted > 0; ) {
      granted = await this.#needs.database.transaction((tx) => this.#sweepSome(tx));
    }
  }

  nextDueAt(after: Date): Promise<Date | null> {
    return this.#needs.schedules.nextDueAt(after);
  }

  /** What is left of the free plan's months, or of another subscription's trial, ends when a subscription's begin. */
  async #beginPaid(tx: Transaction, account: Account, begun: PlanCreditSchedule): Promise<void> {
    const known = await this.#needs.schedules.of(tx, account.id);
    const isSame = known?.subscriptionId === begun.subscriptionId;
    if (isSame && known !== null && isBegun(known, begun)) return;
    if (isSame && known !== null && known.anchorAt > begun.anchorAt) {
      await this.#needs.months.grant(tx, account, begun, null);
      return;
    }
    if (!isSame && known !== null && known.causeKind !== 'invoice') {
      await this.#endGrants(tx, account, known.causeKind, 'A paid plan took over.');
    }
    const wasMonthly = known?.months === 1;
    const isOtherInterval =
      isSame && known?.causeKind === 'invoice' && wasMonthly !== (begun.months === 1);
    if (isOtherInterval) await this.#endGrants(tx, account, 'invoice', 'The interval changed.');
    await this.#begin(tx, account, begun, isOtherInterval ? null : known);
  }

  async #endGrants(
    tx: Transaction,
    { id }: Account,
    causeKind: PlanCreditSchedule['causeKind'],
    why: string,
  ): Promise<void> {
    await this.#needs.ledger.endGrants(tx, id, causeKind, why);
    await this.#needs.ledger.endGrants(tx, id, 'rollover', why);
  }

  /** Grants the first month of a series and says when the next one is due; a series that runs already may have got longer. */
  async #begin(
    tx: Transaction,
    account: Account,
    begun: PlanCreditSchedule,
    previous: PlanCreditSchedule | null,
  ): Promise<void> {
    if (previous?.causeKind === begun.causeKind && previous.causeId === begun.causeId) {
      const { months, endsAt } = begun;
      const longer = { ...previous, months, endsAt };
      await this.#needs.schedules.save(tx, withDue(longer, account.timeZone));
      return;
    }
    const granted = await this.#needs.months.grant(tx, account, begun, previous);
    await this.#needs.schedules.save(tx, withDue(granted, account.timeZone));
  }

  async #end(tx: Transaction, { id, accountId }: PlanSubscription): Promise<void> {
    const account = await this.#needs.accounts.lock(tx, accountId);
    const known = await this.#needs.schedules.of(tx, accountId);
    if (known?.subscriptionId !== id) return;
    if (this.#needs.catalogue.lifecycle.mode === 'TRIAL') {
      await this.#needs.schedules.save(tx, { ...known, dueAt: null });
      return;
    }
    const own = ofAccount(account);
    const nextMonth = monthAt(own, this.#needs.clock.now(), account.timeZone);
    await this.#begin(tx, account, { ...own, nextMonth }, known);
  }

  async #sweepSome(tx: Transaction): Promise<number> {
    const { accounts, schedules, ledgerSweep, clock } = this.#needs;
    const now = clock.now();
    const accountIds = await schedules.lockDue(tx, now, BATCH);
    await ledgerSweep.lockBalances(tx, accountIds);
    const owners = new Map(
      (await accounts.lockedAccounts(tx, accountIds)).map((account) => [account.id, account]),
    );
    for (const schedule of await schedules.ofMany(tx, accountIds)) {
      const account = owners.get(schedule.accountId);
      if (account !== undefined) await this.#catchUp(tx, account, schedule, now);
    }
    return accountIds.length;
  }

  /** Another process may have granted it between our look and our lock: then it is not due any more. */
  async #catchUp(
    tx: Transaction,
    account: Account,
    due: PlanCreditSchedule,
    now: Date,
  ): Promise<void> {
    let schedule = due;
    while (schedule.dueAt !== null && schedule.dueAt <= now) {
      if (account.status === 'DELETED' && account.statusSince <= schedule.dueAt) {
        schedule = { ...schedule, dueAt: null };
        break;
      }
      const granted = await this.#needs.months.grant(tx, account, schedule, schedule);
      schedule = withDue(granted, account.timeZone);
    }
    if (schedule !== due) await this.#needs.schedules.save(tx, schedule);
  }
}

/** A period that something else has begun already: a change of plan, or another payment for it. */
function isBegun(known: PlanCreditSchedule, next: PlanCreditSchedule): boolean {
  return known.causeId !== next.causeId && known.anchorAt.getTime() === next.anchorAt.getTime();
}

function periodMonths(
  { interval }: PlanSubscription,
  { start, end }: { readonly start: Date; readonly end: Date },
  timeZone: string,
): MonthSeries {
  return interval === 'MONTH' ? oneMonth(start, end) : monthsWithin(start, end, timeZone);
}

function withDue(schedule: PlanCreditSchedule, timeZone: string): PlanCreditSchedule {
  return { ...schedule, dueAt: monthStart(schedule, schedule.nextMonth, timeZone) };
}

function ofAccount({ id, createdAt }: Account): PlanCreditSchedule {
  const series = endlessMonths(createdAt);
  return begun({ accountId: id, causeKind: 'account', causeId: id, subscriptionId: null }, series);
}

function ofSubscription(
  { id, accountId }: PlanSubscription,
  series: MonthSeries,
): PlanCreditSchedule {
  const cause = { causeKind: 'subscription', causeId: id } as const;
  return begun({ accountId, ...cause, subscriptionId: id }, series);
}

function ofInvoice(
  { id, accountId }: PlanSubscription,
  invoiceId: string,
  series: MonthSeries,
): PlanCreditSchedule {
  const cause = { causeKind: 'invoice', causeId: invoiceId } as const;
  return begun({ accountId, ...cause, subscriptionId: id }, series);
}

function begun(
  whose: Pick<PlanCreditSchedule, 'accountId' | 'causeKind' | 'causeId' | 'subscriptionId'>,
  series: MonthSeries,
): PlanCreditSchedule {
  return {
    ...whose,
    ...series,
    nextMonth: 0,
    dueAt: series.anchorAt,
    grantId: null,
    rolledGrantId: null,
  };
}
