import { type ChildProcess, fork, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { Client } from 'pg';
import type { Measurement, MeasurementOrder } from './measurement.ts';
import type { Stage } from './stage.ts';

export type ContestantName = 'tollgate' | 'mikroOrm' | 'prepared' | 'bareSql';

export interface Contestant {
  readonly name: ContestantName;
  readonly title: string;
  readonly databaseUrl: string;
  readonly target: MeasurementOrder['target'];
  stop(): Promise<void>;
}

const ROOT = new URL('../../', import.meta.url);
const READY_WITHIN_MS = 30_000;
const POLL_MS = 50;
const LAST_WORDS = 4_000;

/** Starts everyone who takes part, each with a database of its own; servers run as processes of their own. */
export async function startContestants(stage: Stage): Promise<Contestant[]> {
  return [
    await startServer(stage, 'tollgate', 'Tollgate', tollgate),
    await startServer(stage, 'mikroOrm', 'Apollo + MikroORM transaction', peer('mikro-orm-peer')),
    await startServer(
      stage,
      'prepared',
      'Apollo + prepared statement',
      peer('prepared-statement-peer'),
    ),
    await startBareSql(stage),
  ];
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

type Launch = (databaseUrl: string, port: number, stage: Stage) => ChildProcess;

async function startServer(
  stage: Stage,
  name: ContestantName,
  title: string,
  launch: Launch,
): Promise<Contestant> {
  const databaseUrl = await stage.createDatabase(`bench_${name.toLowerCase()}`);
  await addPeerFunction(databaseUrl);
  const port = await freePort();
  const child = launch(databaseUrl, port, stage);
  await untilReady(child, port);
  return { name, title, databaseUrl, target: { port }, stop: () => stopChild(child) };
}

const tollgate: Launch = (databaseUrl, port, stage) =>
  spawn(process.execPath, [new URL('dist/main.js', ROOT).pathname], {
    cwd: ROOT,
    stdio: ['ignore', 'pipe', 'pipe'],
    env: {
      DATABASE_URL: databaseUrl,
      PORT: String(port),
      SANDBOX_PORT: '0',
      DATA_DIR: join(stage.folder, 'tollgate'),
      LOG_LEVEL: 'error',
    },
  });

function peer(file: string): Launch {
  const path = new URL(`../peers/${file}.ts`, import.meta.url).pathname;
  return (databaseUrl, port) =>
    spawn(process.execPath, [path, databaseUrl, String(port)], {
      cwd: ROOT,
      stdio: ['ignore', 'pipe', 'pipe'],
      env: {},
    });
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

async function untilReady(child: ChildProcess, port: number): Promise<void> {
  const deadline = performance.now() + READY_WITHIN_MS;
  let said = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream?.on('data', (text) => {
      said = `${said}${text}`.slice(-LAST_WORDS);
    });
  }
  while (performance.now() < deadline && child.exitCode === null) {
    const answer = await fetch(`http://127.0.0.1:${port}/readyz`).catch(() => null);
    if (answer?.ok) return;
    await pause(POLL_MS);
  }
  child.kill('SIGKILL');
  throw new Error(`${child.spawnargs.join(' ')} does not get ready: ${said}`);
}

async function stopChild(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const exited = once(child, 'exit');
  child.kill('SIGTERM');
  await exited;
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as { port: number };
  server.close();
  await once(server, 'close');
  return port;
}
