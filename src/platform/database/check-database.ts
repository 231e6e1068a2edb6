import { Client } from 'pg';

/** A database that the gateway cannot work with; the message is one line, for the person who set it up. */
export class UnusableDatabase extends Error {
  override readonly name = 'UnusableDatabase';
}

const OLDEST_VERSION = 15;
const ANSWER_WITHIN_MS = 5_000;

/** Connects once, to say clearly what is wrong with a database before anything is built on it. Throws UnusableDatabase. */
export async function checkDatabase(url: string): Promise<void> {
  const client = new Client({
    connectionString: url,
    connectionTimeoutMillis: ANSWER_WITHIN_MS,
    query_timeout: ANSWER_WITHIN_MS,
  });
  client.on('error', () => undefined);
  try {
    await client.connect();
    const { rows } = await client.query<{ version: number; mayCreate: boolean }>(
      `select current_setting('server_version_num')::integer / 10000 as version,
         has_schema_privilege('public', 'create') and has_database_privilege(current_database(), 'create') as "mayCreate"`,
    );
    refuseUnlessFit(rows[0], client.user);
  } catch (error) {
    if (error instanceof UnusableDatabase) throw error;
    throw new UnusableDatabase(describe(error, placeOf(client)), { cause: error });
  } finally {
    await client.end().catch(() => undefined);
  }
}

function refuseUnlessFit(
  found: { version: number; mayCreate: boolean } | undefined,
  user: string | undefined,
): void {
  const version = found?.version ?? 0;
  if (version < OLDEST_VERSION) {
    const message = `the server is PostgreSQL ${version}; Tollgate needs ${OLDEST_VERSION} or later.`;
    throw new UnusableDatabase(message);
  }
  if (found?.mayCreate !== true) {
    const remedy = 'make it the owner of the database';
    throw new UnusableDatabase(`the role "${user}" may not create schemas and tables; ${remedy}.`);
  }
}

function describe(error: unknown, place: string): string {
  const { code = '', message } = error as { code?: string; message: string };
  if (code.startsWith('28')) return `${place} refuses the user or the password: ${message}.`;
  if (code === '3D000') return `${place} says: ${message}; create it, or give another one.`;
  if (code === 'ECONNREFUSED') return `nothing listens at ${place}; start PostgreSQL there.`;
  if (code === 'ENOTFOUND' || code === 'EAI_AGAIN')
    return `the host of ${place} is not known; check its name.`;
  if (/^timeout|^Query read timeout/.test(message)) {
    const seconds = ANSWER_WITHIN_MS / 1_000;
    return `${place} does not answer within ${seconds} seconds; is it PostgreSQL, and does it let us in?`;
  }
  if (message.startsWith('Connection terminated')) return `${place} hangs up; is it PostgreSQL?`;
  return `${place} cannot be used: ${message.split('\n')[0]}`;
}

function placeOf({ host, port }: Client): string {
  return `${host}:${port}`;
}
