import { Client } from 'pg';
import { eventually } from '../live/given.ts';

/** Makes every look at a balance wait, until the test says otherwise. */
export async function holdBalances(databaseUrl: string): Promise<() => Promise<void>> {
  const client = new Client({ connectionString: databaseUrl });
  client.on('error', () => undefined);
  await client.connect();
  await client.query('begin; lock table credit_balance in access exclusive mode');
  return async () => {
    await client.query('rollback').catch(() => undefined);
    await client.end().catch(() => undefined);
  };
}

/** Resolves when a statement of the gateway waits for a lock. */
export async function untilOneWaits(databaseUrl: string): Promise<void> {
  const client = new Client({ connectionString: databaseUrl });
  await client.connect();
  const waiting =
    'select from pg_locks where not granted and database = (select oid from pg_database where datname = current_database())';
  await eventually(async () => (await client.query(waiting)).rowCount === 1);
  await client.end();
}
