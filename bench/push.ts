// `npm run bench:push`: ten thousand subscribers of balances, all of one account and each of an account of their own, beside
// graphql-ws as it is published and beside ws without any protocol on top.
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { isDeepStrictEqual } from 'node:util';
import { median } from './support/measurement.ts';
import type { PushFigures, PushOrder, PushTarget } from './support/push-order.ts';
import { type PushRun, pushReport } from './support/push-report.ts';
import { type PushServer, startPushServer } from './support/push-servers.ts';
import { findRedis } from './support/redis-server.ts';
import { writeSection } from './support/results-file.ts';
import { stopChild } from './support/server-process.ts';
import { setStage } from './support/stage.ts';

/** Fewer of them while the program itself is worked on: what they show is not written down. */
const [subscribers = 10_000, repetitions = 5] = process.argv.slice(2).map(Number);
/** How many a turn has; the first turn only warms up. */
const RUNS = { ofOneAccount: 4, ofEveryAccount: 4 };
const ANSWERS = 500;
const PROGRAMS = ['tollgate', 'stock-graphql-ws', 'raw-ws'] as const;

const stage = await setStage();
// Making one takes up to a tenth of a second, for which whoever happens to commit would wait.
await stage.makeLogFiles();
// Each server has its listeners in a process of their own: together they would need more files than one may open.
const audiences = PROGRAMS.map(() => fork(new URL('./support/push-audience.ts', import.meta.url)));
const servers: PushServer[] = [];
try {
  const targets: PushTarget[] = [];
  for (const name of PROGRAMS) {
    const databaseUrl = await stage.createDatabase(`push_${name.replaceAll('-', '_')}`);
    const server = await startPushServer(name, databaseUrl, stage);
    servers.push(server);
    targets.push({ name, port: server.port, databaseUrl });
  }
  const heaps = await openAudiences(targets, 1);
  const oneAccount = await race(targets, RUNS.ofOneAccount);
  await closeAudiences();
  await openAudiences(targets, subscribers);
  const everyAccount = await race(targets, RUNS.ofEveryAccount);
  await closeAudiences();
  const answers = await compareAnswers(targets[0]);
  await report({ subscribers, repetitions, heaps, oneAccount, everyAccount, answers });
} finally {
  for (const server of servers) await server.stop();
  for (const audience of audiences) await stopChild(audience);
  await stage.close();
}

/** Opens everybody's subscribers, over so many accounts; answers what heap one of them needs, in bytes. */
async function openAudiences(
  targets: readonly PushTarget[],
  accounts: number,
): Promise<readonly number[]> {
  const heaps: number[] = [];
  for (const [index, target] of targets.entries()) {
    const before = (await servers[index]?.heap()) ?? 0;
    const openedAt = performance.now();
    await tell(index, { what: 'open', target, sockets: subscribers, accounts });
    const tookMs = performance.now() - openedAt;
    const heap = (((await servers[index]?.heap()) ?? 0) - before) / subscribers;
    heaps.push(heap);
    note(
      target,
      `${subscribers} open after ${Math.round(tookMs)} ms, ${Math.round(heap)} bytes each`,
    );
  }
  return heaps;
}

/** Lets everyone take turns in hearing runs, besides a first time that only warms up; answers the medians. */
async function race(targets: readonly PushTarget[], runs: number): Promise<readonly PushFigures[]> {
  const found = targets.map((): PushFigures[] => []);
  for (let repetition = 0; repetition <= repetitions; repetition += 1) {
    const turns = [...targets.entries()];
    for (const [index, target] of repetition % 2 === 0 ? turns : turns.toReversed()) {
      const figures = await tell(index, { what: 'runs', count: runs });
      const { perSecond, p50Ms, p99Ms } = figures;
      note(
        target,
        `${perSecond.toFixed(0)}/s  p50 ${p50Ms.toFixed(1)} ms  p99 ${p99Ms.toFixed(1)} ms`,
      );
      found[index]?.push(figures);
    }
    compareMessages(found.map((all) => all[repetition]?.samples));
  }
  return found.map((all) => medians(all.slice(1)));
}

/** Fails unless all servers have told the same, of each account and run that was kept. */
function compareMessages([ours = {}, ...others]: readonly PushFigures['samples'][]): void {
  const payloadOf = (message = '{}'): unknown => JSON.parse(message).payload;
  for (const [which, message] of Object.entries(ours)) {
    for (const theirs of others)
      if (!isDeepStrictEqual(payloadOf(theirs?.[which]), payloadOf(message)))
        throw new Error(`Of account ${which}: ${theirs?.[which]}, not ${message}`);
  }
}

/** How long after the answer one subscriber is told, and how long Redis takes; null without a Redis. */
async function compareAnswers(target: PushTarget | undefined): Promise<PushRun['answers']> {
  const redis = await findRedis();
  if (redis === null || target === undefined) return null;
  try {
    const ours: PushFigures[] = [];
    const theirs: PushFigures[] = [];
    for (let repetition = 0; repetition <= repetitions; repetition += 1) {
      const turn = [
        await tell(0, { what: 'answers', target, changes: ANSWERS }),
        await tell(0, { what: 'redis', url: redis.url, changes: ANSWERS }),
      ] as const;
      if (repetition > 0) ours.push(turn[0]);
      if (repetition > 0) theirs.push(turn[1]);
    }
    return { ours: medians(ours), redis: medians(theirs) };
  } finally {
    await redis.stop();
  }
}

async function closeAudiences(): Promise<void> {
  for (const index of audiences.keys()) await tell(index, { what: 'close' });
}

/** Gives the listeners of one server an order. */
async function tell(index: number, order: PushOrder): Promise<PushFigures> {
  const audience = audiences[index];
  if (audience === undefined) throw new Error(`There is no server ${index}.`);
  const answered = once(audience, 'message');
  audience.send(order);
  const [figures] = (await answered) as [PushFigures | { error: string }];
  if ('error' in figures) throw new Error(figures.error);
  return figures;
}

function medians(all: readonly PushFigures[]): PushFigures {
  const of = (pick: (figures: PushFigures) => number) => median(all.map(pick));
  return {
    receipts: of(({ receipts }) => receipts),
    perSecond: of(({ perSecond }) => perSecond),
    p50Ms: of(({ p50Ms }) => p50Ms),
    p99Ms: of(({ p99Ms }) => p99Ms),
    afterAnswerP50Ms: of(({ afterAnswerP50Ms }) => afterAnswerP50Ms),
    afterAnswerP99Ms: of(({ afterAnswerP99Ms }) => afterAnswerP99Ms),
  };
}

function note({ name }: PushTarget, text: string): void {
  process.stderr.write(`  ${name.padEnd(20)}${text}\n`);
}

async function report(run: PushRun): Promise<void> {
  const text = pushReport(run);
  process.stdout.write(`\n${text}`);
  if (process.argv.length === 2) await writeSection('push', text);
}
