// `npm run bench:usage`: how fast usage is counted over HTTP and GraphQL, beside one prepared statement per event, and
// how much of the bare statement's pace the batch mutation keeps.
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Client } from 'pg';
import { median } from './support/measurement.ts';
import { machine, table } from './support/report-text.ts';
import { writeSection } from './support/results-file.ts';
import { peer, startServerProcess, stopChild, tollgateWith } from './support/server-process.ts';
import { ACCOUNTS, type Stage, setStage } from './support/stage.ts';
import type { UsageMeasurement, UsageOrder } from './support/usage-load.ts';
import { FAR_LIMIT } from './support/usage-operation.ts';

const REPETITIONS = 5;
const single = { callers: 64, events: 1, warmUpMs: 200, durationMs: 1_200 };
const batch = { callers: 8, events: 500, accounts: ACCOUNTS, warmUpMs: 200, durationMs: 1_200 };

interface Contestant {
  readonly title: string;
  readonly databaseUrl: string;
  readonly target: UsageOrder['target'];
  stop(): Promise<void>;
}

interface Lap {
  readonly what: string;
  readonly contestant: Contestant;
  readonly order: UsageOrder;
  readonly found: UsageMeasurement[];
}

const stage = await setStage();
try {
  await race(stage);
} finally {
  await stage.close();
}

async function race(on: Stage): Promise<void> {
  const { tollgate, statement, bare } = await startContestants(on);
  const all = [tollgate, statement, bare];
  const generator = fork(new URL('./support/usage-load.ts', import.meta.url));
  const lap = (what: string, contestant: Contestant, load: Omit<UsageOrder, 'target'>): Lap => ({
    what,
    contestant,
    order: { ...load, target: contestant.target },
    found: [],
  });
  const many = [tollgate, statement].map((one) =>
    lap('10,000 accounts', one, { ...single, accounts: ACCOUNTS }),
  );
  const hot = [tollgate, statement].map((one) =>
    lap('one hot account', one, { ...single, accounts: 1 }),
  );
  const batches = [tollgate, bare].map((one) => lap('batches of 500', one, batch));
  const laps = [...many, ...hot, ...batches];
  try {
    await run(laps, generator);
    for (const contestant of all) await checkBooks(contestant, laps);
    await report(on, { many, hot, batches });
  } finally {
    await stopChild(generator);
    for (const contestant of all) await contestant.stop();
  }
}

async function startContestants(on: Stage) {
  const catalogue = join(on.folder, 'catalogue.json');
  await writeFile(catalogue, await farAwayLimits());
  const [first, second, third] = await Promise.all(
    ['usage_tollgate', 'usage_statement', 'usage_bare'].map((name) => prepare(on, name)),
  );
  const urls = [first ?? '', second ?? '', third ?? ''] as const;
  const settings = { CATALOGUE: catalogue };
  const ours = await startServerProcess(tollgateWith(settings), urls[0], on);
  const theirs = await startServerProcess(peer('usage-statement-peer'), urls[1], on);
  return {
    tollgate: {
      title: 'Tollgate',
      databaseUrl: urls[0],
      target: { port: ours.port },
      stop: ours.stop,
    },
    statement: {
      title: 'Apollo + prepared statement',
      databaseUrl: urls[1],
      target: { port: theirs.port },
      stop: theirs.stop,
    },
    bare: {
      title: 'the coalesced statement from Node',
      databaseUrl: urls[2],
      target: { databaseUrl: urls[2] },
      stop: async () => undefined,
    },
  };
}

/** The project's own catalogue, with a hard limit that nobody reaches. */
async function farAwayLimits(): Promise<string> {
  const text = await readFile(new URL('../config.json', import.meta.url), 'utf8');
  const catalogue = JSON.parse(text) as { plans: { limits: Record<string, object> }[] };
  for (const plan of catalogue.plans)
    plan.limits.apiCalls = { limit: FAR_LIMIT, enforcement: 'hard' };
  return JSON.stringify(catalogue);
}

