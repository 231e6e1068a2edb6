import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { StaleState } from '../../src/platform/provider-effect.ts';
import { startGateway, type TestGateway } from '../support/gateway.ts';
import { OverviewDocument } from '../support/operations.generated.ts';
import {
  booksOf,
  checkout,
  control,
  deliver,
  eventsAbout,
  pageOf,
  pay,
  WEBHOOK_SECRET,
} from './given-purchases.ts';

describe('a state that was fetched too early', () => {
  let gateway: TestGateway;
  beforeAll(async () => {
    gateway = await startGateway({ environment: { STRIPE_WEBHOOK_SECRETS: WEBHOOK_SECRET } });
    await control(gateway, 'webhooks', { mode: 'hold' });
  });
  afterAll(() => gateway.close());

  it('never replaces a later one, and is fetched again', async () => {
    const { database, subscriptions, providers } = gateway.app.services;
    const account = await gateway.createAccount();
    await pay(pageOf(await checkout(account)).checkoutUrl);
    const id = (await booksOf(gateway)).subscription[0]?.id ?? '';
    const whenActive = await subscriptions.subscriptionChanged('STRIPE', id);
    const alsoWhenActive = await subscriptions.subscriptionChanged('STRIPE', id);
    await providers.get('STRIPE')?.cancelAndRefund(id, `cancel-${id}`);
    const whenCanceled = await subscriptions.subscriptionChanged('STRIPE', id);

    await database.transaction(whenCanceled);
    await expect(database.transaction(whenActive)).rejects.toThrow(StaleState);
    await expect(database.transaction(alsoWhenActive)).rejects.toThrow(StaleState);

    for (const event of eventsAbout(await booksOf(gateway), account.id))
      await deliver(gateway.url, event);
    await gateway.app.jobs.whenIdle();
    const { account: seen } = await account.client.request(OverviewDocument);
    expect(seen).toMatchObject({ status: 'DELETED', subscription: { status: 'CANCELED' } });
  });

  it('is fetched again by the event that brought it, as often as it takes', async () => {
    const { subscriptions } = gateway.app.services;
    const provider = gateway.app.services.providers.get('STRIPE');
    const account = await gateway.createAccount();
    await pay(pageOf(await checkout(account)).checkoutUrl);
    const [created] = eventsAbout(await booksOf(gateway), account.id).filter(
      ({ type }) => type === 'customer.subscription.created',
    );
    const { retrieveSubscription } = provider ?? {};
    let overtaken = 0;
    // Somebody else is quicker, three times.
    const overtake = async (id: string) => {
      const state = await retrieveSubscription?.(id);
      if (overtaken < 3) {
        overtaken += 1;
        Object.assign(provider ?? {}, { retrieveSubscription });
        const apply = await subscriptions.subscriptionChanged('STRIPE', id);
        await gateway.app.services.database.transaction(apply);
        Object.assign(provider ?? {}, { retrieveSubscription: overtake });
      }
      return state;
    };
    Object.assign(provider ?? {}, { retrieveSubscription: overtake });
    await deliver(gateway.url, created ?? {});
    await gateway.app.jobs.whenIdle();
    Object.assign(provider ?? {}, { retrieveSubscription });
    expect(overtaken).toBe(3);
    const { account: seen } = await account.client.request(OverviewDocument);
    expect(seen).toMatchObject({ status: 'ACTIVE', subscription: { status: 'ACTIVE' } });
  });
});
