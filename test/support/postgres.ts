import { randomBytes } from 'node:crypto';
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
    drop: () => asSuperuser(`drop database if exists ${name} with (force)`),
  };
}

async function asSuperuser(statement: string): Promise<void> {
  const client = new Client({ connectionString: inject('postgres').superuserUrl });
  await client.connect();
  try {
    await client.query(statement);
  } finally {
    await client.end();
  }
}

function withDatabase(url: string, name: string): string {
  const changed = new URL(url);
  changed.pathname = name;
  return changed.href;
}
