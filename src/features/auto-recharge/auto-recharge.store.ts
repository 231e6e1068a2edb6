import { LockMode } from '@mikro-orm/core';
import type { InferEntity } from '@mikro-orm/postgresql';
import type { Database } from '../../platform/database/database.ts';
import type { Statement } from '../../platform/database/statement.ts';
import type { Transaction } from '../../platform/database/transaction.ts';
import { AutoRechargeSchema } from './auto-recharge.entity.ts';
import type { AutoRecharge } from './auto-recharge.model.ts';

type Row = InferEntity<typeof AutoRechargeSchema>;

const NEXT_CHECK: Statement = {
  name: 'auto_recharge_next_check',
  text: 'select min(check_at) as at from auto_recharge where check_at > $1',
};

/** Every query on the table of automatic recharges. */
export class AutoRechargeStore {
  readonly #database: Database;

  constructor(database: Database) {
    this.#database = database;
  }

  async of(accountIds: readonly string[]): Promise<AutoRecharge[]> {
    const where = { accountId: { $in: [...accountIds] } };
    return (await this.#database.read().find(AutoRechargeSchema, where)).map(toAutoRecharge);
  }

  async lock(tx: Transaction, accountId: string): Promise<AutoRecharge | null> {
    const options = { lockMode: LockMode.PESSIMISTIC_WRITE, refresh: true } as const;
    const row = await tx.em.findOne(AutoRechargeSchema, { accountId }, options);
    return row === null ? null : toAutoRecharge(row);
  }

  async save(tx: Transaction, { amount, ...rest }: AutoRecharge): Promise<void> {
    const { amountMinor, currency } = amount;
    await tx.em.upsert(AutoRechargeSchema, { ...rest, amountMinor, currency });
  }

  /** Takes accounts that are to be looked at. */
  async takeDue(tx: Transaction, now: Date, limit: number): Promise<string[]> {
    const rows = await tx.query<{ accountId: string }>(
      `update auto_recharge set check_at = null where account_id in (
         select account_id from auto_recharge where check_at <= $1 order by check_at limit $2 for update skip locked)
       returning account_id as "accountId"`,
      [now, limit],
    );
    return rows.map(({ accountId }) => accountId);
  }

  async nextCheck(after: Date): Promise<Date | null> {
    const [row] = await this.#database.query<{ at: Date | null }>(NEXT_CHECK, [after]);
    return row?.at ?? null;
  }
}

function toAutoRecharge(row: Row): AutoRecharge {
  const { amountMinor, currency, ...rest } = row;
  return { ...(rest as Omit<AutoRecharge, 'amount'>), amount: { amountMinor, currency } };
}
