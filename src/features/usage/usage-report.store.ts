import { columnsOf } from '../../live/gathered-list.ts';
import { GatheredReads } from '../../live/gathered-reads.ts';
import type { Database } from '../../platform/database/database.ts';
import type { Statement } from '../../platform/database/statement.ts';
import { type AccountPart, versionsOf } from '../account/account-parts.model.ts';
import type { MetricTerms } from '../catalog/catalog.model.ts';
import type { DailyUsage, UsageLimit, UsageTerms } from './usage.model.ts';
import { termsAsJson, termsFromJson } from './usage-anchor.store.ts';

/** The last counter of a metric that had begun when a period did. */
interface KeptCounter {
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
    select w.n::int, m.metric, c.period_start as "periodStart", c.used, c.allowance, c.limit_units as "limitUnits",
      c.enforcement
    from unnest($1::uuid[], $2::timestamptz[]) with ordinality as w (account_id, start, n)
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
    select w.n::int, d.local_date::text as date, greatest(-9007199254740991, least(9007199254740991, d.count)) as count
    from unnest($1::uuid[], $2::text[], $3::date[], $4::date[]) with ordinality as w (account_id, metric, first, last, n)
    join usage_daily d on d.account_id = w.account_id and d.metric = w.metric and d.local_date between w.first and w.last`,
};

interface PresentUsage {
  readonly terms: UsageTerms;
  /** Of each metric the last counter that has begun by now. */
  readonly counters: readonly KeptCounter[];
}

type CounterAsJson = readonly [
  string,
  string,
  string,
  KeptCounter['allowance'],
  string | null,
  KeptCounter['enforcement'],
];

/** What the report of the present period is made of, to be read along with the account. */
export function presentUsagePart(metrics: readonly string[]): AccountPart<PresentUsage> {
  const argument = JSON.stringify(metrics);
  return {
    name: 'usage',
    fields: ['usagePeriod'],
    argumentOf: () => argument,
    sql: (given) => `
      select json_build_array((${termsAsJson('w.account')}), (
        select json_agg(json_build_array(c.metric, c.period_start, c.used::text, c.allowance, c.limit_units::text, c.enforcement))
        from json_array_elements_text(${given}::json) as m (metric)
        cross join lateral (
          select * from usage_counter k
            where k.account_id = w.account and k.metric = m.metric and k.period_start <= w.now
            order by k.period_start desc limit 1
        ) c))`,
    // The account's own version is looked at with every part.
    stamp: (given) => `
      select concat_ws(';', (${versionsOf('plan_subscription')}), (${versionsOf('usage_anchor')}), (
        select string_agg((m.metric, c.period_start, c.version)::text, ' ')
        from json_array_elements_text(${given}::json) as m (metric)
        cross join lateral (
          select k.period_start, k.xmin as version from usage_counter k
            where k.account_id = w.account and k.metric = m.metric and k.period_start <= w.now
            order by k.period_start desc limit 1
        ) c))`,
    valueOf: (json) => {
      const [terms, counters] = json as [unknown, CounterAsJson[] | null];
      return { terms: termsFromJson(terms), counters: counters?.map(toCounter) ?? [] };
    },
  };
}

function toCounter([
  metric,
  start,
  used,
  allowance,
  units,
  enforcement,
]: CounterAsJson): KeptCounter {
  const limitUnits = units === null ? null : BigInt(units);
  return {
    metric,
    periodStart: new Date(start),
    used: BigInt(used),
    allowance,
    limitUnits,
    enforcement,
  };
}

const MOST_AT_ONCE = 1_000;

/** What was counted: by period, and by day. Those who ask at the same time share one statement. */
export class UsageReportStore {
  readonly #counters: GatheredReads<readonly KeptCounter[]>;
  readonly #days: GatheredReads<readonly DailyUsage[]>;

  /** `metrics`: those of the catalogue, of which there are counters. */
  constructor(database: Database, metrics: readonly MetricTerms[]) {
    const names = metrics.map(({ name }) => name);
    const read = async <Row>(statement: Statement, keys: readonly string[], more: unknown[]) => {
      const values = [...columnsOf(keys), ...more];
      const rows = await database.query<Row & { n: number }>(statement, values);
      return Map.groupBy(rows, ({ n }) => keys[n - 1] ?? '');
    };
    this.#counters = new GatheredReads<readonly KeptCounter[]>({
      read: (periods) => read<KeptCounter>(COUNTERS, periods, [names]),
      maxBatch: MOST_AT_ONCE,
    });
    this.#days = new GatheredReads<readonly DailyUsage[]>({
      read: (spans) => read<DailyUsage>(DAYS, spans, []),
      maxBatch: MOST_AT_ONCE,
    });
  }

  /** Of each metric the counter of the period that begins then, or else the last one before it; in no order. */
  async counters(accountId: string, start: Date): Promise<readonly KeptCounter[]> {
    return (await this.#counters.read(JSON.stringify([accountId, start]))) ?? [];
  }

  /** The days on which something was counted, in no order. */
  async days(
    accountId: string,
    metric: string,
    first: string,
    last: string,
  ): Promise<readonly DailyUsage[]> {
    return (await this.#days.read(JSON.stringify([accountId, metric, first, last]))) ?? [];
  }
}
