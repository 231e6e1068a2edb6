import type { PushFigures } from './push-order.ts';
import { goalRow, machine, table } from './report-text.ts';

/** What one run found; lists are in the order Tollgate, graphql-ws, ws. */
export interface PushRun {
  readonly subscribers: number;
  readonly repetitions: number;
  /** Bytes of heap per idle subscriber. */
  readonly heaps: readonly number[];
  readonly oneAccount: readonly PushFigures[];
  readonly everyAccount: readonly PushFigures[];
  readonly answers: { readonly ours: PushFigures; readonly redis: PushFigures } | null;
}

const STOCK = 'graphql-ws as published';
const RAW = 'ws without a protocol';
const HEAP_BYTES = 6_144;

/** The section of RESULTS.md. */
export function pushReport(run: PushRun): string {
  const count = run.subscribers.toLocaleString('en');
  const head = ['', 'Tollgate', 'beside', '', 'ratio', 'goal', ''];
  const rows = [
    ...raceRows(`${count} of one account`, run.oneAccount),
    ...raceRows(`${count} accounts`, run.everyAccount),
    heapRow(run.heaps),
    answerRow(run.answers),
  ];
  return [
    table(head, rows),
    '',
    `${machine()}, Node ${process.versions.node}; ${count} sockets, each with an operation id of its own, the receivers a process ` +
      `beside the server. What is pushed is committed by a program beside the servers, each of which has an equal database, hears ` +
      `the ledger's NOTIFY and reads what is new (graphql-ws through a DataLoader, ws by one statement for all that moved): a spend ` +
      `of the one account, or one transaction that debits every account once. ` +
      `The next one comes when everybody has the one before. Latencies are from asking for the commit to each receipt, and ` +
      `messages a second from there to the last one. Every subscriber got every version once and in order, and what the three ` +
      `servers told was compared. Heap is told for the subscribers of one account. The answer is that of a spend over HTTP, its ` +
      `subscriber is alone, and less than nothing means that the push came first. Medians of ${run.repetitions} interleaved repetitions.`,
    '',
  ].join('\n');
}

function raceRows(what: string, [ours, stock, raw]: readonly PushFigures[]): string[][] {
  const speeds = (theirs: PushFigures | undefined): [number, number] => [
    ours?.perSecond ?? Number.NaN,
    theirs?.perSecond ?? Number.NaN,
  ];
  const waits: [number, number] = [ours?.p99Ms ?? Number.NaN, stock?.p99Ms ?? Number.NaN];
  return [
    goalRow(`${what}, messages`, speeds(stock), { against: STOCK, atLeast: 2.5 }),
    goalRow(`${what}, messages`, speeds(raw), { against: RAW, atLeast: 0.85 }),
    goalRow(`${what}, p99`, waits, { against: STOCK, atMost: 0.4 }),
  ];
}

function heapRow([ours = Number.NaN, stock = Number.NaN]: readonly number[]): string[] {
  const kib = (bytes: number) => `${(bytes / 1_024).toFixed(1)} KiB`;
  const isMet = ours <= HEAP_BYTES;
  const ratio = `${(ours / stock).toFixed(2)}x`;
  const goal = `at most ${HEAP_BYTES / 1_024} KiB`;
  return [
    'heap per idle subscriber',
    kib(ours),
    STOCK,
    kib(stock),
    ratio,
    goal,
    isMet ? 'met' : 'not met',
  ];
}

function answerRow(answers: PushRun['answers']): string[] {
  const what = 'from the answer to the receipt, median';
  const against = 'Redis, publish to receipt';
  if (answers === null) return [what, '', against, 'not measured: no redis-server', '', '', ''];
  const { ours, redis } = answers;
  const isMet = ours.afterAnswerP50Ms <= redis.p50Ms;
  const shown = [`${ours.afterAnswerP50Ms.toFixed(2)} ms`, against, `${redis.p50Ms.toFixed(2)} ms`];
  return [what, ...shown, '', 'at most as long', isMet ? 'met' : 'not met'];
}
