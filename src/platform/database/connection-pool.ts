import { setTimeout as delay } from 'node:timers/promises';
import { type CustomTypesConfig, Pool } from 'pg';

interface ConnectionPoolOptions {
  readonly url: string;
  readonly size: number;
  /** A connection was lost, idle or in use; the pool replaces it. */
  readonly onError: (error: Error) => void;
  /** Somebody waits for what is done with these connections, and is told soon when there is none to be had. */
  readonly isWaitedFor: boolean;
  /** How long a statement may take before the server cuts it off; not given: as long as it needs. */
  readonly statementTimeoutMs?: number | undefined;
  /** How values become JavaScript; not given: in pg's own ways, where int8 is a text. */
  readonly types?: CustomTypesConfig;
}

const END_WITHIN_MS = 500;
/** Whoever waits for an answer has to be told within two seconds that there is none to be had. */
const CONNECT_WITHIN_MS = 1_500;
const CONNECT_IN_BACKGROUND_WITHIN_MS = 10_000;
/** A server that is frozen, or behind a dead network, does not cut anything off itself. */
const SERVER_MAY_BE_LATE_MS = 1_000;
/** A new connection costs a busy machine more than one that is kept. */
const IDLE_FOR_MS = 60_000;
/** No transaction waits for anything but the database; one that does nothing was forgotten by a process that is stuck. */
const IDLE_IN_TRANSACTION_MS = 60_000;

/** A pool of connections that are replaced when they are lost. */
export function createConnectionPool(options: ConnectionPoolOptions): Pool {
  const { url, size, onError, isWaitedFor, statementTimeoutMs, types } = options;
  const pool = new Pool({
    connectionString: url,
    max: size,
    connectionTimeoutMillis: isWaitedFor ? CONNECT_WITHIN_MS : CONNECT_IN_BACKGROUND_WITHIN_MS,
    idleTimeoutMillis: IDLE_FOR_MS,
    application_name: 'tollgate',
    keepAlive: true,
    idle_in_transaction_session_timeout: IDLE_IN_TRANSACTION_MS,
    ...(types === undefined ? {} : { types }),
    ...(statementTimeoutMs === undefined ? {} : cutOffAfter(statementTimeoutMs)),
  });
  // Every connection tells of its own end, below: of an idle one the pool would tell a second time.
  pool.on('error', () => undefined);
  // The pool hears idle connections only; nobody else may be listening to one that is in use, or that is being closed.
  pool.on('connect', (client) => client.on('error', onError));
  return pool;
}

/** Closes the connections; does not wait for long for those that somebody still uses. */
export async function endConnectionPool(pool: Pool): Promise<void> {
  await Promise.race([pool.end(), delay(END_WITHIN_MS, undefined, { ref: false })]);
}

function cutOffAfter(ms: number) {
  return { statement_timeout: ms, query_timeout: ms + SERVER_MAY_BE_LATE_MS };
}
