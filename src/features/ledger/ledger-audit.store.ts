import type { Database } from '../../platform/database/database.ts';
import type { Statement } from '../../platform/database/statement.ts';

/** A balance that its entries, allocations or grants do not add up to. */
export interface Discrepancy {
  readonly accountId: string;
  readonly problem: string;
}

const ACCOUNTS: Statement = {
  name: 'ledger_audit_accounts',
  text: 'select account_id as "accountId" from credit_balance where account_id > $1 order by account_id limit $2',
};

// One statement is one snapshot: what moves meanwhile is seen wholly or not at all.
const DISCREPANCIES: Statement = {
  name: 'ledger_audit',
  text: `
    with balances as (select * from credit_balance where account_id = any ($1::uuid[])),
    entries as (
      select t.account_id, t.sequence, t.amount_micro, t.balance_after_micro,
        row_number() over w as position, sum(t.amount_micro) over w as running,
        coalesce((select sum(a.amount_micro) from credit_allocation a
          where a.account_id = t.account_id and a.sequence = t.sequence), 0) as allocated
      from credit_transaction t where t.account_id = any ($1::uuid[])
      window w as (partition by t.account_id order by t.sequence)
    ),
    sums as (
      select account_id, count(*) as entries, max(sequence) as last, sum(amount_micro) as total,
        bool_or(position <> sequence) as has_gap, bool_or(running <> balance_after_micro) as is_broken,
        bool_or(allocated <> amount_micro) as is_unexplained
      from entries group by account_id
    ),
    grants as (
      select account_id, sum(remaining_micro) as total, sum(held_micro) as held, sum(reversed_micro) as reversed,
        sum(remaining_micro) filter (where source = 'PLAN') as plan,
        sum(remaining_micro) filter (where source = 'PURCHASE') as purchased
      from credit_grant where account_id = any ($1::uuid[]) group by account_id
    ),
    reversals as (
      select account_id, sum(refunded_micro + lost_micro - forgiven_micro) as due
      from credit_reversal where account_id = any ($1::uuid[]) group by account_id
    ),
    checks as (
      select b.account_id, p.problem from balances b
      left join sums s using (account_id) left join grants g using (account_id)
      left join reversals r using (account_id)
      cross join lateral (values
        ('the entries do not add up to the balance', coalesce(s.total, 0) <> b.total_micro),
        ('the sequence has a gap', coalesce(s.has_gap, false) or coalesce(s.last, 0) <> b.sequence),
        ('an entry does not carry the balance after it', coalesce(s.is_broken, false)),
        ('an entry is not explained by the grants it touched', coalesce(s.is_unexplained, false)),
        ('the grants do not add up to the balance', coalesce(g.total, 0) <> b.total_micro),
        ('the grants do not add up to what is held', coalesce(g.held, 0) <> b.held_micro),
        ('the grants do not add up to the plan credits', coalesce(g.plan, 0) <> b.plan_micro),
        ('the grants do not add up to the bought credits', coalesce(g.purchased, 0) <> b.purchased_micro),
        ('what was paid back and not taken is not what is owed', coalesce(r.due, 0) - coalesce(g.reversed, 0) <> b.owed_micro)
      ) as p (problem, is_wrong) where p.is_wrong
    )
    select account_id as "accountId", problem from checks order by account_id, problem`,
};

/** Reads the whole ledger against itself. */
export class LedgerAuditStore {
  readonly #database: Database;

  constructor(database: Database) {
    this.#database = database;
  }

  async accountsAfter(accountId: string, limit: number): Promise<string[]> {
    const rows = await this.#database.query<{ accountId: string }>(ACCOUNTS, [accountId, limit]);
    return rows.map((row) => row.accountId);
  }

  discrepancies(accountIds: readonly string[]): Promise<Discrepancy[]> {
    return this.#database.query<Discrepancy>(DISCREPANCIES, [[...accountIds]]);
  }
}
