// `npm run bench:floor`: what a request costs that does nothing, beside other GraphQL servers: one field, from memory.
import { goalRow, machine, table } from './support/report-text.ts';
import type { RequestMeasurement } from './support/request-load.ts';
import { REPETITIONS, type Runner, raceRequests } from './support/request-race.ts';
import { writeSection } from './support/results-file.ts';
import { rival, startServerProcess, tollgate } from './support/server-process.ts';
import { type Stage, setStage } from './support/stage.ts';

const LOAD = { callers: 16, accounts: 1, warmUpMs: 300, durationMs: 1_500 };
const REQUEST = {
  body: JSON.stringify({ query: '{ publishableKey }' }),
  expected: '{"data":{"publishableKey":"pk_test_',
};
const RIVALS = [
  ['Apollo Server as published', 'apollo'],
  ['Mercurius with JIT', 'mercurius'],
  ['GraphQL Yoga', 'yoga'],
] as const;

const stage = await setStage();
try {
  await race(stage);
} finally {
  await stage.close();
}

async function race(on: Stage): Promise<void> {
  const url = await on.createDatabase('floor');
  const runners: Runner[] = [
    { title: 'Tollgate', ...REQUEST, ...(await startServerProcess(tollgate, url, on)) },
  ];
  for (const [title, file] of RIVALS)
    runners.push({ title, ...REQUEST, ...(await startServerProcess(rival(file), url, on)) });
  try {
    await report(await raceRequests(runners, LOAD));
  } finally {
    for (const runner of runners) await runner.stop();
  }
}

async function report([ours, ...theirs]: readonly RequestMeasurement[]): Promise<void> {
  const rows = RIVALS.map(([against], index) =>
    goalRow('requests', [ours?.perSecond ?? 0, theirs[index]?.perSecond ?? Number.NaN], {
      against,
      ...(index === 0 ? { atLeast: 1.6 } : {}),
    }),
  );
  const text = [
    table(['a field from memory', 'Tollgate', 'beside', '', 'ratio', 'goal', ''], rows),
    '',
    `${machine()}, Node ${process.versions.node}; ${LOAD.callers} connections. Tollgate checks a key, its limits and rates with ` +
      `every request, the others nothing; all ask with one key, and what is asked in the same moment it executes once. Medians of ${REPETITIONS} interleaved repetitions.`,
    '',
  ].join('\n');
  process.stdout.write(`\n${text}`);
  await writeSection('floor', text);
}
