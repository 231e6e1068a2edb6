import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import nodeFlags from '../../scripts/lib/node-flags.json' with { type: 'json' };
import type { Stage } from './stage.ts';

/** What every server's Node is told: what `npm start` tells Tollgate's. */
export const NODE_FLAGS: readonly string[] = nodeFlags;

export type Launch = (databaseUrl: string, port: number, stage: Stage) => ChildProcess;

const ROOT = new URL('../../', import.meta.url);
const READY_WITHIN_MS = 30_000;
const POLL_MS = 50;
const LAST_WORDS = 4_000;

/** Starts a server on a free port and resolves when it is ready. */
export async function startServerProcess(
  launch: Launch,
  databaseUrl: string,
  stage: Stage,
): Promise<{ readonly port: number; stop(): Promise<void> }> {
  const port = await freePort();
  const child = launch(databaseUrl, port, stage);
  await untilReady(child, port);
  return { port, stop: () => stopChild(child) };
}

/** Tollgate itself, as it is compiled. */
export const tollgate = tollgateWith({});

/** Tollgate with more settings than a race needs by itself. */
export function tollgateWith(settings: Readonly<Record<string, string>>): Launch {
  return (databaseUrl, port, stage) =>
    spawn(process.execPath, [...NODE_FLAGS, new URL('dist/main.js', ROOT).pathname], {
      cwd: ROOT,
      stdio: ['ignore', 'pipe', 'pipe'],
      env: {
        DATABASE_URL: databaseUrl,
        PORT: String(port),
        SANDBOX_PORT: '0',
        DATA_DIR: join(stage.folder, 'tollgate'),
        LOG_LEVEL: 'error',
        ...settings,
      },
    });
}

/** A peer, by the name of its file. */
export function peer(file: string): Launch {
  const path = new URL(`../peers/${file}.ts`, import.meta.url).pathname;
  return (databaseUrl, port) =>
    spawn(process.execPath, [...NODE_FLAGS, path, databaseUrl, String(port)], {
      cwd: ROOT,
      stdio: ['ignore', 'pipe', 'pipe'],
      env: {},
    });
}

/** Somebody else's server, by the name of its file; what it needs is installed in its own folder. */
export function rival(file: string, ...more: readonly string[]): Launch {
  const path = new URL(`../rivals/${file}.mjs`, import.meta.url).pathname;
  return (databaseUrl, port) =>
    spawn(process.execPath, [...NODE_FLAGS, path, databaseUrl, String(port), ...more], {
      cwd: ROOT,
      stdio: ['ignore', 'pipe', 'pipe'],
      env: { NODE_ENV: 'production', GRAPHILE_ENV: 'production' },
    });
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
    // A rival may know no such door: that it answers is enough.
    if (answer !== null && answer.status < 500) return;
    await pause(POLL_MS);
  }
  child.kill('SIGKILL');
  throw new Error(`${child.spawnargs.join(' ')} does not get ready: ${said}`);
}

/** Asks a process to end, and waits until it has. */
export async function stopChild(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const exited = once(child, 'exit');
  child.kill('SIGTERM');
  await exited;
}

/** A port of the loopback that nobody listens to. */
export async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as { port: number };
  server.close();
  await once(server, 'close');
  return port;
}
