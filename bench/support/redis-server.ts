import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { freePort, stopChild } from './server-process.ts';

const READY = /Ready to accept connections/;

/** A Redis to compare with. */
export interface RedisServer {
  readonly url: string;
  stop(): Promise<void>;
}

/** The Redis that BENCH_REDIS_URL names, else a `redis-server` of this machine, on the loopback; null when there is none. */
export async function findRedis(): Promise<RedisServer | null> {
  // biome-ignore lint/style/noProcessEnv: a program that nobody configures by a file.
  const { BENCH_REDIS_URL } = process.env;
  if (BENCH_REDIS_URL) return { url: BENCH_REDIS_URL, stop: async () => undefined };
  const port = await freePort();
  const args = ['--port', String(port), '--bind', '127.0.0.1', '--save', '', '--appendonly', 'no'];
  const child = spawn('redis-server', args, { stdio: ['ignore', 'pipe', 'ignore'] });
  const missing = once(child, 'error').then(() => true);
  const ready = (async () => {
    for await (const line of createInterface({ input: child.stdout })) {
      if (READY.test(line)) return false;
    }
    return true;
  })();
  if (await Promise.race([missing, ready])) return null;
  child.stdout.resume();
  return { url: `redis://127.0.0.1:${port}`, stop: () => stopChild(child) };
}
