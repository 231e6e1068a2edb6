import type { Database } from '../../platform/database/database.ts';
import type { Statement } from '../../platform/database/statement.ts';
import type { AccountStatus } from '../account/account.model.ts';
import type { MetricTerms } from '../catalog/catalog.model.ts';
import type { UsageCounter, UsageEvent, UsageLimit, UsagePeriod } from './usage.model.ts';

/** An event with everything that was reckoned for it. */
export interface ReckonedEvent extends UsageEvent {
  readonly terms: MetricTerms;
  /** With which standing of the account it was reckoned. */
  readonly standing: string;
  /** The period that it counts in; a LEVEL is always counted in the present one. */
  readonly period: UsagePeriod;
  /** The period is over: the limit that it ended with holds. */
  readonly isPast: boolean;
  /** For a late event of a LEVEL: the period that it belongs to. */
  readonly latePeriod: UsagePeriod | null;
  readonly localDate: string;
  readonly limit: UsageLimit;
}

export type RecordOutcome =
  | { readonly outcome: 'counted' | 'replayed'; readonly counter: UsageCounter }
  /** `counter.used` is what it would have become. */
  | { readonly outcome: 'over_limit'; readonly counter: UsageCounter }
  | { readonly outcome: 'below_zero' | 'too_many'; readonly counter: UsageCounter }
  | { readonly outcome: 'blocked'; readonly status: AccountStatus }
  | { readonly outcome: 'conflict' | 'stale' | 'unknown_account' };

interface RecordRow {
  readonly n: number;
  readonly outcome: RecordOutcome['outcome'];
  readonly status: AccountStatus;
  readonly used: bigint;
  readonly allowance: UsageLimit['allowance'];
  readonly limit_units: bigint | null;
  readonly enforcement: UsageLimit['enforcement'];
  readonly period_end: Date;
}

const RECORD: Statement = { name: 'usage_record', text: 'select * from usage_record($1, $2, $3)' };

/** Where events are counted, by nothing but one SQL function. */
export class UsageStore {
  readonly #database: Database;

  constructor(database: Database) {
    this.#database = database;
  }

  /** Counts events in one statement; answers in their order. No two may carry the same account and key. */
  async record(events: readonly ReckonedEvent[], now: Date): Promise<RecordOutcome[]> {
    const accounts = [...new Set(events.map((event) => event.accountId))];
    const rows = await this.#database.query<RecordRow>(RECORD, [
      now,
      accounts,
      JSON.stringify(events.map(toJson)),
    ]);
    const outcomes: RecordOutcome[] = new Array(events.length);
    for (const row of rows) outcomes[row.n] = toOutcome(row, events[row.n] as ReckonedEvent);
    return outcomes;
  }
}

function toJson(event: ReckonedEvent, n: number) {
  const { period, latePeriod, limit } = event;
  return {
    n,
    account_id: event.accountId,
    key: event.idempotencyKey,
    metric: event.metric,
    quantity: event.quantity.toString(),
    occurred_at: event.occurredAt,
    standing: event.standing,
    period_start: period.start,
    period_end: period.end,
    is_past: event.isPast,
    is_level: event.terms.kind === 'LEVEL',
    local_date: event.localDate,
    allowance: limit.allowance,
    limit_units: limit.units?.toString(),
    enforcement: limit.enforcement,
    is_trial: limit.isTrial,
    level_start: latePeriod?.start,
    level_end: latePeriod?.end,
  };
}

function toOutcome(row: RecordRow, event: ReckonedEvent): RecordOutcome {
  switch (row.outcome) {
    case 'counted':
    case 'replayed':
    case 'over_limit':
    case 'below_zero':
    case 'too_many':
      return { outcome: row.outcome, counter: toCounter(row, event.terms) };
    case 'blocked':
      return { outcome: 'blocked', status: row.status };
    default:
      return { outcome: row.outcome };
  }
}

function toCounter(row: RecordRow, { name, kind }: MetricTerms): UsageCounter {
  const { used, allowance, limit_units: units, enforcement, period_end: periodEnd } = row;
  const resetsAt = kind === 'COUNTER' ? periodEnd : null;
  return { metric: name, kind, used, limit: { allowance, units, enforcement }, resetsAt };
}
