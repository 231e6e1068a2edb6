import { Client } from 'pg';
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { inBackground } from '../../src/platform/database/background.ts';
import { eventually } from '../live/given.ts';
import { startGateway, type TestGateway } from '../support/gateway.ts';
import { ledgerFaults } from '../support/ledger-checker.ts';
import { BALANCE, HOLD, refusalOf, SPEND, spendOne, totalOf, within } from './given.ts';

const POOL_SIZE = 20;
const UNAVAILABLE = { status: 503, code: 'SERVICE_UNAVAILABLE' };
const DONE = { status: 200, code: undefined };

/** Runs a statement as the owner and keeps its locks, until the answer is called or the test is over. */
async function holdLocks(gateway: TestGateway, statement: string, values: unknown[] = []) {
  const client = new Client({ connectionString: gateway.database.ownerUrl });
  await client.connect();
  await client.query('begin');
  await client.query(statement, values);
  let release: (() => Promise<void>) | null = async () => {
    release = null;
    await client.query('rollback');
    await client.end();
  };
  onTestFinished(async () => release?.());
  return async () => release?.();
}

async function jobsLeft(gateway: TestGateway, key: string): Promise<number> {
  const client = new Client({ connectionString: gateway.database.ownerUrl });
  await client.connect();
  try {
    const { rowCount } = await client.query('select from graphile_worker.jobs where key = $1', [
      key,
    ]);
    return rowCount ?? 0;
  } finally {
    await client.end();
  }
}

describe('when every connection is in use', () => {
  let gateway: TestGateway;
  beforeAll(async () => {
    gateway = await startGateway({ environment: { STATEMENT_TIMEOUT_MS: '20000' } });
  });
  afterAll(() => gateway.close());

  it('refuses in words, keeps working in the background, and gives every connection back', async () => {
    const account = await gateway.createAccount({ credits: '1000' });
    const { pool } = gateway.app.services.database;
    const release = await holdLocks(gateway, 'lock table credit_hold in access exclusive mode');
    const hold = (n: number) =>
      account.client
        .post({
          query: HOLD,
          variables: { input: { amount: '1', idempotencyKey: `hold-${n}` } },
        })
        .then(refusalOf);
    const waiting = Array.from({ length: POOL_SIZE }, (_, n) => hold(n));
    await eventually(() => pool.totalCount === POOL_SIZE && pool.idleCount === 0);

    const refused = [
      hold(POOL_SIZE),
      account.client.post({ query: BALANCE }).then(refusalOf),
      account.client
        .post({ query: SPEND, variables: { input: { amount: '1', idempotencyKey: 'spend' } } })
        .then(refusalOf),
    ];
    expect(await within(3_000, Promise.all(refused))).toEqual([
      UNAVAILABLE,
      UNAVAILABLE,
      UNAVAILABLE,
    ]);
    const asOwner = new Client({ connectionString: gateway.database.ownerUrl });
    await asOwner.connect();
    await asOwner.query(
      "select graphile_worker.add_job('end-statuses', job_key := 'while-exhausted')",
    );
    await asOwner.end();
    await eventually(async () => (await jobsLeft(gateway, 'while-exhausted')) === 0);
    expect(pool.idleCount).toBe(0);

    await release();
    expect(await Promise.all(waiting)).toEqual(waiting.map(() => DONE));
    expect(await spendOne(account, 'spend')).toBe('done');
    await eventually(() => pool.idleCount === pool.totalCount && pool.waitingCount === 0);
    expect(pool.totalCount).toBeLessThanOrEqual(POOL_SIZE);
    expect(await ledgerFaults(gateway.app.services.database)).toEqual([]);
  });
});

describe('a statement that takes too long', () => {
  let gateway: TestGateway;
  beforeAll(async () => {
    gateway = await startGateway({ environment: { STATEMENT_TIMEOUT_MS: '300' } });
  });
  afterAll(() => gateway.close());

  it('is cut off, and the same request is exact when it comes again', async () => {
    const account = await gateway.createAccount({ credits: '100' });
    const neighbour = await gateway.createAccount({ credits: '100' });
    const requests = [
      { query: SPEND, input: { amount: '1', idempotencyKey: 'spend' } },
      { query: HOLD, input: { amount: '2', idempotencyKey: 'hold' } },
    ];
    const give = (idempotencyKey: string) =>
      gateway.admin.post({
        query:
          'mutation ($input: AdjustCreditsInput!) { adjustCredits(input: $input) { __typename } }',
        variables: {
          input: { accountId: account.id, amount: '10', reason: 'A gift.', idempotencyKey },
        },
      });
    const all = () =>
      Promise.all([
        ...requests.map(({ query, input }) => account.client.post({ query, variables: { input } })),
        give('gift'),
      ]).then((answers) => answers.map(refusalOf));
    const release = await holdLocks(
      gateway,
      'select from credit_balance where account_id = $1 for update',
      [account.id],
    );

    const neighbours = Array.from({ length: 10 }, (_, n) => spendOne(neighbour, `n-${n}`));
    expect(await all()).toEqual([UNAVAILABLE, UNAVAILABLE, UNAVAILABLE]);
    expect(await Promise.all(neighbours)).toEqual(neighbours.map(() => 'done'));
    await release();
    expect(await all()).toEqual([DONE, DONE, DONE]);
    expect(await all()).toEqual([DONE, DONE, DONE]);

    expect(await totalOf(account)).toBe(100 - 1 + 10);
    expect(await totalOf(neighbour)).toBe(90);
    expect(await ledgerFaults(gateway.app.services.database)).toEqual([]);
  });

  it('may take its time in the background', async () => {
    const { database } = gateway.app.services;
    const sleep = () => database.query({ name: 'sleep', text: 'select pg_sleep($1)::text' }, [0.6]);
    const sleepInside = () => database.transaction((tx) => tx.query('select pg_sleep(0.6)::text'));

    await expect(sleep()).rejects.toMatchObject({ code: '57014' });
    await expect(sleepInside()).rejects.toMatchObject({ code: '57014' });
    await expect(inBackground(sleep)).resolves.toHaveLength(1);
    await expect(inBackground(sleepInside)).resolves.toHaveLength(1);
  });
});
