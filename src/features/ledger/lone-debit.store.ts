import type { Database } from '../../platform/database/database.ts';
import type { Statement } from '../../platform/database/statement.ts';
import type { CreditBalance } from './ledger.model.ts';
import type { HashedDebit } from './ledger.store.ts';

// Nothing of it happens unless all of it is as simple as it looks: a new key, an account that may spend, nothing due, and
// the first grant in burn order covers the debit. Locks go account first. A balance that had to be waited for is newer than
// the rest of what this statement sees: then its version differs, and the debit takes the long way.
const SPEND_ALONE: Statement = {
  name: 'credit_spend_alone',
  text: `
    with locked as materialized (
      select b.* from account a join credit_balance b on b.account_id = a.id
      where a.id = $2 and a.status not in ('SUSPENDED', 'DELETED') and (a.blocked_at > $1) is not false
        and b.owed_micro = 0 and b.total_micro - b.held_micro >= $3 and (b.next_due_at > $1) is not false
      for share of a for update of b
    ), simple as materialized (
      select l.*, g.id as grant_id, g.source from locked l
      cross join lateral (
        select id, source, remaining_micro - held_micro as spendable from credit_grant
        where account_id = $2 and status = 'OPEN' and remaining_micro > held_micro
        order by priority, expires_at, effective_at, id limit 1
      ) g
      where g.spendable >= $3 and l.version = (select version from credit_balance where account_id = $2)
        and not exists (select 1 from idempotency_key where account_id = $2 and operation = $4 and key = $5)
    ), key as (
      insert into idempotency_key select account_id, $4, $5, $6::bytea, sequence + 1 from simple
    ), entry as (
      insert into credit_transaction
        select account_id, sequence + 1, 'SPEND', $7, -$3::bigint, total_micro - $3, $8, $9::jsonb, $5, $1 from simple
    ), allocation as (
      insert into credit_allocation select account_id, sequence + 1, grant_id, -$3::bigint from simple
    ), burnt as (
      update credit_grant g set remaining_micro = g.remaining_micro - $3,
        status = case when g.remaining_micro = $3 then 'CLOSED' else 'OPEN' end
      from simple where g.id = simple.grant_id
    ), told as materialized (
      select ledger_notify(array[account_id]) from simple
    )
    update credit_balance b set sequence = b.sequence + 1, version = b.version + 1, total_micro = b.total_micro - $3,
      plan_micro = b.plan_micro - case simple.source when 'PLAN' then $3 else 0 end,
      purchased_micro = b.purchased_micro - case simple.source when 'PURCHASE' then $3 else 0 end
    from simple, told where b.account_id = simple.account_id
    returning b.account_id as "accountId", b.sequence, b.version, b.total_micro as "totalMicro", b.plan_micro as "planMicro",
      b.purchased_micro as "purchasedMicro", b.held_micro as "heldMicro", b.owed_micro as "owedMicro"`,
};

/** The short way of a spend that comes alone and meets nothing unusual. */
export class LoneDebitStore {
  readonly #database: Database;

  constructor(database: Database) {
    this.#database = database;
  }

  /** Applies a spend in one plain statement; null, and nothing done, when only the long way can say what becomes of it. */
  async spend(debit: HashedDebit, now: Date): Promise<CreditBalance | null> {
    if (debit.type !== 'SPEND') return null;
    const [balance] = await this.#database.query<CreditBalance>(SPEND_ALONE, [
      now,
      debit.accountId,
      debit.amountMicro,
      debit.operation,
      debit.idempotencyKey,
      debit.requestHash,
      debit.usageType,
      debit.description,
      debit.metadata === null ? null : JSON.stringify(debit.metadata),
    ]);
    return balance ?? null;
  }
}
