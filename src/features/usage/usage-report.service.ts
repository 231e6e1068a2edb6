import { GatheredReads } from '../../live/gathered-reads.ts';
import type { LiveHub } from '../../live/hub.ts';
import { LiveStream } from '../../live/live-stream.ts';
import { invariant } from '../../platform/assert.ts';
import { type Clock, reckoned } from '../../platform/clock.ts';
import { InvalidInput, NotFound } from '../../platform/errors.ts';
import { isId } from '../../platform/ids.ts';
import {
  NUMBER_POSITION,
  type Page,
  type PageRequest,
  pageOf,
  pageSize,
  readCursor,
} from '../../platform/paging.ts';
import { datesBack, daysUntil, localDay } from '../../platform/time.ts';
import type { AccountParts } from '../account/account-parts.model.ts';
import { readAlong } from '../account/account-parts.policy.ts';
import type { Catalogue, MetricTerms, Plan } from '../catalog/catalog.model.ts';
import type { CatalogService } from '../catalog/catalog.service.ts';
import type {
  DailyUsage,
  UsageCheck,
  UsageCounter,
  UsagePeriod,
  UsageReport,
  UsageTerms,
} from './usage.model.ts';
import { checkQuantity, limitUnder, metricNamed, obstacleTo, planUnder } from './usage.policy.ts';
import type { UsageAnchorService } from './usage-anchor.service.ts';
import { periodAt, periodsUntil } from './usage-period.engine.ts';
import { presentUsagePart, type UsageReportStore } from './usage-report.store.ts';

interface UsageReportServiceNeeds {
  readonly clock: Clock;
  readonly hub: LiveHub;
  readonly catalog: CatalogService;
  readonly catalogue: Pick<Catalogue, 'metrics' | 'lifecycle'>;
  readonly anchors: UsageAnchorService;
  readonly store: UsageReportStore;
}

type KeptCounter = Awaited<ReturnType<UsageReportStore['counters']>>[number];

const DAYS_BY_DEFAULT = 30;
const MOST_DAYS = 366;
const MOST_AT_ONCE = 1_000;

/** What the cursors of the list of periods begin with. */
export const PERIOD_CURSOR = 'usage-period';

/** Tells what was used, and what still may be. */
export class UsageReportService {
  readonly #needs: UsageReportServiceNeeds;
  readonly #terms: GatheredReads<UsageTerms>;
  /** To be read along with an account. */
  readonly presentPart: ReturnType<typeof presentUsagePart>;

