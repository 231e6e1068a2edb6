import pg from 'pg';
import type { Cluster } from './embedded-postgres-cluster.ts';
import type { Postmaster } from './embedded-postgres-process.ts';

/** This process's seat at a running server: held for as long as it uses it. */
export interface Access {
  /** False for a server that was started with its durable settings off. */
  isDurable: boolean;
  /** Gives the seat up. True when nobody else has one: then no other process can take one any more. */
  leave(): Promise<boolean>;
  /** Ends the connection, once the server needs no more guarding. */
  close(): Promise<void>;
  /** Calls back once, when the connection ended by itself, mostly because the server died. */
  onLost(callback: () => void): void;
}

/** Keys of the advisory locks, in the `postgres` database, where nothing else takes any. */
const SEATS = 7_409_001;
const PROVISIONING = 7_409_002;

/** The server is starting, stopping or gone: another look in a moment will tell. */
const PASSING_ERRORS = new Set(['ECONNREFUSED', 'ECONNRESET', 'EPIPE', '57P01', '57P03']);

/** The driver's client with two methods that its types leave out. */
class SeatClient extends pg.Client {
  declare ref: () => void;
  declare unref: () => void;
}

/**
 * Connects to a server, takes a seat and makes sure that Tollgate's database and roles exist.
 *
 * A seat is a shared advisory lock of one idle session. It ends with its process however that dies, so the last
 * process to leave a server knows that it is the last, and stops it. Answers undefined when the server is
 * about to end; throws when it is not ours to use.
 */
export async function openAccess(
  cluster: Cluster,
  postmaster: Postmaster,
): Promise<Access | undefined> {
  const client = new SeatClient({
    connectionString: urlFor(cluster, postmaster.port, 'superuser', 'postgres'),
    application_name: 'tollgate seat',
    keepAlive: true,
  });
  // Without a listener the loss of an idle connection would end the process; 'end' follows and is what counts.
  client.on('error', () => undefined);
  try {
    await client.connect();
    await client.query('select pg_advisory_lock_shared($1)', [SEATS]);
    await provision(client, cluster);
    const { rows } = await client.query<{ fsync: string }>('show fsync');
    // Waiting for a seat must not keep the process from ending.
    client.unref();
    return seat(client, rows[0]?.fsync === 'on');
  } catch (error) {
    await client.end().catch(() => undefined);
    if (isPassing(error)) return undefined;
    throw new Error(`The embedded PostgreSQL in ${cluster.data} cannot be used`, { cause: error });
  }
}

/** The connection string of one of the three roles. */
export function urlFor(
  cluster: Cluster,
  port: number,
  role: 'superuser' | 'owner' | 'app',
  database = 'tollgate',
): string {
  const user = role === 'superuser' ? 'postgres' : `tollgate_${role}`;
  const password = cluster.credentials[`${role}Password`];
  return `postgres://${user}:${password}@127.0.0.1:${port}/${database}`;
}

function seat(client: SeatClient, isDurable: boolean): Access {
  let closing = false;
  return {
    isDurable,
    async leave() {
      client.ref();
      await client.query('select pg_advisory_unlock_shared($1)', [SEATS]);
      const { rows } = await client.query<{ last: boolean }>(
        'select pg_try_advisory_lock($1) as last',
        [SEATS],
      );
      return rows[0]?.last === true;
    },
    async close() {
      closing = true;
      await client.end().catch(() => undefined);
    },
    onLost(callback) {
      client.once('end', () => {
        if (!closing) callback();
      });
    },
  };
}

async function provision(client: pg.Client, cluster: Cluster): Promise<void> {
  if (await isProvisioned(client)) return;
  await client.query('select pg_advisory_lock($1)', [PROVISIONING]);
  for (const role of ['owner', 'app'] as const) {
    const name = `tollgate_${role}`;
    const found = await client.query('select from pg_roles where rolname = $1', [name]);
    if (found.rowCount !== 0) continue;
    const password = client.escapeLiteral(cluster.credentials[`${role}Password`]);
    await client.query(`create role ${name} login password ${password}`);
  }
  if (!(await isProvisioned(client))) {
    await client.query('create database tollgate owner tollgate_owner');
  }
  await client.query('revoke all on database tollgate from public');
  await client.query('grant connect, temporary on database tollgate to tollgate_app');
  await client.query('select pg_advisory_unlock($1)', [PROVISIONING]);
}

/** The database is made after the roles, so it stands for them. */
async function isProvisioned(client: pg.Client): Promise<boolean> {
  const found = await client.query("select from pg_database where datname = 'tollgate'");
  return found.rowCount === 1;
}

function isPassing(error: unknown): boolean {
  const { code, message } = error as { code?: string; message?: string };
  return PASSING_ERRORS.has(code ?? '') || /^Connection terminated/.test(message ?? '');
}
