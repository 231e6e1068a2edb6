import { LockMode } from '@mikro-orm/core';
import type { Database } from '../../platform/database/database.ts';
import type { Statement } from '../../platform/database/statement.ts';
import type { Transaction } from '../../platform/database/transaction.ts';
import type { Channel } from '../../platform/money.ts';
import { ReversalSchema } from './reversal.entity.ts';
import type { Reversal } from './reversal.model.ts';

const REVISION: Statement = {
  name: 'payment_reversal_revision',
  text: 'select revision from payment_reversal where channel = $1 and provider_payment_id = $2',
};
const NEXT_CHECK: Statement = {
  name: 'payment_reversal_next_check',
  text: 'select min(check_at) as at from payment_reversal where check_at > $1',
};

/** Every query on the table of payments that went back. */
export class ReversalStore {
  readonly #database: Database;

  constructor(database: Database) {
    this.#database = database;
  }

  /** 0 for one that is not known yet. */
  async revisionOf(channel: Channel, paymentId: string): Promise<bigint> {
    const [row] = await this.#database.query<{ revision: bigint }>(REVISION, [channel, paymentId]);
    return row?.revision ?? 0n;
  }

  async lock(tx: Transaction, channel: Channel, paymentId: string): Promise<Reversal | null> {
    return this.#find(tx, { channel, providerPaymentId: paymentId });
  }

  async lockOfInvoice(tx: Transaction, channel: Channel, id: string): Promise<Reversal | null> {
    return this.#find(tx, { channel, providerInvoiceId: id });
  }

  /** That of the payment with which a subscription began. */
  async lockOfBeginning(tx: Transaction, channel: Channel, id: string): Promise<Reversal | null> {
    return this.#find(tx, { channel, providerSubscriptionId: id, isFirstInvoice: true });
  }

  async save(tx: Transaction, reversal: Reversal): Promise<void> {
    await tx.em.upsert(ReversalSchema, reversal);
  }

  /** Takes payments whose dispute is to be looked at, and says when to look again. */
  async takeDue(
    tx: Transaction,
    now: Date,
    nextCheckAt: Date,
    limit: number,
  ): Promise<Pick<Reversal, 'channel' | 'providerPaymentId'>[]> {
    return tx.query(
      `update payment_reversal r set check_at = $2 from (
         select channel, provider_payment_id from payment_reversal where check_at <= $1
         order by check_at limit $3 for update skip locked) due
       where r.channel = due.channel and r.provider_payment_id = due.provider_payment_id
       returning r.channel, r.provider_payment_id as "providerPaymentId"`,
      [now, nextCheckAt, limit],
    );
  }

  async nextCheck(after: Date): Promise<Date | null> {
    const [row] = await this.#database.query<{ at: Date | null }>(NEXT_CHECK, [after]);
    return row?.at ?? null;
  }

  async #find(tx: Transaction, where: Partial<Reversal>): Promise<Reversal | null> {
    const options = { lockMode: LockMode.PESSIMISTIC_WRITE, refresh: true } as const;
    return (await tx.em.findOne(ReversalSchema, where, options)) as Reversal | null;
  }
}
