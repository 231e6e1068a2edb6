import type { Database } from '../../platform/database/database.ts';
import type { Statement } from '../../platform/database/statement.ts';
import type { DailyUsage, UsageLimit } from './usage.model.ts';

/** The last counter of a metric that had begun when a period did. */
interface KeptCounter {
  readonly accountId: string;
  /** The period that was asked for. */
  readonly wantedStart: Date;
  readonly metric: string;
  /** The period that the counter is of. */
  readonly periodStart: Date;
  readonly used: bigint;
  readonly allowance: UsageLimit['allowance'];
  readonly limitUnits: bigint | null;
  readonly enforcement: UsageLimit['enforcement'];
}

const COUNTERS: Statement = {
  name: 'usage_counters',
  text: `
    select w.account_id as "accountId", w.start as "wantedStart", m.metric, c.period_start as "periodStart", c.used,
      c.allowance, c.limit_units as "limitUnits", c.enforcement
    from unnest($1::uuid[], $2::timestamptz[]) as w (account_id, start)
    cross join unnest($3::text[]) as m (metric)
    cross join lateral (
      select * from usage_counter k
        where k.account_id = w.account_id and k.metric = m.metric and k.period_start <= w.start
        order by k.period_start desc limit 1
    ) c`,
};

const DAYS: Statement = {
  name: 'usage_daily',
  text: `
    select local_date::text as date, greatest(-9007199254740991, least(9007199254740991, count)) as count from usage_daily
    where account_id = $1 and metric = $2 and local_date between $3::date and $4::date`,
};

/** What was counted: by period, and by day. */
export class UsageReportStore {
  readonly #database: Database;

  constructor(database: Database) {
    this.#database = database;
  }

  /** For each of these periods and metrics the counter of that period, or else the last one before it; in no order. */
  counters(
    periods: readonly { readonly accountId: string; readonly start: Date }[],
    metrics: readonly string[],
  ): Promise<KeptCounter[]> {
    return this.#database.query<KeptCounter>(COUNTERS, [
      periods.map(({ accountId }) => accountId),
      periods.map(({ start }) => start),
      [...metrics],
    ]);
  }

  /** The days on which something was counted, in no order. */
  days(accountId: string, metric: string, first: string, last: string): Promise<DailyUsage[]> {
    return this.#database.query<DailyUsage>(DAYS, [accountId, metric, first, last]);
  }
}
