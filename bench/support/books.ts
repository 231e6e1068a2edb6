import { Client } from 'pg';

/** Rows that a race left in a contestant's database. */
export interface Books {
  readonly spends: number;
  readonly allocations: number;
  readonly keys: number;
}

/** Every sentence names rows that would contradict it; all of them must find none. */
const LAWS: Readonly<Record<string, string>> = {
  'entries sum to the balance': `
    select from credit_balance b left join (
      select account_id, sum(amount_micro) as total, max(sequence) as last, count(*) as entries
      from credit_transaction group by account_id) t using (account_id)
    where b.total_micro <> coalesce(t.total, 0) or b.sequence <> coalesce(t.last, 0) or b.sequence <> coalesce(t.entries, 0)`,
  'balances after chain': `
    select from (
      select balance_after_micro, sum(amount_micro) over (partition by account_id order by sequence) as running
      from credit_transaction) e
    where balance_after_micro <> running`,
  'allocations sum to their entry': `
    select from credit_transaction t left join (
      select account_id, sequence, sum(amount_micro) as total from credit_allocation group by account_id, sequence) a
      using (account_id, sequence)
    where t.amount_micro <> coalesce(a.total, 0)`,
  'allocations sum to what is left of their grant': `
    select from credit_grant g left join (
      select grant_id, sum(amount_micro) as total from credit_allocation group by grant_id) a on a.grant_id = g.id
    where g.remaining_micro <> coalesce(a.total, 0)`,
  'grants sum to the parts of the balance': `
    select from credit_balance b left join (
      select account_id, sum(remaining_micro) as total,
        sum(remaining_micro) filter (where source = 'PLAN') as plan,
        sum(remaining_micro) filter (where source = 'PURCHASE') as purchased
      from credit_grant group by account_id) g using (account_id)
    where (b.total_micro, b.plan_micro, b.purchased_micro)
      is distinct from (coalesce(g.total, 0), coalesce(g.plan, 0), coalesce(g.purchased, 0))`,
  'every spend has its key': `
    select from credit_transaction t left join idempotency_key k
      on k.account_id = t.account_id and k.sequence = t.sequence and k.key = t.idempotency_key
    where t.type = 'SPEND' and k.key is null`,
};

const COUNTS = `select
  (select count(*)::int from credit_transaction where type = 'SPEND') as spends,
  (select count(*)::int from credit_allocation where amount_micro < 0) as allocations,
  (select count(*)::int from idempotency_key where operation = 'spendCredits') as keys`;

/** Counts the rows of a race and makes sure that the ledger adds up; throws when it does not. */
export async function auditBooks(databaseUrl: string): Promise<Books> {
  const client = new Client({ connectionString: databaseUrl });
  await client.connect();
  try {
    await client.query('analyze');
    for (const [law, contradiction] of Object.entries(LAWS)) {
      // Counted, not looked for: for the first of them a plan would be made that takes for ever to find none.
      const count = `select count(*)::int as count from (${contradiction}) as c`;
      const { rows } = await client.query<{ count: number }>(count);
      if (rows[0]?.count !== 0)
        throw new Error(`The ledger does not hold: ${law} (${databaseUrl})`);
    }
    const { rows } = await client.query<Books>(COUNTS);
    return rows[0] as Books;
  } finally {
    await client.end();
  }
}