async function prepare(on: Stage, name: string): Promise<string> {
  const url = await on.createDatabase(name);
  const client = new Client({ connectionString: url });
  await client.connect();
  await client.query(`insert into usage_anchor (account_id, starts_at, anchor_at, time_zone)
    select id, created_at, created_at, time_zone from account on conflict do nothing`);
  // A past, so that nobody plans for empty tables.
  await client.query(`
    insert into usage_counter select id, 'apiCalls', date '2025-11-01', date '2025-12-01', 20, 'FINITE', 100, 'HARD' from account;
    insert into usage_event select id, 'past-' || n, 'apiCalls', 1, null, date '2025-11-01', date '2025-11-02', date '2025-11-02'
      from account, generate_series(1, 20) as n;
    insert into usage_daily select id, 'apiCalls', date '2025-11-02', 20 from account;
    analyze usage_counter, usage_event, usage_daily, usage_anchor`);
  await client.query(await readFile(new URL('./peers/peer-usage.sql', import.meta.url), 'utf8'));
  await client.end();
  return url;
}

/** Repetition by repetition, everyone's turn in each; the first one only warms up. */
async function run(laps: readonly Lap[], generator: ReturnType<typeof fork>): Promise<void> {
  for (let repetition = 0; repetition <= REPETITIONS; repetition += 1) {
    const order = repetition % 2 === 0 ? laps : laps.toReversed();
    for (const lap of order) {
      const answer = once(generator, 'message');
      generator.send(lap.order);
      const [measured] = (await answer) as [UsageMeasurement | { error: string }];
      if ('error' in measured) throw new Error(measured.error);
      lap.found.push(measured);
      const pace = measured.perSecond.toFixed(0).padStart(8);
      process.stderr.write(`  ${lap.what.padEnd(18)}${lap.contestant.title.padEnd(36)}${pace}/s\n`);
    }
  }
}

/** Every event that was answered as counted is in the counters, in the days, and there once. */
async function checkBooks(contestant: Contestant, laps: readonly Lap[]): Promise<void> {
  const client = new Client({ connectionString: contestant.databaseUrl });
  await client.connect();
  const { rows } = await client.query<{ used: string; days: string; events: string }>(`select
    (select sum(used) from usage_counter where period_start >= date '2026-01-01') as used,
    (select sum(count) from usage_daily where local_date >= date '2026-01-01') as days,
    (select count(*) from usage_event where local_date >= date '2026-01-01') as events`);
  await client.end();
  const counted = laps
    .filter((lap) => lap.contestant === contestant)
    .reduce((sum, lap) => sum + lap.found.reduce((all, { counted: n }) => all + n, 0), 0);
  for (const [what, found] of Object.entries(rows[0] ?? {})) {
    if (Number(found ?? 0) !== counted)
      throw new Error(`${contestant.title} counted ${counted}, but its ${what} say ${found}`);
  }
}

async function report(
  on: Stage,
  found: Readonly<Record<'many' | 'hot' | 'batches', readonly Lap[]>>,
): Promise<void> {
  const goals = { many: 2, hot: 4, batches: 0.6 };
  const rows = (['many', 'hot', 'batches'] as const).map((name) => {
    const [ours = 0, theirs = 1] = found[name].map((lap) => pace(lap));
    const ratio = ours / theirs;
    const verdict = ratio >= goals[name] ? 'met' : 'not met';
    const [what = '', against = ''] = [found[name][0]?.what, found[name][1]?.contestant.title];
    const goal = `at least ${goals[name]}x`;
    return [what, shown(ours), against, shown(theirs), `${ratio.toFixed(2)}x`, goal, verdict];
  });
  const text = [
    table(['events counted', 'Tollgate', 'beside', '', 'ratio', 'goal', ''], rows),
    '',
    `${machine()}, Node ${process.versions.node}, PostgreSQL ${on.postgresVersion} with fsync on; ` +
      `${single.callers} connections for single events, ${batch.callers} for batches; load generator, server and database share the machine. ` +
      `Medians of ${REPETITIONS} interleaved repetitions. Counters, days and events were compared with the answers afterwards, and agree.`,
    '',
  ].join('\n');
  process.stdout.write(`\n${text}`);
  await writeSection('usage', text);
}

function pace({ found }: Lap): number {
  return median(found.slice(1).map(({ perSecond }) => perSecond));
}

function shown(perSecond: number): string {
  return `${Math.round(perSecond).toLocaleString('en')}/s`;
}
