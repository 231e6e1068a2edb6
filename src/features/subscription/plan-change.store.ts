import type { InferEntity } from '@mikro-orm/postgresql';
import type { Database } from '../../platform/database/database.ts';
import type { Transaction } from '../../platform/database/transaction.ts';
import { PlanChangeQuoteSchema, PlanChangeSchema } from './plan-change.entity.ts';
import type { PlanChange, PlanChangeQuote } from './plan-change.model.ts';

type QuoteRow = InferEntity<typeof PlanChangeQuoteSchema>;

/** Every query on the tables of plan changes and their quotes. */
export class PlanChangeStore {
  readonly #database: Database;

  constructor(database: Database) {
    this.#database = database;
  }

  async insertQuote(quote: PlanChangeQuote): Promise<void> {
    const { amountDueNow, ...rest } = quote;
    await this.#database.read().insert(PlanChangeQuoteSchema, {
      ...rest,
      amountDueMinor: amountDueNow.amountMinor,
      currency: amountDueNow.currency,
    });
  }

  async quote(id: string): Promise<PlanChangeQuote | null> {
    const row = await this.#database.read().findOne(PlanChangeQuoteSchema, { id });
    return row === null ? null : toQuote(row);
  }

  /** Stores a change unless its key was used before; says whether it did. */
  async insert(tx: Transaction, change: PlanChange): Promise<boolean> {
    const rows = await tx.query(
      `insert into plan_change (id, account_id, subscription_id, to_price_id, timing, reckoned_at, effective_at,
         idempotency_key, request_hash, progress, attempt, created_at, updated_at)
       values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $12)
       on conflict (account_id, idempotency_key) do nothing returning 1`,
      [
        change.id,
        change.accountId,
        change.subscriptionId,
        change.toPriceId,
        change.timing,
        change.reckonedAt,
        change.effectiveAt,
        change.idempotencyKey,
        change.requestHash,
        change.progress,
        change.attempt,
        change.createdAt,
      ],
    );
    return rows.length > 0;
  }

  async byKey(accountId: string, idempotencyKey: string): Promise<PlanChange | null> {
    const row = await this.#database
      .read()
      .findOne(PlanChangeSchema, { accountId, idempotencyKey });
    return row as PlanChange | null;
  }

  async byId(id: string): Promise<PlanChange | null> {
    return (await this.#database.read().findOne(PlanChangeSchema, { id })) as PlanChange | null;
  }

  /** The last change of a subscription to this price that was not refused. */
  async latestTo(
    tx: Transaction,
    subscriptionId: string,
    toPriceId: string,
  ): Promise<PlanChange | null> {
    const where = { subscriptionId, toPriceId, progress: { $ne: 'REFUSED' } } as const;
    const row = await tx.em.findOne(PlanChangeSchema, where, { orderBy: { createdAt: 'desc' } });
    return row as PlanChange | null;
  }

  /** Notes how far a change has come. One that is done stays so. */
  async update(
    change: PlanChange,
    changes: Partial<Pick<PlanChange, 'progress' | 'attempt' | 'updatedAt'>>,
  ): Promise<void> {
    await this.#database
      .read()
      .nativeUpdate(PlanChangeSchema, { id: change.id, progress: { $ne: 'DONE' } }, changes);
  }
}

function toQuote(row: QuoteRow): PlanChangeQuote {
  const { amountDueMinor: amountMinor, currency, ...rest } = row;
  return {
    ...(rest as Omit<PlanChangeQuote, 'amountDueNow'>),
    amountDueNow: { amountMinor, currency },
  };
}
