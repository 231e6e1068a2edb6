import type { Database } from '../../platform/database/database.ts';
import type { Channel } from '../../platform/money.ts';
import { ProviderCustomerSchema } from './provider-customer.entity.ts';

/** Every query on the table of customers at providers. */
export class ProviderCustomerStore {
  readonly #database: Database;

  constructor(database: Database) {
    this.#database = database;
  }

  async customerOf(accountId: string, channel: Channel): Promise<string | null> {
    const row = await this.#database.read().findOne(ProviderCustomerSchema, { accountId, channel });
    return row?.customerId ?? null;
  }

  async accountOf(channel: Channel, customerId: string): Promise<string | null> {
    const row = await this.#database
      .read()
      .findOne(ProviderCustomerSchema, { channel, customerId });
    return row?.accountId ?? null;
  }

  /** Remembers the customer; the first one that was remembered stays. */
  async remember(
    accountId: string,
    channel: Channel,
    customerId: string,
    now: Date,
  ): Promise<void> {
    await this.#database.query(
      {
        name: 'provider_customer_remember',
        text: 'insert into provider_customer values ($1, $2, $3, $4) on conflict (account_id, channel) do nothing',
      },
      [accountId, channel, customerId, now],
    );
  }
}
