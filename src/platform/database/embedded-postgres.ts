import { setTimeout as pause } from 'node:timers/promises';
import type { Logger } from '../logger.ts';
import { type Access, openAccess, urlFor } from './embedded-postgres-access.ts';
import { type Cluster, prepareCluster } from './embedded-postgres-cluster.ts';
import {
  findPostmaster,
  launchPostmaster,
  type Postmaster,
  signalPostmaster,
  stopPostmaster,
} from './embedded-postgres-process.ts';

export interface EmbeddedPostgres {
  /** Database `tollgate` as its owner `tollgate_owner`, who migrates. */
  ownerUrl: string;
  /** Database `tollgate` as `tollgate_app`, who serves and has only the rights that the owner grants. */
  appUrl: string;
  /** Database `postgres` as the superuser: for tests and repairs, never for serving. */
  superuserUrl: string;
  /** Stops the server when no other process uses it. Close the connections first: they are cut. */
  stop(): Promise<void>;
}

export interface EmbeddedPostgresOptions {
  /** The server lives in its subfolder `postgres`; created when missing. */
  dataDir: string;
  /** True for data that must survive a power cut; false, for tests, trades that for speed. */
  durable: boolean;
  logger?: Logger;
}

const RETRY_MS = 50;
/** Recovery after a crash replays the log since the last checkpoint; beyond this something else is wrong. */
const OPEN_TIMEOUT_MS = 300_000;

/**
 * Starts PostgreSQL 18 from the npm package of this platform, on 127.0.0.1 and a free port, and creates its data
 * folder, its passwords, the database and the roles at the first start.
 *
 * One data folder has one running server. When it runs already, left by a process that was killed or in use by
 * another one, that server is used; whoever leaves it last stops it. A server that dies is started again on
 * its port. A process that exits without `stop()` takes the server it started with it; one that is killed
 * leaves it to the next start. Throws an error that says what to do when PostgreSQL cannot run here.
 */
export async function startEmbeddedPostgres(
  options: EmbeddedPostgresOptions,
): Promise<EmbeddedPostgres> {
  const cluster = await prepareCluster(options.dataDir, options.durable);
  const server = new EmbeddedServer(cluster, options);
  const port = await server.open().catch(async (error) => {
    await server.stop().catch(() => undefined);
    throw error;
  });
  return {
    ownerUrl: urlFor(cluster, port, 'owner'),
    appUrl: urlFor(cluster, port, 'app'),
    superuserUrl: urlFor(cluster, port, 'superuser', 'postgres'),
    stop: () => server.stop(),
  };
}

class EmbeddedServer {
  readonly #cluster: Cluster;
  readonly #durable: boolean;
  readonly #logger: Logger | undefined;
  #postmaster: Postmaster | undefined;
  #access: Access | undefined;
  #reopening: Promise<void> | undefined;
  #stopping: Promise<void> | undefined;

  constructor(cluster: Cluster, options: EmbeddedPostgresOptions) {
    this.#cluster = cluster;
    this.#durable = options.durable;
    this.#logger = options.logger;
  }

  /** Finds or starts the server and answers its port. `port`: insist on this one. */
  async open(port?: number): Promise<number> {
    const deadline = performance.now() + OPEN_TIMEOUT_MS;
    process.off('exit', this.#abandon).on('exit', this.#abandon);
    while (performance.now() < deadline) {
      this.#postmaster =
        (await findPostmaster(this.#cluster)) ??
        (await launchPostmaster(this.#cluster, this.#durable, port));
      if (this.#postmaster?.ready && (await this.#enter(this.#postmaster))) {
        const { pid, port: chosen, child } = this.#postmaster;
        const message = child ? 'Embedded PostgreSQL started' : 'Embedded PostgreSQL found running';
        this.#logger?.info({ pid, port: chosen, data: this.#cluster.data }, message);
        return chosen;
      }
      await pause(RETRY_MS);
    }
    throw new Error(`The embedded PostgreSQL in ${this.#cluster.data} does not come up`);
  }

  stop(): Promise<void> {
    this.#stopping ??= this.#leave();
    return this.#stopping;
  }

  /** Takes a seat at the server, unless it is unfit for data that must last: then it is stopped, if it is idle. */
  async #enter(postmaster: Postmaster): Promise<boolean> {
    const access = await openAccess(this.#cluster, postmaster);
    if (access === undefined) return false;
    if (this.#durable && !access.isDurable) {
      const idle = await access.leave();
      if (idle) await stopPostmaster(this.#cluster, postmaster);
      await access.close();
      if (idle) return false;
      throw new Error(
        `${this.#cluster.data} is being used by a test, with its durable settings off`,
      );
    }
    this.#access = access;
    access.onLost(() => {
      if (this.#stopping === undefined) this.#reopening = this.#reopen(postmaster.port);
    });
    return true;
  }

  /** Everybody holds connection strings with the old port, so the server has to come back there. */
  async #reopen(port: number): Promise<void> {
    this.#logger?.error({ port }, 'Lost the embedded PostgreSQL; starting it again');
    this.#access = undefined;
    try {
      const found = await this.open(port);
      if (found !== port) throw new Error(`It came back on port ${found} instead of ${port}`);
    } catch (error) {
      this.#logger?.fatal({ err: error }, 'The embedded PostgreSQL is gone; restart this process');
    }
  }

  async #leave(): Promise<void> {
    await this.#reopening;
    const running = await findPostmaster(this.#cluster);
    const started = this.#postmaster?.child !== undefined && this.#postmaster.pid === running?.pid;
    // Without a seat there is nobody to ask, and the server goes with the process that started it.
    const last = await this.#access?.leave().catch(() => undefined);
    if (running !== undefined && (last ?? started)) {
      await stopPostmaster(this.#cluster, { ...running, child: this.#postmaster?.child });
      this.#logger?.info({ pid: running.pid }, 'Embedded PostgreSQL stopped');
    }
    await this.#access?.close();
    process.off('exit', this.#abandon);
  }

  readonly #abandon = (): void => {
    const postmaster = this.#postmaster;
    const child = postmaster?.child;
    if (!postmaster || !child || child.exitCode !== null || child.signalCode !== null) return;
    signalPostmaster(this.#cluster, postmaster, 'INT');
  };
}
