import { LRUCache } from 'lru-cache';
import { assertNever } from '../../platform/assert.ts';
import type { Clock } from '../../platform/clock.ts';
import { Coalescer } from '../../platform/coalescer.ts';
import { isDatabaseAway } from '../../platform/database/database-away.ts';
import { DomainError, InvalidInput, NotFound } from '../../platform/errors.ts';
import { isId } from '../../platform/ids.ts';
import { type LocalDay, localDay } from '../../platform/time.ts';
import { AccountBlocked, IdempotencyConflict } from '../account/account.errors.ts';
import type { Catalogue } from '../catalog/catalog.model.ts';
import type { CatalogService } from '../catalog/catalog.service.ts';
import { UsageLimitExceeded } from './usage.errors.ts';
import type { PlansNow, UsageCounter, UsageEvent, UsagePeriod, UsageTerms } from './usage.model.ts';
import { checkEvent, limitUnder, metricNamed, planUnder } from './usage.policy.ts';
import type { ReckonedEvent, RecordOutcome, UsageStore } from './usage.store.ts';
import type { UsageAnchorService } from './usage-anchor.service.ts';
import { periodAt } from './usage-period.engine.ts';

interface UsageServiceNeeds {
  readonly clock: Clock;
  readonly catalog: CatalogService;
  readonly catalogue: Pick<Catalogue, 'metrics' | 'lifecycle'>;
  readonly anchors: UsageAnchorService;
  readonly store: UsageStore;
}

/** How many events a client may send at once. */
const LARGEST_REPORT = 500;
const LARGEST_STEP = 512;
/** How often an account may change between being read and being counted for, before we give up. */
const ATTEMPTS = 5;

