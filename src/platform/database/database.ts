import { type EntityManager, type EntitySchema, MikroORM } from '@mikro-orm/postgresql';
import { type Kysely, PostgresDialect } from 'kysely';
import type { Pool } from 'pg';
import { restOnUnknown } from '../grounds.ts';
import type { Tracing } from '../tracing.ts';
import { isInBackground } from './background.ts';
import { Companion } from './companion.ts';
import { createConnectionPool } from './connection-pool.ts';
import { kyselyPool } from './kysely-pool.ts';
import { sqlTypes } from './sql-types.ts';
import type { Statement } from './statement.ts';
import { Transaction } from './transaction.ts';

interface DatabaseOptions {
  readonly url: string;
  readonly entities: readonly EntitySchema[];
  readonly poolSize: number;
  readonly onPoolError: (error: Error) => void;
  /** After how long a statement that somebody waits for is cut off; not given: never. Not for work in the background. */
  readonly statementTimeoutMs?: number;
  /** Null or not given: nobody collects traces. */
  readonly tracing?: Tracing | null;
}

/** What traces say of statements; neither their text nor their values are told. */
const POSTGRESQL = { 'db.system.name': 'postgresql' };

const BACKGROUND_POOL_SIZE = 8;

/**
 * The one way to PostgreSQL, shared by MikroORM (entities) and prepared statements (hot paths): a pool for those who wait
 * for an answer, and a smaller one for what runs in the background.
 */
export class Database {
  readonly #orm: MikroORM;
  readonly #waitedForPool: Pool;
  readonly #backgroundPool: Pool;
  readonly #tracing: Tracing | null;

  private constructor(orm: MikroORM, pool: Pool, backgroundPool: Pool, tracing: Tracing | null) {
    this.#orm = orm;
    this.#waitedForPool = pool;
    this.#backgroundPool = backgroundPool;
    this.#tracing = tracing;
  }

  static async connect(options: DatabaseOptions): Promise<Database> {
    const { url, entities, poolSize, onPoolError, statementTimeoutMs } = options;
    const shared = { url, types: sqlTypes, onError: onPoolError };
    const pool = createConnectionPool({
      ...shared,
      size: poolSize,
      isWaitedFor: true,
      statementTimeoutMs,
    });
    const backgroundPool = createConnectionPool({
      ...shared,
      size: BACKGROUND_POOL_SIZE,
      isWaitedFor: false,
    });
    const choose = () => (isInBackground() ? backgroundPool : pool);
    const orm = await MikroORM.init({
      clientUrl: url,
      entities: [...entities],
      driverOptions: new PostgresDialect({ pool: kyselyPool(choose) }),
      logger: () => undefined,
    });
    return new Database(orm, pool, backgroundPool, options.tracing ?? null);
  }

  /**
   * Runs `work` in one transaction: committed when it returns, rolled back when it throws. Serves one command. What
   * accompanies the request that it is part of is written in it too.
   *
   * Not by `em.transactional`: that keeps its connection for ever when the connection is lost before the transaction
   * ends, since a rollback that fails releases nothing.
   */
  async transaction<T>(work: (tx: Transaction) => Promise<T>): Promise<T> {
    restOnUnknown();
    if (this.#tracing === null) return this.#transact(work);
    return this.#tracing.span('database transaction', POSTGRESQL, () => this.#transact(work));
  }

  async #transact<T>(work: (tx: Transaction) => Promise<T>): Promise<T> {
    const em = this.read();
    const companion = Companion.current();
    let failure: { readonly cause: unknown } | null = null;
    let isAboard = false;
    const run = async () => {
      try {
        const tx = new Transaction(em);
        const outcome = await work(tx);
        await em.flush();
        isAboard = (await companion?.board(tx)) ?? false;
        await tx.sendHints();
        return outcome;
      } catch (cause) {
        failure = { cause };
        throw cause;
      }
    };
    const connection = em.getConnection() as unknown as { getClient(): Kysely<unknown> };
    try {
      const outcome = await connection
        .getClient()
        .transaction()
        .execute((opened) => {
          em.setTransactionContext(opened);
          return run();
        });
      if (isAboard) companion?.leave(true);
      return outcome;
    } catch (error) {
      if (isAboard) companion?.leave(false);
      // On a lost connection rolling back fails as well; what went wrong first is what counts.
      throw (failure as { readonly cause: unknown } | null)?.cause ?? error;
    }
  }

  /** A fresh entity manager for reads outside a transaction. */
  read(): EntityManager {
    restOnUnknown();
    return this.#orm.em.fork() as EntityManager;
  }

  /**
   * Runs a statement on a pooled connection, outside any transaction; one with a name is parsed and planned once per connection.
   */
  async query<Row>(sql: string | Statement, values: readonly unknown[]): Promise<Row[]> {
    const { name, text } = typeof sql === 'string' ? { name: undefined, text: sql } : sql;
    restOnUnknown();
    const run = () => this.#pool.query({ name, text, values: [...values] });
    const result =
      this.#tracing === null
        ? await run()
        : await this.#tracing.span(`database ${name ?? 'statement'}`, POSTGRESQL, run);
    return result.rows as Row[];
  }

  /**
   * Runs `work` while this process, of all, holds the lock with this number. Answers whether it did: false, and nothing is
   * done, when somebody else holds it. The lock is gone with the connection.
   */
  async withLock(lock: bigint, work: () => Promise<void>): Promise<boolean> {
    restOnUnknown();
    const client = await this.#pool.connect();
    try {
      const { rows } = await client.query('select pg_try_advisory_lock($1) as locked', [`${lock}`]);
      if (!rows[0]?.locked) return false;
      await work();
      return true;
    } finally {
      await client.query('select pg_advisory_unlock($1)', [`${lock}`]).catch(() => undefined);
      client.release();
    }
  }

  async close(): Promise<void> {
    await this.#orm.close(true);
    await Promise.all([this.#waitedForPool.end(), this.#backgroundPool.end()]);
  }

  /** For those who wait for an answer. */
  get pool(): Pool {
    restOnUnknown();
    return this.#waitedForPool;
  }

  get #pool(): Pool {
    return isInBackground() ? this.#backgroundPool : this.#waitedForPool;
  }
}
