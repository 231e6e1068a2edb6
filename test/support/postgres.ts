import { randomBytes } from 'node:crypto';
import { setTimeout as pause } from 'node:timers/promises';
import { Client } from 'pg';
import { inject } from 'vitest';

export interface TestDatabase {
  /** As `tollgate_owner`, who may do everything in this database. */
  ownerUrl: string;
  /** As `tollgate_app`, with the rights that the gateway has. */
  appUrl: string;
  /** Deletes the database, cutting whatever is still connected to it. */
  drop(): Promise<void>;
}

const LEFT_WITHIN_MS = 500;
const LOOK_EVERY_MS = 10;

/** A database of one's own with every migration applied and no rows. Drop it when the file is done. */
export async function createTestDatabase(): Promise<TestDatabase> {
  const server = inject('postgres');
  const name = `test_${randomBytes(8).toString('hex')}`;
  // With fsync off, copying files is quicker than logging every page.
  await asSuperuser(
    `create database ${name} template ${server.template} strategy file_copy owner tollgate_owner`,
  );
  return {
    ownerUrl: withDatabase(server.ownerUrl, name),
    appUrl: withDatabase(server.appUrl, name),
    drop: () => dropWhenLeft(name),
  };
}

/** A pool is closed before its connections are: one that was cut off then would have nobody left to tell. */
async function dropWhenLeft(name: string): Promise<void> {
  const deadline = performance.now() + LEFT_WITHIN_MS;
  const stays = `select 1 from pg_stat_activity where datname = '${name}' and backend_type = 'client backend'`;
  while ((await asSuperuser(stays)) > 0 && performance.now() < deadline) await pause(LOOK_EVERY_MS);
  await asSuperuser(`drop database if exists ${name} with (force)`);
}

async function asSuperuser(statement: string): Promise<number> {
  const client = new Client({ connectionString: inject('postgres').superuserUrl });
  await client.connect();
  try {
    return (await client.query(statement)).rowCount ?? 0;
  } finally {
    await client.end();
  }
}

function withDatabase(url: string, name: string): string {
  const changed = new URL(url);
  changed.pathname = name;
  return changed.href;
}
