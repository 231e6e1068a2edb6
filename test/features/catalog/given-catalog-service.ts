import { afterAll, beforeAll, beforeEach } from 'vitest';
import { CatalogService } from '../../../src/features/catalog/catalog.service.ts';
import { CatalogStore } from '../../../src/features/catalog/catalog.store.ts';
import { Database } from '../../../src/platform/database/database.ts';
import { entities } from '../../../src/platform/database/entities.ts';
import { createLogger } from '../../../src/platform/logger.ts';
import type { Channel } from '../../../src/platform/money.ts';
import type { PlanForSale, PricesAtProvider } from '../../../src/providers/payment-objects.ts';
import type { PaymentProvider } from '../../../src/providers/payment-provider.ts';
import { createTestDatabase, type TestDatabase } from '../../support/postgres.ts';

/** A clock that stands where it was set. */
export const clock = { at: new Date('2026-03-01T12:00:00Z'), now: () => clock.at };

/** A gateway process as far as the catalogue goes: each has a pool, and a memory, of its own. */
interface Process {
  readonly database: Database;
  readonly catalog: CatalogService;
}

/** A database for the file's tests, empty before each, and processes that share it. */
export function givenDatabase() {
  let testDatabase: TestDatabase;
  const open: Database[] = [];

  const start = async (
    providers: ReadonlyMap<Channel, PaymentProvider> = new Map(),
  ): Promise<Process> => {
    const database = await Database.connect({
      url: testDatabase.appUrl,
      entities,
      poolSize: 4,
      onPoolError: () => undefined,
    });
    open.push(database);
    const store = new CatalogStore(database);
    const logger = createLogger('silent');
    return {
      database,
      catalog: new CatalogService({ database, clock, store, providers, logger }),
    };
  };

  beforeAll(async () => {
    testDatabase = await createTestDatabase();
  });
  beforeEach(async () => {
    clock.at = new Date('2026-03-01T12:00:00Z');
    const { database } = await start();
    await database.pool.query('delete from plan_price');
    await database.pool.query('delete from plan');
    await database.pool.query('delete from credit_package');
  });
  afterAll(async () => {
    await Promise.all(open.map((database) => database.close()));
    await testDatabase.drop();
  });
  return { start };
}

/** Stands in for Stripe where only the number of calls and their failures matter. */
export class CountingStripe {
  readonly calls: PlanForSale[] = [];
  failure: Error | null = null;

  async ensurePlanPrices(plan: PlanForSale): Promise<PricesAtProvider> {
    this.calls.push(plan);
    if (this.failure !== null) throw this.failure;
    const ids = plan.prices.map((price) => [
      price.lookupKey,
      `price_${price.lookupKey}_${price.money.amountMinor}`,
    ]);
    return { productId: `prod_${plan.slug}`, priceIds: Object.fromEntries(ids) };
  }

  asProviders(channel: Channel = 'STRIPE'): ReadonlyMap<Channel, PaymentProvider> {
    return new Map([[channel, this as unknown as PaymentProvider]]);
  }
}
