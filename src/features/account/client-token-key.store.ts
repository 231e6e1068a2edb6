import type { Database } from '../../platform/database/database.ts';
import type { Statement } from '../../platform/database/statement.ts';
import type { Transaction } from '../../platform/database/transaction.ts';

/** What a signing key is derived from. Its instants are real time. */
export interface ClientTokenSeed {
  readonly id: string;
  readonly seed: Buffer;
  readonly createdAt: Date;
  /** Null: it signs. */
  readonly rotatedAt: Date | null;
}

const SEEDS: Statement = {
  name: 'client_token_keys',
  text: `select id, seed, created_at as "createdAt", rotated_at as "rotatedAt" from client_token_key
    where secret_mark = $1 order by created_at desc, id desc`,
};

/** Every query on the table of signing keys. */
export class ClientTokenKeyStore {
  readonly #database: Database;

  constructor(database: Database) {
    this.#database = database;
  }

  /** The keys of this secret, newest first. */
  seeds(mark: Buffer): Promise<ClientTokenSeed[]> {
    return this.#database.query<ClientTokenSeed>(SEEDS, [mark]);
  }

  /** Retires the key that signs when it was made before this instant; of several processes one does. */
  async retire(tx: Transaction, mark: Buffer, madeBefore: Date, now: Date): Promise<void> {
    await tx.query(
      `update client_token_key set rotated_at = $3
        where secret_mark = $1 and rotated_at is null and created_at <= $2`,
      [mark, madeBefore, now],
    );
  }

  /** Adds a key that signs, unless there is one. */
  async add(tx: Transaction, mark: Buffer, made: ClientTokenSeed): Promise<void> {
    await tx.query(
      `insert into client_token_key (id, secret_mark, seed, created_at) values ($1, $2, $3, $4)
        on conflict (secret_mark) where rotated_at is null do nothing`,
      [made.id, mark, made.seed, made.createdAt],
    );
  }

  /** Deletes keys whose last tokens have expired, of whatever secret; and what nobody has rotated for long. */
  async forget(tx: Transaction, rotatedBefore: Date, madeBefore: Date): Promise<void> {
    await tx.query('delete from client_token_key where rotated_at <= $1 or created_at <= $2', [
      rotatedBefore,
      madeBefore,
    ]);
  }
}
