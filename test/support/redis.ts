import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { connect, createServer } from 'node:net';
import { delimiter, join } from 'node:path';

const NAMES = ['redis-server', 'valkey-server'];

/** A Redis that anybody may use: the one that TEST_REDIS_URL names. Only one's own can be broken. */
export const GIVEN_REDIS_URL = process.env.TEST_REDIS_URL || null;
const BINARY = (process.env.PATH ?? '')
  .split(delimiter)
  .flatMap((folder) => NAMES.map((name) => join(folder, name)))
  .find((path) => existsSync(path));

export const CAN_START_REDIS = BINARY !== undefined;
export const NO_REDIS = 'There is no redis-server on the PATH, and TEST_REDIS_URL is not set.';
export const NO_OWN_REDIS = 'There is no redis-server on the PATH that could be killed.';

/** A Redis of one's own that keeps nothing, dies when it is told to, and comes back at the same port. */
export class OwnRedis {
  readonly #port: number;
  readonly #settings: readonly string[];
  #child: ChildProcess | null = null;

  private constructor(port: number, settings: readonly string[]) {
    this.#port = port;
    this.#settings = settings;
  }

  /** Settings as on its command line, such as `--requirepass`. */
  static async start(...settings: string[]): Promise<OwnRedis> {
    const redis = new OwnRedis(await freePort(), settings);
    await redis.restart();
    return redis;
  }

  get url(): string {
    return `redis://127.0.0.1:${this.#port}`;
  }

  async restart(): Promise<void> {
    const port = String(this.#port);
    const place = ['--port', port, '--bind', '127.0.0.1', '--save', '', '--appendonly', 'no'];
    this.#child = spawn(BINARY ?? '', [...place, ...this.#settings], { stdio: 'ignore' });
    while (!(await answers(this.#port)))
      if (this.#child.exitCode !== null) throw new Error('Redis did not start.');
  }

  async kill(): Promise<void> {
    const child = this.#child;
    this.#child = null;
    if (child === null) return;
    const exited = once(child, 'exit');
    child.kill('SIGKILL');
    await exited;
  }

  /** Stops it where it stands, with its connections open, until it is thawed. */
  freeze(): void {
    this.#child?.kill('SIGSTOP');
  }

  thaw(): void {
    this.#child?.kill('SIGCONT');
  }
}

async function answers(port: number): Promise<boolean> {
  const socket = connect(port, '127.0.0.1');
  try {
    await once(socket, 'connect');
    return true;
  } catch {
    return false;
  } finally {
    socket.destroy();
  }
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as { port: number };
  server.close();
  await once(server, 'close');
  return port;
}
