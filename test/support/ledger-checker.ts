import type { Database } from '../../src/platform/database/database.ts';

/** Every way in which a ledger could be wrong, and the rows that are. A right one has none. */
const FAULTS: Readonly<Record<string, string>> = {
  'the entries do not add up to the balance': `
    select b.account_id from credit_balance b
    left join credit_transaction t using (account_id)
    group by b.account_id, b.total_micro having coalesce(sum(t.amount_micro), 0) <> b.total_micro`,
  'the sequence has a gap, or the balance is not at its end': `
    select b.account_id from credit_balance b
    left join credit_transaction t using (account_id)
    group by b.account_id, b.sequence
    having count(t.sequence) <> b.sequence or coalesce(max(t.sequence), 0) <> b.sequence
      or coalesce(min(t.sequence), 1) <> 1`,
  'balanceAfter does not chain': `
    select account_id, sequence from (
      select account_id, sequence, balance_after_micro,
        sum(amount_micro) over (partition by account_id order by sequence) as reckoned
      from credit_transaction) as chain
    where balance_after_micro <> reckoned`,
  'an entry differs from its allocations': `
    select t.account_id, t.sequence from credit_transaction t
    left join credit_allocation a using (account_id, sequence)
    group by t.account_id, t.sequence, t.amount_micro having coalesce(sum(a.amount_micro), 0) <> t.amount_micro`,
  'an allocation has no entry, or another account’s grant': `
    select a.account_id, a.sequence from credit_allocation a
    left join credit_transaction t using (account_id, sequence)
    left join credit_grant g on g.id = a.grant_id
    where t.account_id is null or g.account_id is distinct from a.account_id`,
  'what is left of a grant differs from its allocations': `
    select g.id from credit_grant g left join credit_allocation a on a.grant_id = g.id
    group by g.id, g.remaining_micro having coalesce(sum(a.amount_micro), 0) <> g.remaining_micro`,
  'the grants do not add up to the balance and its parts': `
    select b.account_id from credit_balance b left join credit_grant g using (account_id)
    group by b.account_id
    having coalesce(sum(g.remaining_micro), 0) <> b.total_micro or coalesce(sum(g.held_micro), 0) <> b.held_micro
      or coalesce(sum(g.remaining_micro) filter (where g.source = 'PLAN'), 0) <> b.plan_micro
      or coalesce(sum(g.remaining_micro) filter (where g.source = 'PURCHASE'), 0) <> b.purchased_micro`,
  'a grant’s status belies what is in it': `
    select id from credit_grant where (status = 'PENDING' and remaining_micro <> 0)
      or (status = 'OPEN' and remaining_micro = 0) or (status = 'CLOSED' and remaining_micro <> held_micro)`,
  'a balance is negative, or less than what is held': `
    select account_id from credit_balance where total_micro < held_micro or total_micro < 0 or held_micro < 0`,
  'something is due sooner than the balance knows': `
    select b.account_id from credit_balance b join credit_grant g using (account_id)
    where (g.status = 'PENDING' and b.next_due_at is distinct from least(b.next_due_at, g.effective_at))
       or (g.status = 'OPEN' and b.next_due_at is distinct from least(b.next_due_at, g.expires_at))`,
  'what a grant holds differs from its open holds and disputes': `
    select g.id from credit_grant g left join credit_reversal r on r.grant_id = g.id
    left join (
      select t.grant_id, sum(t.amount_micro) as held from credit_hold h
      join credit_hold_allocation t on t.account_id = h.account_id and t.hold_id = h.id
      where h.status = 'OPEN' group by t.grant_id) as open on open.grant_id = g.id
    where g.held_micro <> coalesce(open.held, 0) + coalesce(r.held_micro, 0)`,
  'what was taken back of a grant differs from its entries': `
    select g.id from credit_grant g
    left join (
      select a.grant_id, sum(a.amount_micro) as moved from credit_allocation a
      join credit_transaction t using (account_id, sequence)
      where t.type in ('REFUND', 'CLAWBACK') group by a.grant_id) as back on back.grant_id = g.id
    where g.reversed_micro <> -coalesce(back.moved, 0)`,
  'what is owed is not what was reversed and could not be taken': `
    select b.account_id from credit_balance b
    left join (select account_id, sum(refunded_micro + lost_micro - forgiven_micro) as due from credit_reversal
      group by account_id) r using (account_id)
    left join (select account_id, sum(reversed_micro) as taken from credit_grant group by account_id) g using (account_id)
    where b.owed_micro <> coalesce(r.due, 0) - coalesce(g.taken, 0)`,
  'a hold differs from its allocations': `
    select h.id from credit_hold h
    left join credit_hold_allocation t on t.account_id = h.account_id and t.hold_id = h.id
    group by h.id, h.amount_micro, h.captured_micro
    having coalesce(sum(t.amount_micro), 0) <> h.amount_micro or coalesce(sum(t.captured_micro), 0) <> h.captured_micro`,
  'a hold expires sooner than the balance knows': `
    select b.account_id from credit_balance b join credit_hold h using (account_id)
    where h.status = 'OPEN' and b.next_due_at is distinct from least(b.next_due_at, h.expires_at)`,
  'an idempotency key has no entry of its own': `
    select k.account_id, k.operation, k.key from idempotency_key k
    left join credit_transaction t using (account_id, sequence)
    where t.idempotency_key is distinct from k.key`,
  'an entry’s idempotency key was not kept': `
    select t.account_id, t.sequence from credit_transaction t
    left join idempotency_key k on k.account_id = t.account_id and k.sequence = t.sequence and k.key = t.idempotency_key
    where t.idempotency_key is not null and k.key is null`,
};

/** What is wrong with the whole ledger of this database; nothing, when it is right. For owners and the gateway's role alike. */
export async function ledgerFaults(database: Database): Promise<string[]> {
  const found: string[] = [];
  const client = await database.pool.connect();
  try {
    // Nobody has counted these tables yet, and a plan for empty ones takes hours on full ones.
    await client.query('begin; set local enable_nestloop = off');
    for (const [fault, query] of Object.entries(FAULTS)) {
      const { rows } = await client.query(`${query} limit 3`);
      for (const row of rows) found.push(`${fault}: ${Object.values(row).join(' ')}`);
    }
    await client.query('rollback');
  } finally {
    client.release();
  }
  return found;
}
