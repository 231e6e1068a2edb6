import type { Database } from '../../platform/database/database.ts';
import type { Statement } from '../../platform/database/statement.ts';
import type { Transaction } from '../../platform/database/transaction.ts';
import type { Promotion } from './lifecycle.model.ts';

const COLUMNS = `account_id as "accountId", started_at as "startedAt", ends_at as "endsAt",
  provider_subscription_id as "providerSubscriptionId", check_at as "checkAt"`;

const OF_ACCOUNT: Statement = {
  name: 'promotion_of_account',
  text: `select ${COLUMNS} from promotion where account_id = $1`,
};
const NEXT_CHECK: Statement = {
  name: 'promotion_next_check',
  text: 'select min(check_at) as at from promotion where check_at > $1',
};

/** Every query on the table of promotions. */
export class PromotionStore {
  readonly #database: Database;

  constructor(database: Database) {
    this.#database = database;
  }

  async insert(tx: Transaction, promotion: Promotion): Promise<void> {
    const { accountId, startedAt, endsAt, checkAt } = promotion;
    await tx.query(
      'insert into promotion (account_id, started_at, ends_at, check_at) values ($1, $2, $3, $4)',
      [accountId, startedAt, endsAt, checkAt],
    );
  }

  async of(accountId: string): Promise<Promotion | null> {
    const [row] = await this.#database.query<Promotion>(OF_ACCOUNT, [accountId]);
    return row ?? null;
  }

  async rememberSubscription(tx: Transaction, accountId: string, id: string): Promise<void> {
    await tx.query('update promotion set provider_subscription_id = $2 where account_id = $1', [
      accountId,
      id,
    ]);
  }

  async end(tx: Transaction, accountId: string): Promise<void> {
    await tx.query('update promotion set check_at = null where account_id = $1', [accountId]);
  }

  /** Takes promotions that are due to be looked at, each until `next`; those in other hands are left to them. */
  async takeDue(tx: Transaction, now: Date, next: Date, limit: number): Promise<string[]> {
    const rows = await tx.query<{ accountId: string }>(
      `update promotion set check_at = $2 where account_id in (
          select account_id from promotion where check_at <= $1
          order by check_at, account_id limit $3 for update skip locked)
        returning account_id as "accountId"`,
      [now, next, limit],
    );
    return rows.map(({ accountId }) => accountId);
  }

  async nextCheck(after: Date): Promise<Date | null> {
    const [row] = await this.#database.query<{ at: Date | null }>(NEXT_CHECK, [after]);
    return row?.at ?? null;
  }
}
