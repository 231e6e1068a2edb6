import { LockMode } from '@mikro-orm/postgresql';
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

  /** The account, locked until the transaction ends: before its balance, and several in the order of their ids. */
  lock(tx: Transaction, id: string): Promise<Account | null> {
    const lockMode = LockMode.PESSIMISTIC_WRITE;
    return tx.em.findOne(
      AccountSchema,
      { id },
      { lockMode, refresh: true },
    ) as Promise<Account | null>;
  }

  async update(tx: Transaction, id: string, change: Partial<Account>): Promise<void> {
    await tx.em.nativeUpdate(AccountSchema, { id }, change);
  }
}
