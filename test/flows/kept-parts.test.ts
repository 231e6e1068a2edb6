import { Client } from 'pg';
import { afterAll, beforeAll, expect, it, vi } from 'vitest';
import { KeptAnswers } from '../../src/edge/kept-answers.ts';
import { record, subscribe } from '../features/usage/given.ts';
import { startGateway, type TestAccount, type TestGateway } from '../support/gateway.ts';

let gateway: TestGateway;
let owner: Client;
let account: TestAccount;
beforeAll(async () => {
  gateway = await startGateway();
  owner = new Client({ connectionString: gateway.database.ownerUrl });
  await owner.connect();
  account = await gateway.createAccount({ credits: '100' });
  await subscribe(gateway, account.id, 'pro');
  await record(account);
});
afterAll(async () => {
  await owner.end();
  await gateway.close();
});

/** Asks for a field of the account, and says whether a look found what was kept as it was. */
async function isStillRight(field: string): Promise<boolean> {
  const looked = vi.spyOn(KeptAnswers.prototype, 'stillRight');
  await account.client.query(`{ account { id ${field} } }`);
  const found = await Promise.all(looked.mock.results.map(({ value }) => value));
  looked.mockRestore();
  return found.length > 0 && found.every((answer) => answer !== null);
}

// Each part by itself, and each table by itself: where parts are asked for together, or tables are written together, one stamp
// does the work of another.
it.each([
  ['name', 'account', 'id'],
  ['subscription { status }', 'account', 'id'],
  ['subscription { status }', 'plan_subscription', 'account_id'],
  ['usagePeriod { counters { used } }', 'plan_subscription', 'account_id'],
  ['usagePeriod { counters { used } }', 'usage_anchor', 'account_id'],
  ['usagePeriod { counters { used } }', 'usage_counter', 'account_id'],
  ['creditBalance { total }', 'credit_balance', 'account_id'],
  ['creditTransactions(first: 1) { nodes { sequence } }', 'credit_balance', 'account_id'],
])('%s is read anew when a row of %s was written', async (field, table, column) => {
  // The first time goes through Apollo, and the second one keeps it.
  for (let times = 0; times < 2; times += 1) await isStillRight(field);
  expect(await isStillRight(field)).toBe(true);
  const { rowCount } = await owner.query(
    `update ${table} set ${column} = ${column} where ${column} = $1`,
    [account.id],
  );
  expect(rowCount).toBeGreaterThan(0);
  expect(await isStillRight(field)).toBe(false);
});
