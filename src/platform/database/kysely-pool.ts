import type { PostgresPool, PostgresPoolClient } from 'kysely';
import type { Pool, PoolClient } from 'pg';
import { isDatabaseAway } from './database-away.ts';
import { nameOf } from './statement.ts';

/**
 * A pool as Kysely wants it: `choose` says which one it is, each time that a connection is needed. Whoever made the pools
 * ends them: Kysely would only do so if it ever needed a connection.
 */
export function kyselyPool(choose: () => Pool): PostgresPool {
  return {
    options: {},
    connect: async () => lend(await choose().connect()),
    end: async () => undefined,
  };
}

/**
 * One connection for as long as Kysely has it. When an answer did not come, the next one would wait behind it: such a
 * connection answers nothing more, and does not go back to the pool.
 */
function lend(client: PoolClient): PostgresPoolClient {
  let failure: Error | undefined;
  const query = async (text: string, values: readonly unknown[]) => {
    if (failure !== undefined) throw failure;
    try {
      return await client.query({ name: nameOf(text), text, values: [...values] });
    } catch (error) {
      if (error instanceof Error && isDatabaseAway(error)) failure = error;
      throw error;
    }
  };
  return {
    // Its other use, with a cursor, is for streams, and nobody opens one.
    query: query as unknown as PostgresPoolClient['query'],
    release: () => client.release(failure),
  };
}
