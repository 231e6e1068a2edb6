import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { openAccess, urlFor } from '../../src/platform/database/embedded-postgres-access.ts';
import {
  type Cluster,
  prepareCluster,
} from '../../src/platform/database/embedded-postgres-cluster.ts';
import {
  launchPostmaster,
  type Postmaster,
  stopPostmaster,
} from '../../src/platform/database/embedded-postgres-process.ts';

const POLL_MS = 10;
const GONE_WITHIN_MS = 10_000;

/** A durable PostgreSQL that dies when it is told to, and stays dead until it is started again on the same port. */
export class BreakablePostgres {
  readonly #folder: string;
  readonly #cluster: Cluster;
  #postmaster: Postmaster;

  private constructor(folder: string, cluster: Cluster, postmaster: Postmaster) {
    this.#folder = folder;
    this.#cluster = cluster;
    this.#postmaster = postmaster;
  }

  /** Starts a server of one's own with an empty database; close it when done. */
  static async start(): Promise<BreakablePostgres> {
    const folder = await mkdtemp(join(tmpdir(), 'tollgate-breakable-'));
    const cluster = await prepareCluster(folder, true);
    const postmaster = await launch(cluster);
    const access = await openAccess(cluster, postmaster);
    await access?.leave();
    await access?.close();
    return new BreakablePostgres(folder, cluster, postmaster);
  }

  /** The database as its owner, at the port that it always has. */
  get ownerUrl(): string {
    return urlFor(this.#cluster, this.#postmaster.port, 'owner');
  }

  /** Kills every process of the server with SIGKILL, and resolves when they are gone. */
  async kill(): Promise<void> {
    const pids = await this.#halt();
    for (const each of pids) signal(each, 'SIGKILL');
    const deadline = performance.now() + GONE_WITHIN_MS;
    while (await anyRuns(pids)) {
      if (performance.now() > deadline) throw new Error('PostgreSQL survives its own death.');
      await pause(POLL_MS);
    }
  }

  /** Stops every process of the server where it stands, without ending it, until it is thawed. */
  async freeze(): Promise<void> {
    for (const each of await this.#halt()) signal(each, 'SIGSTOP');
  }

  async thaw(): Promise<void> {
    const { pid } = this.#postmaster;
    for (const each of [pid, ...(await childrenOf(pid))]) signal(each, 'SIGCONT');
  }

  /** Starts it again, and resolves when it has recovered and lets connections in. */
  async restart(): Promise<void> {
    this.#postmaster = await launch(this.#cluster, this.#postmaster.port);
  }

  async close(): Promise<void> {
    await this.thaw();
    await stopPostmaster(this.#cluster, this.#postmaster).catch(() => undefined);
    await rm(this.#folder, { recursive: true, force: true });
  }

  /**
   * Stops the postmaster, and answers with it and its children: one that it begot while they were being counted would
   * outlive the others, and wait for ever for a lock that a dead one holds.
   */
  async #halt(): Promise<number[]> {
    const { pid } = this.#postmaster;
    signal(pid, 'SIGSTOP');
    while (!['T', 'Z', undefined].includes((await statOf(pid))?.state)) await pause(POLL_MS);
    return [pid, ...(await childrenOf(pid))];
  }
}

/** Right after a kill the old server's memory may still be held by processes that are just ending. */
async function launch(cluster: Cluster, port?: number): Promise<Postmaster> {
  for (;;) {
    const postmaster = await launchPostmaster(cluster, true, port);
    if (postmaster !== undefined) return postmaster;
    await pause(POLL_MS);
  }
}

function signal(pid: number, name: NodeJS.Signals): void {
  try {
    process.kill(pid, name);
  } catch {
    // It ended by itself meanwhile.
  }
}

async function childrenOf(parent: number): Promise<number[]> {
  const pids = (await readdir('/proc')).filter((name) => /^\d+$/.test(name)).map(Number);
  const parents = await Promise.all(pids.map(async (pid) => (await statOf(pid))?.parent));
  return pids.filter((_, index) => parents[index] === parent);
}

async function anyRuns(pids: readonly number[]): Promise<boolean> {
  const stats = await Promise.all(pids.map(statOf));
  return stats.some((stat) => stat !== null && stat.state !== 'Z');
}

async function statOf(pid: number): Promise<{ state: string; parent: number } | null> {
  const text = await readFile(`/proc/${pid}/stat`, 'utf8').catch(() => null);
  // The name in brackets may hold anything.
  const [state, parent] = text?.slice(text.lastIndexOf(')') + 2).split(' ') ?? [];
  return state === undefined ? null : { state, parent: Number(parent) };
}