  constructor(needs: UsageReportServiceNeeds) {
    this.#needs = needs;
    this.presentPart = presentUsagePart(needs.catalogue.metrics.map(({ name }) => name));
    this.#terms = new GatheredReads({
      read: (accountIds) => needs.anchors.terms(accountIds),
      maxBatch: MOST_AT_ONCE,
    });
  }

  /**
   * Whether an event of this quantity would be counted now; counts nothing. The trial's and the plan's limits hold as for
   * `recordUsage`. Throws InvalidInput, NotFound.
   */
  async checkUsage(accountId: string, metricName: string, quantity: bigint): Promise<UsageCheck> {
    const metric = metricNamed(this.#needs.catalogue.metrics, metricName);
    checkQuantity(metric, quantity);
    const terms = await this.#termsOf(accountId);
    const now = this.#needs.clock.now();
    const [report] = await this.#reports([{ terms, period: periodAt(terms.anchors, now) }], now);
    const counter = report?.counters.find((known) => known.metric === metric.name);
    invariant(counter !== undefined, `there is a counter of ${metric.name}`);
    const obstacle = obstacleTo(quantity, counter, terms, now);
    return { quantity, counter, status: terms.status, obstacle };
  }

  /** The present periods of these accounts, in no order; accounts that do not exist are left out. */
  async presentPeriods(accountIds: readonly string[]): Promise<UsageReport[]> {
    const terms = await this.#needs.anchors.terms(accountIds);
    const now = this.#needs.clock.now();
    const wanted = [...terms.values()].map((own) => ({
      terms: own,
      period: periodAt(own.anchors, now),
    }));
    return this.#reports(wanted, now);
  }

  /**
   * The present period of an account with which `presentPart` was read along; null: it has to be read by itself, since its
   * periods have changed meanwhile.
   */
  async presentPeriod(read: AccountParts | undefined): Promise<UsageReport | null> {
    const { argumentOf } = this.presentPart;
    const argument = argumentOf?.({ args: {}, asksFor: () => false }) ?? null;
    const along = readAlong(read, this.presentPart, argument);
    if (along === undefined) return null;
    const { terms, counters } = along.value;
    const { now, period } = reckoned(this.#needs.clock, (at) => momentOf(terms, at), isSameMoment);
    const hasMoved = terms.timeZone !== terms.anchors.at(-1)?.timeZone;
    if (hasMoved || counters.some(({ periodStart }) => periodStart > period.start)) return null;
    return this.#report(terms, period, counters, now);
  }

  /** A page of an account's periods since it began, the present one first. Throws InvalidInput, NotFound. */
  async periods(accountId: string, request: PageRequest): Promise<Page<UsageReport>> {
    const size = pageSize(request);
    const before = readCursor(PERIOD_CURSOR, request, NUMBER_POSITION);
    const terms = await this.#termsOf(accountId);
    const now = this.#needs.clock.now();
    const periods = periodsUntil(terms.anchors, now)
      .filter(({ start }) => before === null || start.getTime() < Number(before))
      .slice(0, size + 1);
    const reports = await this.#reports(
      periods.map((period) => ({ terms, period })),
      now,
    );
    return pageOf(reports, size, before === null);
  }

  /** How many periods an account has had; throws NotFound. */
  async periodCount(accountId: string): Promise<bigint> {
    const { anchors } = await this.#termsOf(accountId);
    return BigInt(periodsUntil(anchors, this.#needs.clock.now()).length);
  }

  /**
   * What was counted on each of the last days (30 when not said, at most 366), today first, by the account's calendar; a
   * LEVEL's days tell by how much it moved. Throws InvalidInput, NotFound.
   */
  async dailyUsage(
    accountId: string,
    metricName: string,
    days: number | null,
  ): Promise<DailyUsage[]> {
    const wanted = days ?? DAYS_BY_DEFAULT;
    if (wanted < 1 || wanted > MOST_DAYS)
      throw new InvalidInput('days', `must be from 1 to ${MOST_DAYS}.`);
    const metric = metricNamed(this.#needs.catalogue.metrics, metricName);
    const { timeZone } = await this.#termsOf(accountId);
    const dates = datesBack(localDay(this.#needs.clock.now(), timeZone).date, wanted);
    const [last, first] = [dates[0] as string, dates.at(-1) as string];
    const counted = await this.#needs.store.days(accountId, metric.name, first, last);
    const counts = new Map(counted.map(({ date, count }) => [date, count]));
    return dates.map((date) => ({ date, count: counts.get(date) ?? 0n }));
  }

  /**
   * An account's present period, then again whenever one of these metrics (null: any) or its limit changed. Throws
   * InvalidInput, NotFound.
   */
  async watchUsage(
    accountId: string,
    metrics: readonly string[] | null,
  ): Promise<AsyncIterableIterator<UsageReport>> {
    for (const name of metrics ?? []) metricNamed(this.#needs.catalogue.metrics, name);
    await this.#termsOf(accountId);
    const read = async (after: string | null) => {
      const [report] = await this.presentPeriods([accountId]);
      if (report === undefined) throw new NotFound('Account');
      const { period } = report;
      const counters = report.counters.filter(({ metric }) => metrics?.includes(metric) ?? true);
      const state = JSON.stringify([period, counters], (_, value) =>
        typeof value === 'bigint' ? value.toString() : value,
      );
      if (state === after) return null;
      return { event: { ...report, counters }, place: state };
    };
    return new LiveStream({ hub: this.#needs.hub, topic: 'usage', id: accountId, read });
  }

  async #termsOf(accountId: string): Promise<UsageTerms> {
    const own = isId(accountId) ? await this.#terms.read(accountId) : undefined;
    if (own === undefined) throw new NotFound('Account');
    return own;
  }

  async #reports(
    wanted: readonly { readonly terms: UsageTerms; readonly period: UsagePeriod }[],
    now: Date,
  ): Promise<UsageReport[]> {
    return Promise.all(
      wanted.map(async ({ terms, period }) => {
        const kept = await this.#needs.store.counters(terms.accountId, period.start);
        return this.#report(terms, period, kept, now);
      }),
    );
  }

  async #report(
    terms: UsageTerms,
    period: UsagePeriod,
    kept: readonly KeptCounter[],
    now: Date,
  ): Promise<UsageReport> {
    const plan = await this.#planOf(terms);
    const counters = this.#needs.catalogue.metrics.map((metric) => {
      const found = kept.find((counter) => counter.metric === metric.name);
      return this.#counter(metric, found ?? null, { terms, period, plan, now });
    });
    const daysRemaining = daysUntil(now, period.end, period.timeZone);
    return { accountId: terms.accountId, period, daysRemaining, counters };
  }

  #counter(
    { name, kind }: MetricTerms,
    kept: KeptCounter | null,
    {
      terms,
      period,
      plan,
      now,
    }: { terms: UsageTerms; period: UsagePeriod; plan: Pick<Plan, 'limits'>; now: Date },
  ): UsageCounter {
    const isOwn = kept?.periodStart.getTime() === period.start.getTime();
    const used = kept !== null && (isOwn || kind === 'LEVEL') ? kept.used : 0n;
    const limit =
      kept !== null && isOwn && period.end <= now
        ? { allowance: kept.allowance, units: kept.limitUnits, enforcement: kept.enforcement }
        : limitUnder(name, plan, terms, this.#needs.catalogue.lifecycle, now);
    const resetsAt = kind === 'COUNTER' ? period.end : null;
    return { metric: name, kind, used, limit, resetsAt };
  }

  async #planOf(terms: UsageTerms): Promise<Pick<Plan, 'limits'>> {
    const { catalog } = this.#needs;
    const byDefault = await catalog.defaultPlan();
    const own = terms.planId === null ? null : await catalog.planById(terms.planId);
    return planUnder(terms, { byId: new Map(own === null ? [] : [[own.id, own]]), byDefault });
  }
}

/** What of a report comes from the time at which it is made. */
function momentOf({ anchors, statusEndsAt }: UsageTerms, now: Date) {
  const period = periodAt(anchors, now);
  const daysRemaining = daysUntil(now, period.end, period.timeZone);
  const isStatusOver = statusEndsAt !== null && statusEndsAt <= now;
  return { now, period, daysRemaining, isStatusOver };
}

type Moment = ReturnType<typeof momentOf>;

function isSameMoment(one: Moment, other: Moment): boolean {
  return (
    one.period.start.getTime() === other.period.start.getTime() &&
    one.period.end.getTime() === other.period.end.getTime() &&
    one.daysRemaining === other.daysRemaining &&
    one.isStatusOver === other.isStatusOver
  );
}
