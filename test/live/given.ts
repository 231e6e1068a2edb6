import { Client } from 'pg';
import type { TestAccount } from '../support/gateway.ts';
import type { LiveSubscription } from '../support/live-client.ts';
import {
  type CreditBalanceChangedSubscription,
  SpendCreditsDocument,
} from '../support/operations.generated.ts';
import type { TestDatabase } from '../support/postgres.ts';

type Heard = CreditBalanceChangedSubscription['creditBalanceChanged'];

/** Spends one credit with each of these keys, one after the other. */
export async function spendEach(account: TestAccount, keys: readonly string[]): Promise<void> {
  for (const idempotencyKey of keys)
    await account.client.request(SpendCreditsDocument, { input: { amount: '1', idempotencyKey } });
}

/** Makes entries as fast as the database can, and without a hint unless asked. */
export async function appendEntries(
  database: TestDatabase,
  accountId: string,
  count: number,
  hint = true,
): Promise<void> {
  const client = new Client({ connectionString: database.ownerUrl });
  await client.connect();
  try {
    await client.query('begin');
    await client.query('select 1 from credit_balance where account_id = $1 for update', [
      accountId,
    ]);
    await client.query(
      `insert into credit_transaction
         (account_id, sequence, type, amount_micro, balance_after_micro, description, created_at)
       select account_id, sequence + n, 'SPEND', -1, total_micro - n, repeat('x', 200), now()
       from credit_balance, generate_series(1, $2::bigint) n where account_id = $1`,
      [accountId, count],
    );
    await client.query(
      `update credit_balance set sequence = sequence + $2::bigint, version = version + $2::bigint,
         total_micro = total_micro - $2::bigint,
         plan_micro = least(plan_micro, total_micro - purchased_micro - $2::bigint)
       where account_id = $1`,
      [accountId, count],
    );
    if (hint)
      await client.query("select pg_notify('tollgate', 'balance:' || $1::text)", [accountId]);
    await client.query('commit');
  } finally {
    await client.end();
  }
}

/** Says something to every gateway on this database. */
export async function notify(database: TestDatabase, hint: string): Promise<void> {
  const client = new Client({ connectionString: database.ownerUrl });
  await client.connect();
  await client.query("select pg_notify('tollgate', $1)", [hint]);
  await client.end();
}

/** Cuts the connections by which gateways listen; answers how many there were. */
export async function cutListeners(database: TestDatabase): Promise<number> {
  const client = new Client({ connectionString: database.appUrl });
  await client.connect();
  try {
    const { rowCount } = await client.query(
      `select pg_terminate_backend(pid) from pg_stat_activity
       where application_name = 'tollgate listener' and datname = current_database()`,
    );
    return rowCount ?? 0;
  } finally {
    await client.end();
  }
}

/** How many connections listen for gateways. */
export async function countListeners(database: TestDatabase): Promise<number> {
  const client = new Client({ connectionString: database.appUrl });
  await client.connect();
  try {
    const { rowCount } = await client.query(
      `select from pg_stat_activity
       where application_name = 'tollgate listener' and datname = current_database()`,
    );
    return rowCount ?? 0;
  } finally {
    await client.end();
  }
}

/** Hears on until the entry with this sequence; answers the events. */
export async function hearUntil(
  live: LiveSubscription<CreditBalanceChangedSubscription>,
  sequence: number,
): Promise<Heard[]> {
  const heard = await live.until(
    ({ creditBalanceChanged }) => creditBalanceChanged.balance.sequence >= sequence,
  );
  return heard.map(({ creditBalanceChanged }) => creditBalanceChanged);
}

export function sequencesOf(events: readonly Heard[]): number[] {
  return events.flatMap(({ transactions }) => transactions.map(({ sequence }) => sequence));
}

/** The numbers from one to another, both included. */
export function span(first: number, last: number): number[] {
  return Array.from({ length: last - first + 1 }, (_, index) => first + index);
}

/** Waits for something to become true. */
export async function eventually(
  condition: () => boolean | Promise<boolean>,
  withinMs = 10_000,
): Promise<void> {
  const deadline = performance.now() + withinMs;
  while (!(await condition())) {
    if (performance.now() > deadline)
      throw new Error(`It did not become true within ${withinMs} ms.`);
    await new Promise((resolve) => setImmediate(resolve));
  }
}
