import { GatheredReads } from '../../live/gathered-reads.ts';
import type { Database } from '../../platform/database/database.ts';
import type { Statement } from '../../platform/database/statement.ts';
import type { Transaction } from '../../platform/database/transaction.ts';
import type { Channel } from '../../platform/money.ts';
import { ProviderCustomerSchema } from './provider-customer.entity.ts';

const LARGEST_BATCH = 1_000;

const ACCOUNTS_OF: Statement = {
  name: 'provider_customer_accounts',
  text: `select channel, customer_id as id, account_id as "accountId"
    from provider_customer join unnest($1::text[], $2::text[]) as wanted (channel, customer_id)
      using (channel, customer_id)`,
};

/** Every query on the table of customers at providers. */
export class ProviderCustomerStore {
  readonly #database: Database;
  readonly #accounts: GatheredReads<string>;

  constructor(database: Database) {
    this.#database = database;
    this.#accounts = new GatheredReads({
      read: (customers) => this.#accountsOf(customers.map((customer) => JSON.parse(customer))),
      maxBatch: LARGEST_BATCH,
    });
  }

  async customerOf(accountId: string, channel: Channel): Promise<string | null> {
    const row = await this.#database.read().findOne(ProviderCustomerSchema, { accountId, channel });
    return row?.customerId ?? null;
  }

  /** Those who ask at the same time share one statement. */
  async accountOf(channel: Channel, customerId: string): Promise<string | null> {
    return (await this.#accounts.read(JSON.stringify([channel, customerId]))) ?? null;
  }

  /** When a customer was first asked for; now, when it was not yet. */
  async askedAt(accountId: string, channel: Channel, now: Date): Promise<Date> {
    const [row] = await this.#database.query<{ askedAt: Date }>(
      {
        name: 'provider_customer_asked_at',
        text: `with asked as (
            insert into provider_customer_request (account_id, channel, asked_at) values ($1, $2, $3)
              on conflict (account_id, channel) do nothing returning asked_at
          )
          select asked_at as "askedAt" from asked
          union all select asked_at from provider_customer_request where account_id = $1 and channel = $2`,
      },
      [accountId, channel, now],
    );
    return row?.askedAt ?? now;
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
        text: 'insert into provider_customer (account_id, channel, customer_id, created_at) values ($1, $2, $3, $4) on conflict (account_id, channel) do nothing',
      },
      [accountId, channel, customerId, now],
    );
  }

  async hasAny(tx: Transaction, channel: Channel): Promise<boolean> {
    const rows = await tx.query('select 1 from provider_customer where channel = $1 limit 1', [
      channel,
    ]);
    return rows.length > 0;
  }

  /** The revision that is stored of the list of a customer's cards. */
  async cardsRevision(accountId: string, channel: Channel): Promise<bigint> {
    const row = await this.#database.read().findOne(ProviderCustomerSchema, { accountId, channel });
    return row?.cardsRevision ?? 0n;
  }

  /** Counts the revision on, if it is still the one that is given; says whether it was. */
  async countOnCards(
    tx: Transaction,
    accountId: string,
    channel: Channel,
    revision: bigint,
  ): Promise<boolean> {
    const rows = await tx.query(
      `update provider_customer set cards_revision = cards_revision + 1
       where account_id = $1 and channel = $2 and cards_revision = $3 returning 1`,
      [accountId, channel, revision],
    );
    return rows.length > 0;
  }

  async #accountsOf(
    customers: readonly (readonly [Channel, string])[],
  ): Promise<Map<string, string>> {
    const rows = await this.#database.query<{ channel: Channel; id: string; accountId: string }>(
      ACCOUNTS_OF,
      [customers.map(([channel]) => channel), customers.map(([, id]) => id)],
    );
    return new Map(
      rows.map(({ channel, id, accountId }) => [JSON.stringify([channel, id]), accountId]),
    );
  }
}
