import type { Database } from '../../platform/database/database.ts';
import type { Transaction } from '../../platform/database/transaction.ts';
import type { Channel } from '../../platform/money.ts';
import type { ProviderEnvironment } from './reconciliation.model.ts';

/** Every query on what is known of providers up to when, and of their environments. */
export class ReconciliationStore {
  readonly #database: Database;

  constructor(database: Database) {
    this.#database = database;
  }

  /** Up to when everything that a provider announced is in the inbox; begins `now` for one that was never looked at. */
  async knownUntil(channel: Channel, now: Date): Promise<Date> {
    const [row] = await this.#database.query<{ knownUntil: Date }>(
      {
        name: 'provider_watermark',
        text: `with begun as (
            insert into provider_watermark (channel, known_until, updated_at) values ($1, $2, $2)
              on conflict (channel) do nothing returning known_until
          )
          select known_until as "knownUntil" from begun
          union all select known_until from provider_watermark where channel = $1`,
      },
      [channel, now],
    );
    return row?.knownUntil ?? now;
  }

  /** Moves the watermark; it never goes back. */
  async know(channel: Channel, until: Date, now: Date): Promise<void> {
    await this.#database.query(
      {
        name: 'provider_watermark_move',
        text: `update provider_watermark set known_until = $2, updated_at = $3
          where channel = $1 and known_until < $2`,
      },
      [channel, until, now],
    );
  }

  /** The environment of a channel's ids, locked until the transaction ends; null when there are none yet. */
  async environment(tx: Transaction, channel: Channel): Promise<ProviderEnvironment | null> {
    await tx.query('lock table provider_environment in share row exclusive mode');
    const [row] = await tx.query<{ environment: ProviderEnvironment }>(
      'select environment from provider_environment where channel = $1',
      [channel],
    );
    return row?.environment ?? null;
  }

  async setEnvironment(
    tx: Transaction,
    channel: Channel,
    environment: ProviderEnvironment,
    now: Date,
  ): Promise<void> {
    await tx.query(
      `insert into provider_environment (channel, environment, since) values ($1, $2, $3)
        on conflict (channel) do update set environment = excluded.environment, since = excluded.since`,
      [channel, environment, now],
    );
  }
}
