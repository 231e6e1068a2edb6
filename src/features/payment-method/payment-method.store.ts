import type { InferEntity } from '@mikro-orm/postgresql';
import type { Database } from '../../platform/database/database.ts';
import type { Transaction } from '../../platform/database/transaction.ts';
import type { Channel } from '../../platform/money.ts';
import { PaymentMethodSchema } from './payment-method.entity.ts';
import type { PaymentMethod } from './payment-method.model.ts';

type Row = InferEntity<typeof PaymentMethodSchema>;

/** Every query on the table of payment methods. */
export class PaymentMethodStore {
  readonly #database: Database;

  constructor(database: Database) {
    this.#database = database;
  }

  /** What accounts can be charged with now: the default first, then in the order in which they came. */
  async attachedTo(accountIds: readonly string[]): Promise<PaymentMethod[]> {
    const rows = await this.#database
      .read()
      .find(
        PaymentMethodSchema,
        { accountId: { $in: [...accountIds] }, detachedAt: null },
        { orderBy: { isDefault: 'desc', attachedAt: 'asc', id: 'asc' } },
      );
    return rows.map(toPaymentMethod);
  }

  async byId(id: string): Promise<PaymentMethod | null> {
    const row = await this.#database.read().findOne(PaymentMethodSchema, { id });
    return row === null ? null : toPaymentMethod(row);
  }

  async byProviderId(
    channel: Channel,
    providerPaymentMethodId: string,
  ): Promise<PaymentMethod | null> {
    const row = await this.#database
      .read()
      .findOne(PaymentMethodSchema, { channel, providerPaymentMethodId });
    return row === null ? null : toPaymentMethod(row);
  }

  /** Everything that an account ever had at a provider. The caller holds the account's lock. */
  async known(tx: Transaction, accountId: string, channel: Channel): Promise<PaymentMethod[]> {
    const rows = await tx.em.find(PaymentMethodSchema, { accountId, channel }, { refresh: true });
    return rows.map(toPaymentMethod);
  }

  /** Writes methods as they are now; those that are no default go first, since there is one default at most. */
  async save(tx: Transaction, methods: readonly PaymentMethod[]): Promise<void> {
    const defaultLast = methods.toSorted((a, b) => Number(a.isDefault) - Number(b.isDefault));
    for (const method of defaultLast) await tx.em.upsert(PaymentMethodSchema, { ...method });
  }
}

function toPaymentMethod(row: Row): PaymentMethod {
  return { ...(row as unknown as PaymentMethod) };
}
