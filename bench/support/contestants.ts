import { fork } from 'node:child_process';
import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { Client } from 'pg';
import { Company, seedEverything } from './everything-on.ts';
import type { KeyKind, Measurement, MeasurementOrder } from './measurement.ts';
import { type Launch, peer, startServerProcess, stopChild, tollgate } from './server-process.ts';
import type { Stage } from './stage.ts';

export type ContestantName =
  | 'tollgate'
  | 'everything'
  | 'mikroOrm'
  | 'prepared'
  | 'coalescer'
  | 'bareSql';

export interface Contestant {
  readonly name: ContestantName;
  readonly title: string;
  readonly databaseUrl: string;
  readonly target: MeasurementOrder['target'];
  readonly by?: KeyKind;
  /** Those who use the server while it is raced. */
  readonly company?: Company;
  stop(): Promise<void>;
}

/** Starts everyone who takes part, each with a database of its own; servers run as processes of their own. */
export async function startContestants(stage: Stage): Promise<Contestant[]> {
  return [
    await startServer(stage, 'tollgate', 'Tollgate', tollgate),
    await startEverything(stage),
    await startServer(stage, 'mikroOrm', 'Apollo + MikroORM transaction', peer('mikro-orm-peer')),
    await startServer(
      stage,
      'prepared',
      'Apollo + prepared statement',
      peer('prepared-statement-peer'),
    ),
    await startServer(
      stage,
      'coalescer',
      'Apollo + the coalescer alone',
      peer('coalescer-only-peer'),
    ),
    await startBareSql(stage),
  ];
}

/** Tollgate as a product uses it: agents with scopes spend, credits are held, balances are watched, metrics are read. */
async function startEverything(stage: Stage): Promise<Contestant> {
  const title = 'Tollgate, everything on';
  const contestant = await startServer(stage, 'everything', title, tollgate, seedEverything);
  const { port } = contestant.target as { readonly port: number };
  const company = await Company.join(port);
  const stop = async () => {
    await company.leave();
    await contestant.stop();
  };
  return { ...contestant, by: 'agentKey', company, stop };
}

/** The process that asks; it is kept for the whole race, as warm for one contestant as for another. */
export function startLoadGenerator() {
  const child = fork(new URL('load-generator.ts', import.meta.url));
  return {
    async measure(order: MeasurementOrder): Promise<Measurement> {
      const answer = once(child, 'message');
      child.send(order);
      const [measurement] = (await answer) as [Measurement | { error: string }];
      if ('error' in measurement) throw new Error(measurement.error);
      return measurement;
    },
    stop: () => stopChild(child),
  };
}

async function startServer(
  stage: Stage,
  name: ContestantName,
  title: string,
  launch: Launch,
  seed: (databaseUrl: string) => Promise<void> = addPeerFunction,
): Promise<Contestant> {
  const databaseUrl = await stage.createDatabase(`bench_${name.toLowerCase()}`);
  await seed(databaseUrl);
  const { port, stop } = await startServerProcess(launch, databaseUrl, stage);
  return { name, title, databaseUrl, target: { port }, stop };
}

async function startBareSql(stage: Stage): Promise<Contestant> {
  const databaseUrl = await stage.createDatabase('bench_baresql');
  await addPeerFunction(databaseUrl);
  return {
    name: 'bareSql',
    title: 'pg alone, prepared statement',
    databaseUrl,
    target: { databaseUrl },
    stop: async () => undefined,
  };
}

async function addPeerFunction(databaseUrl: string): Promise<void> {
  const client = new Client({ connectionString: databaseUrl });
  await client.connect();
  await client.query(await readFile(new URL('../peers/peer-spend.sql', import.meta.url), 'utf8'));
  await client.end();
}
