import type { Database } from '../../platform/database/database.ts';
import type { Channel } from '../../platform/money.ts';
import { StaleState } from '../../platform/provider-effect.ts';
import type { SubscriptionService } from '../subscription/subscription.service.ts';

const MAX_ROUNDS = 5;

/** Brings what is known of a subscription up to the provider's present state, when no event has told of it. */
export class SubscriptionRefresher {
  readonly #database: Database;
  readonly #subscriptions: SubscriptionService;

  constructor(database: Database, subscriptions: SubscriptionService) {
    this.#database = database;
    this.#subscriptions = subscriptions;
  }

  /** Fetches the subscription and takes it over. Throws what the provider's commands throw. */
  async refresh(channel: Channel, subscriptionId: string): Promise<void> {
    for (let round = 1; ; round += 1) {
      const apply = await this.#subscriptions.subscriptionChanged(channel, subscriptionId);
      try {
        await this.#database.transaction(apply);
        return;
      } catch (error) {
        if (!(error instanceof StaleState) || round === MAX_ROUNDS) throw error;
      }
    }
  }
}
