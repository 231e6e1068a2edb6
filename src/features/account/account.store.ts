import type { Database } from '../../platform/database/database.ts';
import type { Transaction } from '../../platform/database/transaction.ts';
import { AccountSchema } from './account.entity.ts';
import type { Account } from './account.model.ts';

/** Every query on the table of accounts. */
export class AccountStore {
  readonly #database: Database;

  constructor(database: Database) {
    this.#database = database;
  }

  async insert(tx: Transaction, account: Account): Promise<void> {
    await tx.em.insert(AccountSchema, { ...account });
  }

  byId(id: string): Promise<Account | null> {
    return this.#database.read().findOne(AccountSchema, { id }) as Promise<Account | null>;
  }

  byIds(ids: readonly string[]): Promise<Account[]> {
    return this.#database.read().find(AccountSchema, { id: { $in: [...ids] } }) as Promise<
      Account[]
    >;
  }

  byExternalId(externalId: string): Promise<Account | null> {
    return this.#database.read().findOne(AccountSchema, { externalId }) as Promise<Account | null>;
  }

  /**
   * The account, locked until the transaction ends: before its balance, and several in the order of their ids. As `update`
   * would lock it and no harder: rows that refer to the account may be written meanwhile, by whoever holds its balance.
   */
  async lock(tx: Transaction, id: string): Promise<Account | null> {
    await tx.query('select 1 from account where id = $1 for no key update', [id]);
    return tx.em.findOne(AccountSchema, { id }, { refresh: true }) as Promise<Account | null>;
  }

  async update(tx: Transaction, id: string, change: Partial<Account>): Promise<void> {
    await tx.em.nativeUpdate(AccountSchema, { id }, change);
  }
}
