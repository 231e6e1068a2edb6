import type { PushLatencies } from './push-between.ts';
import { goalRow, machine, table } from './report-text.ts';

/** Spends a second, on ten thousand accounts and on one. */
export interface Speeds {
  readonly many: number;
  readonly hot: number;
}

interface ProcessesRun {
  /** Of one, two and four processes. */
  readonly speeds: readonly Speeds[];
  readonly pushes: { readonly byPostgres: PushLatencies; readonly byRedis: PushLatencies | null };
  readonly repetitions: number;
  readonly callers: number;
}

/** The section of RESULTS.md. */
export function processesReport({ speeds, pushes, repetitions, callers }: ProcessesRun): string {
  const [one, two, four] = speeds;
  const { byPostgres, byRedis } = pushes;
  const spends = (
    what: string,
    ours: number | undefined,
    theirs: number | undefined,
    atLeast: number,
  ) =>
    goalRow(what, [ours ?? Number.NaN, theirs ?? Number.NaN], { against: 'one process', atLeast });
  const rows = [
    spends('two, 10,000 accounts, spends', two?.many, one?.many, 0.9),
    spends('four, 10,000 accounts, spends', four?.many, one?.many, 0.8),
    spends('two, one hot account, spends', two?.hot, one?.hot, 0.9),
    spends('four, one hot account, spends', four?.hot, one?.hot, 0.8),
    goalRow('push at another of four, median', [byPostgres.otherP50Ms, byPostgres.sameP50Ms], {
      against: 'at the one that spends',
      atMost: 1.5,
    }),
    ...redisRows(byPostgres, byRedis),
  ];
  return [
    table(['', 'several', 'beside', '', 'ratio', 'goal', ''], rows),
    '',
    `${machine()}, Node ${process.versions.node}; the processes of a group share a database, and ${callers} callers are spread over ` +
      'them; load generator, servers and database share the machine, so that more processes cannot be faster than its cores: what is ' +
      'measured is what sharing costs. Pushes are from asking for a spend to receipt by a subscriber, one spend after the other. ' +
      'Keys that reached all processes at the same time applied once, and the books were audited afterwards and add up. ' +
      `Medians of ${repetitions} interleaved repetitions.`,
    '',
  ].join('\n');
}

function redisRows(byPostgres: PushLatencies, byRedis: PushLatencies | null): string[][] {
  const against = 'by PostgreSQL';
  if (byRedis === null)
    return [['push through Redis', '', against, 'not measured: no redis-server', '', '', '']];
  return [
    goalRow('push through Redis, median', [byRedis.otherP50Ms, byPostgres.otherP50Ms], {
      against,
      atMost: 1.5,
    }),
    goalRow('push through Redis, p99', [byRedis.otherP99Ms, byPostgres.otherP99Ms], {
      against,
      atMost: 1.5,
    }),
  ];
}
