import { setTimeout as delay } from 'node:timers/promises';
import { Pool } from 'pg';

interface ConnectionPoolOptions {
  readonly url: string;
  readonly size: number;
  /** A connection was lost, idle or in use; the pool replaces it. */
  readonly onError: (error: Error) => void;
}

const END_WITHIN_MS = 500;

/** A pool for a library that brings its own statements. Values come as `pg` gives them: int8 is a text. */
export function createConnectionPool({ url, size, onError }: ConnectionPoolOptions) {
  const pool = new Pool({
    connectionString: url,
    max: size,
    connectionTimeoutMillis: 3_000,
    application_name: 'tollgate',
  });
  pool.on('error', onError);
  // The pool hears idle connections only; nobody else may be listening to one that is in use, or that is being closed.
  pool.on('connect', (client) => client.on('error', onError));
  return pool;
}

/** Closes the connections; does not wait for long for those that somebody still uses. */
export async function endConnectionPool(pool: Pool): Promise<void> {
  await Promise.race([pool.end(), delay(END_WITHIN_MS, undefined, { ref: false })]);
}
