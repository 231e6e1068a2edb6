import { describe, expect, it, onTestFinished } from 'vitest';
import { refusalOf } from '../../../src/app/refusal.ts';
import { checkout, pageOf, sql } from '../../flows/given-purchases.ts';
import { givenSandbox } from '../../sandbox/given.ts';
import { startGateway, type TestGateway } from '../../support/gateway.ts';
import { createTestDatabase, type TestDatabase } from '../../support/postgres.ts';

const PRICES = `select stripe_price_id as id from plan_price where stripe_price_id is not null`;

async function givenDatabase(): Promise<TestDatabase> {
  const database = await createTestDatabase();
  onTestFinished(() => database.drop());
  return database;
}

/** Stripe in test mode, as far as the gateway can tell. */
async function givenTestKeys(): Promise<Record<string, string>> {
  const { sandbox } = await givenSandbox();
  return {
    STRIPE_SECRET_KEY: 'sk_test_sandbox',
    STRIPE_WEBHOOK_SECRETS: 'whsec_first',
    STRIPE_API_BASE: sandbox.url,
    REDIRECT_ORIGINS: 'http://localhost:3000',
  };
}

/** The plans' ids, once the provider was told of them. */
async function pricesOf(gateway: TestGateway): Promise<string[]> {
  await gateway.app.services.catalog.syncToProvider();
  return (await sql<{ id: string }>(gateway, PRICES)).map(({ id }) => id);
}

describe('the environment of provider ids', () => {
  it('may change while nobody has bought anything: prices are made anew there, and plans can be bought', async () => {
    const database = await givenDatabase();
    const before = await startGateway({ database });
    const inSandbox = await pricesOf(before);
    await before.close();
    await using gateway = await startGateway({ database, environment: await givenTestKeys() });
    const inTestMode = await pricesOf(gateway);
    expect(inTestMode).toHaveLength(inSandbox.length);
    expect(inTestMode.filter((id) => inSandbox.includes(id))).toEqual([]);
    const account = await gateway.createAccount();
    expect(pageOf(await checkout(account)).checkoutUrl).toContain('/checkout/');
  });

  it('keeps its ids from one start to the next', async () => {
    const database = await givenDatabase();
    const before = await startGateway({ database });
    const ids = await pricesOf(before);
    await before.close();
    await using gateway = await startGateway({ database });
    expect(await pricesOf(gateway)).toEqual(ids);
  });

  it('may not change once there are customers: the gateway refuses to start, in one line', async () => {
    const database = await givenDatabase();
    const before = await startGateway({ database });
    pageOf(await checkout(await before.createAccount()));
    const { config } = before.app.services;
    await before.close();
    const start = startGateway({ database, environment: await givenTestKeys() });
    const error = await start.then(
      () => null,
      (reason: unknown) => reason,
    );
    expect(refusalOf(error, config)).toBe(
      'DATABASE_URL: this database holds customers and subscriptions of the sandbox that plays STRIPE, and the settings are for STRIPE in test mode; give another database, or the former keys.',
    );
    await using again = await startGateway({ database });
    expect(again.app.sandboxUrl).not.toBeNull();
  });
});
