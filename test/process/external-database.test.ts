import { Client } from 'pg';
import { describe, expect, inject, it, onTestFinished } from 'vitest';
import { GraphClient } from '../support/graph-client.ts';
import { givenDataDir, startProcess } from './given.ts';

/** A database with nothing in it and one role for everything, as somebody might bring it. */
async function givenEmptyDatabase(): Promise<string> {
  const { superuserUrl, ownerUrl } = inject('postgres');
  const name = `brought_${process.hrtime.bigint()}`;
  const client = new Client({ connectionString: superuserUrl });
  await client.connect();
  await client.query(`create database ${name} owner tollgate_owner`);
  onTestFinished(async () => {
    await client.query(`drop database ${name} with (force)`);
    await client.end();
  });
  return Object.assign(new URL(ownerUrl), { pathname: name }).href;
}

describe('a database that somebody brought', { timeout: 90_000 }, () => {
  it('is migrated once and gets one set of keys, however many gateways start on it at once', async () => {
    const DATABASE_URL = await givenEmptyDatabase();
    const gateways = [];
    for (let n = 0; n < 3; n += 1)
      gateways.push(startProcess(await givenDataDir(), { DATABASE_URL }));
    const urls = await Promise.all(gateways.map((gateway) => gateway.listening()));

    expect(gateways.map(({ stderr }) => stderr)).toEqual(['', '', '']);
    const told = gateways.filter(({ stdout }) => stdout.includes('Admin key'));
    expect(told).toHaveLength(1);
    const adminKey = /Admin key +(\S+)/.exec(told[0]?.stdout ?? '')?.[1] ?? '';
    for (const url of urls) {
      const admin = new GraphClient(url, adminKey);
      expect((await admin.post({ query: '{ apiKeys { kind } }' })).data).toEqual({
        apiKeys: [{ kind: 'ADMIN' }],
      });
    }
  });

  it('guards its ledger although the gateway owns the tables', async () => {
    const DATABASE_URL = await givenEmptyDatabase();
    const gateway = startProcess(await givenDataDir(), { DATABASE_URL });
    await gateway.listening();
    const client = new Client({ connectionString: DATABASE_URL });
    await client.connect();
    try {
      expect((await client.query('select from credit_transaction')).rowCount).toBe(1);
      for (const statement of [
        'update credit_transaction set amount_micro = 1',
        'delete from credit_transaction',
        'truncate credit_transaction',
        'truncate credit_transaction cascade',
        'delete from credit_allocation',
      ]) {
        await expect(client.query(statement)).rejects.toThrow(/append-only/);
      }
    } finally {
      await client.end();
    }
    expect(await gateway.stop()).toMatchObject({ code: 0 });
  });
});
