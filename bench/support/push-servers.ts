import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { NODE_FLAGS, startServerProcess } from './server-process.ts';
import type { Stage } from './stage.ts';

const ROOT = new URL('../../', import.meta.url);
const TELL_MEMORY = new URL('test/support/tell-memory.ts', ROOT).href;

/** A server that pushes, and tells the heap that it needs. */
export interface PushServer {
  readonly port: number;
  /** The heap after a thorough collection, in bytes. */
  heap(): Promise<number>;
  stop(): Promise<void>;
}

/** Starts Tollgate, or a rival by the name of its file. */
export async function startPushServer(
  program: 'tollgate' | 'stock-graphql-ws' | 'raw-ws',
  databaseUrl: string,
  stage: Stage,
): Promise<PushServer> {
  const file = program === 'tollgate' ? 'dist/main.js' : `bench/rivals/${program}.mjs`;
  const path = new URL(file, ROOT).pathname;
  const children: ChildProcess[] = [];
  const launch = (url: string, port: number) => {
    const args = [...NODE_FLAGS, '--expose-gc', '--import', TELL_MEMORY, path, url, String(port)];
    const child = spawn(process.execPath, args, {
      cwd: ROOT,
      stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
      env: program === 'tollgate' ? settings(url, port, stage) : { NODE_ENV: 'production' },
    });
    children.push(child);
    return child;
  };
  const server = await startServerProcess(launch, databaseUrl, stage);
  const heap = async () => {
    const [child] = children;
    if (child === undefined) throw new Error(`${program} does not run.`);
    const answered = once(child, 'message');
    child.send('memory');
    const [usage] = (await answered) as [NodeJS.MemoryUsage];
    return usage.heapUsed;
  };
  return { ...server, heap };
}

function settings(databaseUrl: string, port: number, stage: Stage): Record<string, string> {
  return {
    DATABASE_URL: databaseUrl,
    PORT: String(port),
    SANDBOX_PORT: '0',
    DATA_DIR: `${stage.folder}/push`,
    LOG_LEVEL: 'error',
  };
}
