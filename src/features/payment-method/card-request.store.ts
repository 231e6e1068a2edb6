import type { Database } from '../../platform/database/database.ts';
import type { Transaction } from '../../platform/database/transaction.ts';
import { CardRequestSchema } from './payment-method.entity.ts';
import type { CardOperation, CardRequest } from './payment-method.model.ts';

/** Every query on the table of requests that save a card. */
export class CardRequestStore {
  readonly #database: Database;

  constructor(database: Database) {
    this.#database = database;
  }

  /** Stores a request unless its key was used before; says whether it did. */
  async insert(tx: Transaction, request: CardRequest): Promise<boolean> {
    const rows = await tx.query(
      `insert into card_request (id, account_id, channel, operation, idempotency_key, request_hash,
         asked_payment_method_id, progress, attempt, created_at, updated_at)
       values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $10)
       on conflict (account_id, operation, idempotency_key) do nothing returning 1`,
      [
        request.id,
        request.accountId,
        request.channel,
        request.operation,
        request.idempotencyKey,
        request.requestHash,
        request.askedPaymentMethodId,
        request.progress,
        request.attempt,
        request.createdAt,
      ],
    );
    return rows.length > 0;
  }

  async byKey(
    accountId: string,
    operation: CardOperation,
    idempotencyKey: string,
  ): Promise<CardRequest | null> {
    const where = { accountId, operation, idempotencyKey };
    const row = await this.#database.read().findOne(CardRequestSchema, where);
    return row as CardRequest | null;
  }

  async byId(id: string): Promise<CardRequest | null> {
    return (await this.#database.read().findOne(CardRequestSchema, { id })) as CardRequest | null;
  }

  /** Notes how far a request has come. One that is done stays so. */
  async update(
    request: CardRequest,
    changes: Partial<
      Pick<CardRequest, 'progress' | 'providerPaymentMethodId' | 'attempt' | 'updatedAt'>
    >,
  ): Promise<void> {
    await this.#database
      .read()
      .nativeUpdate(CardRequestSchema, { id: request.id, progress: { $ne: 'DONE' } }, changes);
  }
}