/** Counts what is used. */
export class UsageService {
  readonly #needs: UsageServiceNeeds;
  readonly #events: Coalescer<UsageEvent, RecordOutcome>;
  readonly #periods = new LRUCache<string, { terms: UsageTerms; period: UsagePeriod }>({
    max: 50_000,
  });
  readonly #days = new Map<string, LocalDay>();

  constructor(needs: UsageServiceNeeds) {
    this.#needs = needs;
    this.#events = new Coalescer({
      work: (events) => this.#record(events),
      keyOf: (event) => `${event.accountId} ${event.idempotencyKey}`,
      isOutage: isDatabaseAway,
      maxBatch: LARGEST_STEP,
    });
  }

  /**
   * Counts an event in the period that it belongs to, once per idempotency key: all of it, or nothing where it would pass
   * a HARD limit. Answers with the counter; a key used before with the same input answers with it as it stands now. Throws
   * UsageLimitExceeded, AccountBlocked, IdempotencyConflict, InvalidInput, NotFound.
   */
  async recordUsage(event: UsageEvent): Promise<UsageCounter> {
    const metric = metricNamed(this.#needs.catalogue.metrics, event.metric);
    checkEvent(metric, event, this.#needs.clock.now());
    if (!isId(event.accountId)) throw new NotFound('Account');
    const outcome = await this.#events.submit(event);
    const refused = refusalOf(event, outcome);
    if (refused !== null) throw refused;
    return (outcome as { counter: UsageCounter }).counter;
  }

  /**
   * As `recordUsage` for many events of an account, in their order: each gets its counter or the refusal that was its own,
   * and none spoils another. Throws InvalidInput (no event, or more than 500) and NotFound.
   */
  async recordUsageBatch(
    accountId: string,
    events: readonly Omit<UsageEvent, 'accountId'>[],
  ): Promise<(UsageCounter | DomainError)[]> {
    if (events.length === 0 || events.length > LARGEST_REPORT)
      throw new InvalidInput('events', `must be 1 to ${LARGEST_REPORT}, not ${events.length}.`);
    if (!isId(accountId)) throw new NotFound('Account');
    return Promise.all(
      events.map((event) =>
        this.recordUsage({ ...event, accountId }).catch((error: unknown) => {
          if (error instanceof DomainError && !(error instanceof NotFound)) return error;
          throw error;
        }),
      ),
    );
  }

  async #record(events: readonly UsageEvent[]): Promise<RecordOutcome[]> {
    const { anchors, clock } = this.#needs;
    const outcomes = new Array<RecordOutcome>(events.length);
    let left = events.map((_, index) => index);
    let known = anchors.termsKept(accountsOf(events));
    for (let attempt = 1; left.length > 0 && attempt <= ATTEMPTS; attempt += 1) {
      const terms = await known;
      const plans = await this.#plans();
      const now = clock.now();
      const reckoned = left.flatMap((index) => {
        const event = events[index] as UsageEvent;
        const own = terms.get(event.accountId);
        if (own === undefined) outcomes[index] = { outcome: 'unknown_account' };
        return own === undefined ? [] : [{ index, event: this.#reckon(event, own, plans, now) }];
      });
      const done = await this.#count(
        reckoned.map(({ event }) => event),
        now,
      );
      reckoned.forEach(({ index }, n) => {
        outcomes[index] = done[n] as RecordOutcome;
      });
      left = reckoned.flatMap(({ index }, n) => (done[n]?.outcome === 'stale' ? [index] : []));
      if (left.length > 0)
        known = anchors.terms(accountsOf(left.map((i) => events[i] as UsageEvent)));
    }
    return outcomes;
  }

  async #count(events: readonly ReckonedEvent[], now: Date): Promise<RecordOutcome[]> {
    return events.length === 0 ? [] : this.#needs.store.record(events, now);
  }

  #reckon(event: UsageEvent, terms: UsageTerms, plans: PlansNow, now: Date): ReckonedEvent {
    const { metrics, lifecycle } = this.#needs.catalogue;
    const metric = metricNamed(metrics, event.metric);
    const at = event.occurredAt ?? now;
    const present = this.#presentPeriod(terms, now);
    const own = at >= present.start && at < present.end ? present : periodAt(terms.anchors, at);
    const isLate = own.start < present.start;
    const isLevel = metric.kind === 'LEVEL';
    return {
      ...event,
      terms: metric,
      standing: terms.standing,
      period: isLevel ? present : own,
      isPast: isLate && !isLevel,
      latePeriod: isLate && isLevel ? own : null,
      localDate: this.#dayOf(at, terms.timeZone),
      limit: limitUnder(metric.name, planUnder(terms, plans), terms, lifecycle, now),
    };
  }

  #presentPeriod(terms: UsageTerms, now: Date): UsagePeriod {
    const kept = this.#periods.get(terms.accountId);
    if (kept?.terms === terms && kept.period.start <= now && now < kept.period.end)
      return kept.period;
    const period = periodAt(terms.anchors, now);
    this.#periods.set(terms.accountId, { terms, period });
    return period;
  }

  #dayOf(instant: Date, timeZone: string): string {
    const kept = this.#days.get(timeZone);
    if (kept !== undefined && kept.start <= instant && instant < kept.end) return kept.date;
    const day = localDay(instant, timeZone);
    this.#days.set(timeZone, day);
    return day.date;
  }

  async #plans(): Promise<PlansNow> {
    const { catalog } = this.#needs;
    const [plans, byDefault] = await Promise.all([catalog.plans(true), catalog.defaultPlan()]);
    return { byId: new Map(plans.map((plan) => [plan.id, plan])), byDefault };
  }
}

function accountsOf(events: readonly UsageEvent[]): string[] {
  return [...new Set(events.map(({ accountId }) => accountId))];
}

/** The refusal that an outcome is; null when the event counts. */
function refusalOf(event: UsageEvent, result: RecordOutcome): Error | null {
  switch (result.outcome) {
    case 'counted':
    case 'replayed':
      return null;
    case 'over_limit': {
      const { used, limit } = result.counter;
      return new UsageLimitExceeded(result.counter, used, limit.units ?? 0n);
    }
    case 'below_zero': {
      const problem = `would take ${event.metric} below zero: it stands at ${result.counter.used}.`;
      return new InvalidInput('quantity', problem);
    }
    case 'too_many':
      return new InvalidInput('quantity', `would take ${event.metric} past what can be counted.`);
    case 'blocked':
      return new AccountBlocked(result.status);
    case 'conflict':
      return new IdempotencyConflict(event.idempotencyKey);
    case 'unknown_account':
      return new NotFound('Account');
    case 'stale':
      return new Error(`account ${event.accountId} changes faster than it can be counted for`);
    default:
      return assertNever(result);
  }
}
