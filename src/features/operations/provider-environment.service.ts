import type { Clock } from '../../platform/clock.ts';
import type { Database } from '../../platform/database/database.ts';
import type { Logger } from '../../platform/logger.ts';
import type { Channel } from '../../platform/money.ts';
import type { CatalogService } from '../catalog/catalog.service.ts';
import type { ProviderCustomerService } from '../payment-method/provider-customer.service.ts';
import { ForeignEnvironment } from './operations.errors.ts';
import type { ProviderEnvironment } from './reconciliation.model.ts';
import type { ReconciliationStore } from './reconciliation.store.ts';

interface ProviderEnvironmentNeeds {
  readonly database: Database;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly store: ReconciliationStore;
  readonly catalog: CatalogService;
  readonly customers: ProviderCustomerService;
}

/** Which environment the provider ids of this database belong to. */
export class ProviderEnvironmentService {
  readonly #needs: ProviderEnvironmentNeeds;

  constructor(needs: ProviderEnvironmentNeeds) {
    this.#needs = needs;
  }

  /**
   * Remembers the environments that the settings name, before anything uses an id. When one changed, the ids of plans and
   * prices are forgotten, so that new ones are made; customers and subscriptions cannot be made anew.
   * Throws ForeignEnvironment.
   */
  async settle(environments: ReadonlyMap<Channel, ProviderEnvironment>): Promise<void> {
    const { catalog, clock, customers, database, logger, store } = this.#needs;
    await database.transaction(async (tx) => {
      for (const [channel, given] of environments) {
        const kept = await store.environment(tx, channel);
        if (kept === given) continue;
        if (kept !== null) {
          if (await customers.hasAny(tx, channel))
            throw new ForeignEnvironment(channel, kept, given);
          await catalog.forgetProviderIds(tx, channel);
          logger.warn(
            { channel, kept, given },
            'ids of another provider environment are forgotten',
          );
        }
        await store.setEnvironment(tx, channel, given, clock.now());
      }
    });
    catalog.forget();
  }
}
