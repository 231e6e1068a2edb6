// `npm run bench:read`: how fast the page of an account is read, beside PostGraphile over the same tables and beside an
// Apollo resolver that was written by hand for this page, with one SQL statement.
import { isDeepStrictEqual } from 'node:util';
import { Client } from 'pg';
import { HttpCaller } from './support/http-caller.ts';
import {
  factsOfOurs,
  factsOfTheirs,
  overviewBody,
  postgraphileBody,
} from './support/overview-operation.ts';
import { goalRow, machine, table } from './support/report-text.ts';
import { ACCOUNT_ID, type RequestMeasurement } from './support/request-load.ts';
import { REPETITIONS, type Runner, raceRequests } from './support/request-race.ts';
import { writeSection } from './support/results-file.ts';
import { peer, rival, startServerProcess, tollgate } from './support/server-process.ts';
import { seededAccount } from './support/spend-operation.ts';
import { ACCOUNTS, type Stage, setStage } from './support/stage.ts';

const LOAD = { callers: 16, accounts: ACCOUNTS, warmUpMs: 500, durationMs: 2_000 };
/** Turns of theirs that do not count: a page is much code, which V8 compiles bit by bit as it is used. */
const WARM_UPS = 3;
/** The page of one account, again and again: nothing changes in between. */
const AGAIN = { ...LOAD, accounts: 1, durationMs: 1_500 };
const CHECKED = [0, 7, 4_711, ACCOUNTS - 1];

/** What the stage does not give: a subscription, usage of this month, and a page of entries for every account. */
const SEED = `
  insert into usage_anchor (account_id, starts_at, anchor_at, time_zone)
    select id, created_at, created_at, time_zone from account on conflict do nothing;
  insert into usage_counter
    select id, metric, start, start + interval '1 month', used, 'FINITE', 1000000, 'HARD'
    from (select id, created_at + interval '1 month' * (
        extract(year from age(now(), created_at)) * 12 + extract(month from age(now(), created_at))) as start from account) period,
      (values ('apiCalls', 1200), ('llmTokens', 34000)) as counted (metric, used);
  insert into plan_subscription (id, account_id, plan_id, channel, provider_subscription_id, provider_customer_id,
      provider_price_id, status, interval, monthly_credits, rollover, price_minor, currency, started_at,
      current_period_start, current_period_end, cancel_at_period_end, is_refused, revision, created_at, updated_at)
    select md5('subscription ' || a.id)::uuid, a.id, p.id, 'STRIPE', 'sub_' || a.id, 'cus_' || a.id, 'price_bench', 'ACTIVE',
      'MONTH', p.monthly_credits, p.rollover, 2400, 'USD', a.created_at, now() - interval '1 day', now() + interval '29 days',
      false, false, 1, a.created_at, a.created_at
    from account a join plan p on p.slug = 'pro' where a.external_id like 'bench-%';
  do $$ begin
    for n in 1 .. 24 loop
      perform ledger_debit(timestamptz '2026-02-01 00:00Z' + n * interval '1 hour', array_agg(account_id), json_agg(
        json_build_object('n', row, 'account_id', account_id, 'amount', 250000 * n, 'type', 'SPEND', 'operation',
          'spendCredits', 'key', 'page-' || n, 'hash', sha256('page'), 'usage_type', 'ai_usage', 'description', 'Chat completion')))
      from (select account_id, row_number() over (order by account_id) as row from credit_balance) numbered group by row / 200;
    end loop;
  end $$;
  alter table credit_transaction add foreign key (account_id) references account (id);
  alter table credit_allocation add foreign key (account_id, sequence) references credit_transaction,
    add foreign key (grant_id) references credit_grant (id);
  alter table usage_counter add foreign key (account_id) references account (id)`;

const stage = await setStage();
try {
  await race(stage);
} finally {
  await stage.close();
}

async function race(on: Stage): Promise<void> {
  const readers = await startReaders(on);
  try {
    await compare(readers);
    const pages = await raceRequests(readers, LOAD, WARM_UPS);
    await report(on, pages, await raceRequests(readers.slice(0, 2), AGAIN));
  } finally {
    for (const reader of readers) await reader.stop();
  }
}

/** All read the same database: nobody writes. Tollgate comes first, because the plans are its own. */
async function startReaders(on: Stage): Promise<Runner[]> {
  const url = await on.createDatabase('read');
  const ours = await startServerProcess(tollgate, url, on);
  const client = new Client({ connectionString: url });
  await client.connect();
  await client.query(SEED);
  await client.query('vacuum (analyze)');
  await client.end();
  const theirs = await startServerProcess(rival('postgraphile'), url, on);
  const byHand = await startServerProcess(peer('overview-peer'), url, on);
  const expected = 'Chat completion';
  return [
    { title: 'Tollgate', body: overviewBody, expected, ...ours },
    { title: 'PostGraphile 5', body: postgraphileBody, expected, ...theirs },
    { title: 'Apollo + one statement by hand', body: overviewBody, expected, ...byHand },
  ];
}

/** The answers say the same of the same accounts. */
async function compare([ours, theirs, byHand]: readonly Runner[]): Promise<void> {
  for (const account of CHECKED) {
    const facts = [
      factsOfOurs(await ask(ours as Runner, account)),
      factsOfTheirs(await ask(theirs as Runner, account)),
      factsOfOurs(await ask(byHand as Runner, account)),
    ];
    if (!facts.every((one) => isDeepStrictEqual(one, facts[0])))
      throw new Error(`The answers differ: ${facts.map((one) => JSON.stringify(one)).join('\n')}`);
  }
}

async function ask({ port, body }: Runner, account: number): Promise<string> {
  const caller = await HttpCaller.open(port);
  const answer = await caller.post(account, body.replace(ACCOUNT_ID, seededAccount(account).id));
  caller.close();
  return answer;
}

async function report(
  on: Stage,
  found: readonly RequestMeasurement[],
  again: readonly RequestMeasurement[],
): Promise<void> {
  const [ours, theirs, byHand] = found as [
    RequestMeasurement,
    RequestMeasurement,
    RequestMeasurement,
  ];
  const [oursAgain, theirsAgain] = again as [RequestMeasurement, RequestMeasurement];
  const against = 'PostGraphile 5';
  const rows = [
    goalRow('a second', [ours.perSecond, theirs.perSecond], { against, atLeast: 1.5 }),
    goalRow('p99', [ours.p99Ms, theirs.p99Ms], { against, atMost: 0.5 }),
    goalRow('a second', [ours.perSecond, byHand.perSecond], { against: 'one statement by hand' }),
    goalRow('p99', [ours.p99Ms, byHand.p99Ms], { against: 'one statement by hand', unit: 'ms' }),
    goalRow('the same one again, a second', [oursAgain.perSecond, theirsAgain.perSecond], {
      against,
      atLeast: 10,
    }),
  ];
  const text = [
    table(['pages of accounts read', 'Tollgate', 'beside', '', 'ratio', 'goal', ''], rows),
    '',
    `${machine()}, Node ${process.versions.node}, PostgreSQL ${on.postgresVersion}; ${ACCOUNTS.toLocaleString('en')} accounts, ` +
      `${LOAD.callers} connections, pools of 20; PostGraphile asks for no key, the others check one. Medians of ${REPETITIONS} ` +
      'interleaved repetitions. The answers were compared before.',
    '',
  ].join('\n');
  process.stdout.write(`\n${text}`);
  await writeSection('read', text);
}
