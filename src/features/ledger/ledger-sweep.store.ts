import type { Database } from '../../platform/database/database.ts';
import type { Statement } from '../../platform/database/statement.ts';
import type { Transaction } from '../../platform/database/transaction.ts';

const SWEEP: Statement = { name: 'ledger_sweep', text: 'select ledger_sweep($1, $2) as swept' };
const NEXT_DUE: Statement = {
  name: 'credit_balance_next_due',
  text: 'select min(next_due_at) as at from credit_balance where next_due_at > $1',
};

/** What can be spent, whether or not something is owed, and what is owed. */
export interface WatchedBalance {
  readonly availableMicro: bigint;
  readonly owedMicro: bigint;
}

/** What of the ledger falls due by time. */
export class LedgerSweepStore {
  readonly #database: Database;

  constructor(database: Database) {
    this.#database = database;
  }

  /** Brings at most so many balances up to the instant; answers how many there were. */
  async sweep(now: Date, limit: number): Promise<number> {
    const [row] = await this.#database.query<{ swept: number }>(SWEEP, [now, limit]);
    return row?.swept ?? 0;
  }

  async nextDueAt(after: Date): Promise<Date | null> {
    const [row] = await this.#database.query<{ at: Date | null }>(NEXT_DUE, [after]);
    return row?.at ?? null;
  }

  async lockBalances(tx: Transaction, accountIds: readonly string[]): Promise<void> {
    await tx.query(
      'select 1 from credit_balance where account_id = any ($1::uuid[]) order by account_id for update',
      [[...accountIds]],
    );
  }

  async expired(tx: Transaction, accountId: string, grantIds: readonly string[]): Promise<bigint> {
    const [row] = await tx.query<{ expired: bigint }>(
      'select ledger_expired($1, $2::uuid[]) as expired',
      [accountId, [...grantIds]],
    );
    return row?.expired ?? 0n;
  }

  async watch(
    tx: Transaction,
    accountId: string,
    lowMarkMicro: bigint | null,
    now: Date,
  ): Promise<WatchedBalance> {
    const [row] = await tx.query<WatchedBalance>(
      'select available_micro as "availableMicro", owed_micro as "owedMicro" from ledger_watch($1, $2, $3)',
      [now, accountId, lowMarkMicro],
    );
    return row as WatchedBalance;
  }

  async settle(tx: Transaction, accountId: string, now: Date): Promise<void> {
    await tx.query('select ledger_settle($1, $2)', [accountId, now]);
  }
}
