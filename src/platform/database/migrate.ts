import { readdir, readFile } from 'node:fs/promises';
import { Migration, Migrator } from '@mikro-orm/migrations';
import { MikroORM } from '@mikro-orm/postgresql';
import { Client } from 'pg';
import { installJobTables } from '../../jobs/job-tables.ts';
import { packageRoot } from '../package-root.ts';
import type { Database } from './database.ts';

interface MigrateOptions {
  /** Connects as the owner of the tables. */
  readonly ownerUrl: string;
  /** The role that the gateway serves as, which gets its rights here; null when it is the owner itself. */
  readonly appRole: string | null;
}

const MIGRATIONS = new URL('migrations/', packageRoot);

/** Any two gateways that start at once must agree on this number; it has no other meaning. */
const ADVISORY_LOCK = 7_033_100_428n;

/** Brings the database to the newest schema, one process at a time. Doing it again changes nothing. */
export async function migrate({ ownerUrl, appRole }: MigrateOptions): Promise<void> {
  const lock = new Client({ connectionString: ownerUrl });
  await lock.connect();
  try {
    await lock.query('select pg_advisory_lock($1)', [ADVISORY_LOCK.toString()]);
    await runMigrations(ownerUrl);
    await installJobTables(ownerUrl);
    if (appRole !== null) await grantRights(lock, appRole);
  } finally {
    await lock.end();
  }
}

/** Whether the database answers and has every migration that this version of Tollgate comes with. */
export async function isMigrated(database: Database): Promise<boolean> {
  const [row] = await database.query<{ missing: bigint }>(MISSING, [await migrationNames()]);
  return row?.missing === 0n;
}

const MISSING = {
  name: 'migrations_missing',
  text: 'select count(*) as missing from unnest($1::text[]) as wanted (name) where name not in (select name from migration)',
};

async function migrationNames(): Promise<string[]> {
  const files = await readdir(MIGRATIONS);
  return files.filter((file) => file.endsWith('.sql')).sort();
}

async function runMigrations(ownerUrl: string): Promise<void> {
  const orm = await MikroORM.init({
    clientUrl: ownerUrl,
    entities: [],
    discovery: { warnWhenNoEntities: false },
    extensions: [Migrator],
    logger: () => undefined,
    migrations: { tableName: 'migration', snapshot: false, migrationsList: await readMigrations() },
  });
  try {
    await orm.migrator.up();
  } finally {
    await orm.close(true);
  }
}

async function readMigrations() {
  const names = await migrationNames();
  return Promise.all(
    names.map(async (name) => {
      const sql = await readFile(new URL(name, MIGRATIONS), 'utf8');
      return {
        name,
        class: class extends Migration {
          override up(): void {
            this.addSql(sql);
          }
        },
      };
    }),
  );
}

/** The gateway's role reads and writes, but what is append-only it may only append to. */
async function grantRights(client: Client, appRole: string): Promise<void> {
  const role = client.escapeIdentifier(appRole);
  await client.query(`
    grant usage on schema public, graphile_worker to ${role};
    grant select, insert, update, delete on all tables in schema public, graphile_worker to ${role};
    grant usage, select on all sequences in schema public, graphile_worker to ${role};
    grant execute on all functions in schema public, graphile_worker to ${role};
    revoke update, delete, truncate on credit_transaction, credit_allocation, idempotency_key, lifecycle_transition, audit_event from ${role};
    revoke delete, truncate on account, credit_balance, credit_grant from ${role};
    revoke insert, update, delete, truncate on migration, key_revocation_count from ${role};
  `);
  await letIntoJobTables(client, appRole);
}

/** The job queue's tables have row level security without a policy: nobody but their owner sees a row. */
async function letIntoJobTables(client: Client, appRole: string): Promise<void> {
  const { rows } = await client.query<{ statement: string }>(
    `select format('create policy %I on %s to %I using (true) with check (true)', $1::text, c.oid::regclass, $1::text)
       as statement
     from pg_class c
     where c.relnamespace = 'graphile_worker'::regnamespace and c.relrowsecurity
       and not exists (select 1 from pg_policy p where p.polrelid = c.oid and p.polname = $1)
     order by c.relname`,
    [appRole],
  );
  for (const { statement } of rows) await client.query(statement);
}
