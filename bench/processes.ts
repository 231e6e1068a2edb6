// `npm run bench:processes`: one, two and four processes on one database: how fast they spend together, whether a key that
// reaches several of them applies once, and how long a push takes from one to another, by PostgreSQL and by Redis.
import { setTimeout as pause } from 'node:timers/promises';
import { auditBooks } from './support/books.ts';
import { startLoadGenerator } from './support/contestants.ts';
import { type GatewayGroup, startGroup } from './support/gateway-group.ts';
import { HttpCaller } from './support/http-caller.ts';
import { median } from './support/measurement.ts';
import { processesReport, type Speeds } from './support/processes-report.ts';
import { measurePushes, type PushLatencies } from './support/push-between.ts';
import { findRedis } from './support/redis-server.ts';
import { writeSection } from './support/results-file.ts';
import { ACCOUNTS, setStage } from './support/stage.ts';

/** Fewer while the program itself is worked on. */
const [repetitions = 5, durationMs = 1_000] = process.argv.slice(2).map(Number);
const SCENARIOS = { many: ACCOUNTS, hot: 1 } as const;
const COUNTS = [1, 2, 4] as const;
const CALLERS = 256;
const SHARED_KEYS = 200;
const PUSHES = 200;

const stage = await setStage();
const groups: GatewayGroup[] = [];
try {
  for (const count of COUNTS) groups.push(await startGroup(stage, `processes ${count}`, count));
  const applied = new Map(groups.map((group) => [group, 0]));
  const speeds = await race(applied);
  for (const group of groups) await sendToAll(group, applied);
  for (const group of groups) await checkBooks(group, applied.get(group) ?? 0);
  await Promise.all(groups.slice(0, -1).map((group) => group.stop()));
  const pushes = await racePushes(groups.at(-1) as GatewayGroup);
  const report = processesReport({ speeds, pushes, repetitions, callers: CALLERS });
  process.stdout.write(`\n${report}`);
  await writeSection('processes', report);
} finally {
  for (const group of groups) await group.stop();
  await stage.close();
}

/** Repetition by repetition, every group's turn in each; the first one warms up. Answers medians, group by group. */
async function race(applied: Map<GatewayGroup, number>): Promise<readonly Speeds[]> {
  const generator = startLoadGenerator();
  const found = groups.map(() => ({ many: [] as number[], hot: [] as number[] }));
  try {
    for (let repetition = 0; repetition <= repetitions; repetition += 1) {
      for (const scenario of ['many', 'hot'] as const) {
        for (let turn = 0; turn < groups.length; turn += 1) {
          const index = (turn + repetition) % groups.length;
          const group = groups[index] as GatewayGroup;
          const measurement = await generator.measure({
            target: { ports: group.ports },
            callers: CALLERS,
            accounts: SCENARIOS[scenario],
            seed: repetition,
            warmUpMs: 300,
            durationMs,
          });
          applied.set(group, (applied.get(group) ?? 0) + measurement.applied);
          if (repetition > 0) found[index]?.[scenario].push(measurement.perSecond);
          note(`${group.title}, ${scenario}: ${measurement.perSecond.toFixed(0)}/s`);
        }
      }
    }
  } finally {
    await generator.stop();
  }
  return found.map(({ many, hot }) => ({ many: median(many), hot: median(hot) }));
}

/** The same spends with the same keys at all processes at the same time: all must tell of the same entry. */
async function sendToAll(group: GatewayGroup, applied: Map<GatewayGroup, number>): Promise<void> {
  const callers = await Promise.all(group.ports.map((port) => HttpCaller.open(port)));
  for (let n = 0; n < SHARED_KEYS; n += 1) {
    const answers = await Promise.all(callers.map((caller) => caller.spend(n % 7, `shared-${n}`)));
    const entries = answers.map((body) => /"transaction":\{"id":"[^"]+"/.exec(body)?.[0]);
    if (entries.some((entry) => entry === undefined || entry !== entries[0]))
      throw new Error(`${group.title} do not agree on one entry: ${answers.join('\n')}`);
  }
  for (const caller of callers) caller.close();
  applied.set(group, (applied.get(group) ?? 0) + SHARED_KEYS);
}

/** The ledger must add up and hold what was answered, besides the first spend that every account came with. */
async function checkBooks(group: GatewayGroup, applied: number): Promise<void> {
  const { spends, allocations, keys } = await auditBooks(group.databaseUrl);
  const expected = applied + ACCOUNTS;
  if ([spends, allocations, keys].some((rows) => rows !== expected)) {
    const found = `${spends} entries, ${allocations} allocations and ${keys} keys`;
    throw new Error(`${group.title} should have ${expected} spends and have ${found}`);
  }
}

/** Pushes between the processes of a group, and of an equal one that has a Redis; null without a Redis. */
async function racePushes(
  byPostgres: GatewayGroup,
): Promise<{ readonly byPostgres: PushLatencies; readonly byRedis: PushLatencies | null }> {
  const redis = await findRedis();
  try {
    if (redis !== null) {
      const settings = { REDIS_URL: redis.url };
      groups.push(await startGroup(stage, 'through redis', byPostgres.ports.length, settings));
    }
    const byRedis = redis === null ? null : (groups.at(-1) as GatewayGroup);
    if (byRedis !== null) await untilThroughRedis(byRedis);
    const ours: PushLatencies[] = [];
    const theirs: PushLatencies[] = [];
    for (let repetition = 0; repetition <= repetitions; repetition += 1) {
      const key = `push-${repetition}`;
      const isCounted = repetition > 0;
      const found = await measurePushes(byPostgres, repetition, PUSHES, key);
      if (isCounted) ours.push(found);
      if (byRedis === null) continue;
      const through = await measurePushes(byRedis, repetition, PUSHES, key);
      if (isCounted) theirs.push(through);
      note(`pushes: ${found.otherP50Ms.toFixed(2)} and ${through.otherP50Ms.toFixed(2)} ms`);
    }
    return { byPostgres: medians(ours), byRedis: byRedis === null ? null : medians(theirs) };
  } finally {
    await groups.splice(COUNTS.length)[0]?.stop();
    await redis?.stop();
  }
}

async function untilThroughRedis({ ports }: GatewayGroup): Promise<void> {
  for (const port of ports) {
    const read = async () => (await fetch(`http://127.0.0.1:${port}/metrics`)).text();
    while (!(await read()).includes('\ntollgate_live_through_redis 1\n')) await pause(100);
  }
}

function medians(all: readonly PushLatencies[]): PushLatencies {
  const of = (figure: keyof PushLatencies) => median(all.map((each) => each[figure]));
  return { sameP50Ms: of('sameP50Ms'), otherP50Ms: of('otherP50Ms'), otherP99Ms: of('otherP99Ms') };
}

function note(text: string): void {
  process.stderr.write(`  ${text}\n`);
}
