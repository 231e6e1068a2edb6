import { existsSync } from 'node:fs';
import { cp, mkdtemp, rename, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Client } from 'pg';
import { startEmbeddedPostgres } from '../../src/platform/database/embedded-postgres.ts';
import { migrate } from '../../src/platform/database/migrate.ts';

/** A durable PostgreSQL for one run, in which every contestant has an equal database of its own. */
export interface Stage {
  readonly folder: string;
  readonly postgresVersion: string;
  /** The connection string of a new database with the accounts in it. */
  createDatabase(name: string): Promise<string>;
  /** The superuser's connection string of a new database with nothing in it. */
  createEmptyDatabase(name: string): Promise<string>;
  /** Makes the files that its log will need, of which a PostgreSQL that has run for a while has enough to use again. */
  makeLogFiles(): Promise<void>;
  close(): Promise<void>;
}

/**
 * How many accounts there are, each with a plan's grant, a purchased one, a first spend, and a master key. PostgreSQL
 * plans once for the tables as it finds them, and nobody should race with plans that were made for empty ones.
 */
export const ACCOUNTS = 10_000;
/** Of 16 MiB each, one after the other: about as many as the longest race fills. */
const LOG_FILES = 60;

const seed = (accounts: number) => `
  create temp table seed as
    select n, overlay(overlay(md5('account ' || n) placing '7' from 13) placing '8' from 17)::uuid as account_id, 'a' || lpad(n::text, 11, '0') as prefix,
      timestamptz '2026-01-01 00:00Z' + n * interval '1 second' as made_at
    from generate_series(0, ${accounts - 1}) as n;
  insert into account (id, external_id, name, time_zone, currency, status, status_since, created_at, updated_at)
    select account_id, 'bench-' || n, 'Account ' || n, 'UTC', 'USD', 'ACTIVE', made_at, made_at, made_at from seed;
  insert into api_key (id, kind, account_id, name, prefix, secret_hash, scopes, created_at)
    select md5('key ' || n)::uuid, 'MASTER', account_id, 'Master key', prefix,
      sha256(convert_to('tg_master_' || prefix || '_' || md5('secret ' || n) || left(md5('more ' || n), 8), 'UTF8')),
      '{}', made_at
    from seed;
  insert into credit_balance (account_id) select account_id from seed;
  select ledger_grant(made_at, md5('plan ' || n)::uuid, account_id, 'PLAN', 1000000000000, 10, made_at,
    timestamptz '2100-01-01 00:00Z', 'bench-plan', n::text, 'GRANT', 'A month of the plan') from seed;
  select ledger_grant(made_at, md5('pack ' || n)::uuid, account_id, 'PURCHASE', 1000000000000, 20, made_at,
    null, 'bench-pack', n::text, 'GRANT', 'A package') from seed;
  select ledger_debit(timestamptz '2026-02-01 00:00Z', array_agg(account_id), json_agg(json_build_object(
      'n', n, 'account_id', account_id, 'amount', 1000000, 'type', 'SPEND', 'operation', 'spendCredits',
      'key', 'history', 'hash', sha256('history'))))
    from seed group by n / 100;
  drop table seed;
`;

/**
 * Starts PostgreSQL with its durable settings and a filled database, of which the others are copies. Of several races in one
 * run (`BENCH_STAGES` is a folder of theirs) the first one fills it.
 */
export async function setStage(accounts = ACCOUNTS): Promise<Stage> {
  const folder = await mkdtemp(join(tmpdir(), 'tollgate-bench-'));
  // biome-ignore lint/style/noProcessEnv: a program that nobody configures by a file.
  const { BENCH_STAGES: stages = folder } = process.env;
  const filled = join(stages, `accounts-${accounts}`);
  if (!existsSync(filled)) await fill(filled, accounts);
  const dataDir = join(folder, 'database');
  await cp(filled, dataDir, { recursive: true });
  const postgres = await startEmbeddedPostgres({ dataDir, durable: true });
  const [row] = await run(postgres.superuserUrl, 'show server_version');
  const { ownerUrl, superuserUrl } = postgres;
  const create = async (name: string, template: string, url: string) => {
    await run(superuserUrl, `create database ${name} template ${template} owner tollgate_owner`);
    return Object.assign(new URL(url), { pathname: name }).href;
  };
  return {
    folder,
    postgresVersion: String(row?.server_version),
    createDatabase: (name) => create(name, 'tollgate', ownerUrl),
    createEmptyDatabase: (name) => create(name, 'template0', superuserUrl),
    makeLogFiles: async () => {
      await run(superuserUrl, "alter system set min_wal_size = '2GB'");
      await run(superuserUrl, "alter system set max_wal_size = '4GB'");
      await run(superuserUrl, 'select pg_reload_conf()');
      await run(superuserUrl, 'create table log_file (number integer)');
      await run(
        superuserUrl,
        'insert into log_file values (1); select pg_switch_wal();'.repeat(LOG_FILES),
      );
      await run(superuserUrl, 'drop table log_file; checkpoint');
    },
    close: async () => {
      await postgres.stop();
      await rm(folder, { recursive: true, force: true });
    },
  };
}

/** What is there is filled: a folder gets its name when it is. */
async function fill(folder: string, accounts: number): Promise<void> {
  const unfinished = `${folder}.unfinished`;
  const postgres = await startEmbeddedPostgres({ dataDir: unfinished, durable: true });
  try {
    await migrate({ ownerUrl: postgres.ownerUrl, appRole: null });
    await run(postgres.ownerUrl, seed(accounts));
    await run(postgres.ownerUrl, 'vacuum (analyze)');
  } finally {
    await postgres.stop();
  }
  await rename(unfinished, folder);
}

/** Runs one text on a connection of its own; answers with its rows. */
export async function run(url: string, text: string): Promise<Record<string, unknown>[]> {
  const client = new Client({ connectionString: url });
  await client.connect();
  try {
    return (await client.query(text)).rows as Record<string, unknown>[];
  } finally {
    await client.end();
  }
}
