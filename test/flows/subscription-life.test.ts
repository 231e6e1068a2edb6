import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { newId } from '../../src/platform/ids.ts';
import type {
  ProviderSubscription,
  SubscriptionStatus,
} from '../../src/providers/payment-objects.ts';
import type { PaymentProvider } from '../../src/providers/payment-provider.ts';
import { startGateway, type TestAccount, type TestGateway } from '../support/gateway.ts';
import {
  GrantsDocument,
  OverviewDocument,
  SpendCreditsDocument,
} from '../support/operations.generated.ts';
import {
  booksOf,
  CANCEL_URL,
  checkout,
  deliver,
  endStates,
  eventsAbout,
  givenCatalogue,
  newKey,
  pageOf,
  pay,
  SUCCESS_URL,
  WEBHOOK_SECRET,
} from './given-purchases.ts';

describe.each(['trial', 'free'] as const)('the life of a subscription in mode %s', (mode) => {
  let gateway: TestGateway;
  let provider: PaymentProvider;
  beforeAll(async () => {
    const catalogue = await catalogueIn(mode);
    gateway = await startGateway({
      environment: { CATALOGUE: catalogue, STRIPE_WEBHOOK_SECRETS: WEBHOOK_SECRET },
    });
    const stripe = gateway.app.services.providers.get('STRIPE');
    if (stripe === undefined) throw new Error('Stripe is not played.');
    provider = stripe;
  });
  afterAll(() => gateway.close());

  it('begins with a trial: its month is granted once, and its invoice of nothing grants nothing', async () => {
    const account = await subscribed('scale');
    const { account: seen } = await account.client.request(OverviewDocument);
    expect(seen).toMatchObject({
      status: 'ACTIVE',
      plan: { slug: 'scale' },
      subscription: { status: 'TRIALING' },
      creditBalance: { available: '400', planCredits: '400' },
    });
    const { account: holder } = await account.client.request(GrantsDocument, {
      spendableOnly: true,
    });
    expect(holder?.creditGrants.nodes).toMatchObject([
      { amount: '400', invoice: null, expiresAt: seen?.subscription?.trialEnd },
    ]);
  });

  it('brings one month of credits under a yearly price, which end after the month', async () => {
    const account = await subscribed('starter-pro', 'YEAR');
    const { account: holder } = await account.client.request(GrantsDocument, {
      spendableOnly: true,
    });
    const [grant, ...others] = holder?.creditGrants.nodes ?? [];
    expect(others).toEqual([]);
    expect(grant).toMatchObject({ amount: '100', remaining: '100', invoice: { status: 'PAID' } });
    const days = (Date.parse(String(grant?.expiresAt)) - Date.now()) / 86_400_000;
    expect(days).toBeGreaterThan(27.9);
    expect(days).toBeLessThan(31.1);
  });

  it("lets a month's credits last exactly as long as the period that was paid for", async () => {
    const account = await subscribed('starter-pro');
    const { account: seen } = await account.client.request(OverviewDocument);
    const { account: holder } = await account.client.request(GrantsDocument, {
      spendableOnly: true,
    });
    expect(holder?.creditGrants.nodes.map(({ expiresAt }) => expiresAt)).toEqual([
      seen?.subscription?.currentPeriodEnd,
    ]);
  });

  it.each(['PAST_DUE', 'UNPAID', 'PAUSED'] as const)(
    'suspends the account while it is %s',
    async (status) => {
      const account = await subscribed('starter-pro');
      await become(account, { status });
      expect(await spend(account)).toMatchObject({
        __typename: 'AccountBlocked',
        status: 'SUSPENDED',
      });
      const { account: seen } = await account.client.request(OverviewDocument);
      expect(seen).toMatchObject({ status: 'SUSPENDED', canExecute: false, canDeploy: false });
      await become(account, { status: 'ACTIVE' });
      expect(await spend(account)).toMatchObject({ __typename: 'SpendCreditsPayload' });
    },
  );

  it('suspends the account when the first debit is returned', async () => {
    const account = await gateway.createAccount();
    const { checkoutUrl } = pageOf(await checkout(account));
    await pay(checkoutUrl, { action: 'pay_later' });
    await gateway.settled();
    const books = await booksOf(gateway);
    const session = books['checkout.session'].find(
      ({ metadata }) => metadata?.accountId === account.id,
    );
    await fetch(`${gateway.sandboxUrl}/_control/payments`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ checkout: session?.id, outcome: 'fail' }),
    });
    await gateway.settled();
    const end = (await endStates(gateway, [account.id])).get(account.id);
    expect(end).toMatchObject({
      account: { status: 'SUSPENDED', blocked: true },
      orders: [{ status: 'FAILED' }],
      subscriptions: [{ status: 'PAST_DUE' }],
      invoices: [{ status: 'OPEN' }],
    });
  });

  it(`ends with the account ${mode === 'free' ? 'ACTIVE on the free plan' : 'DELETED'}`, async () => {
    const account = await subscribed('starter-pro');
    await provider.cancelAndRefund(await subscriptionOf(account), `cancel-${account.id}`);
    await gateway.settled();
    const { account: seen } = await account.client.request(OverviewDocument);
    expect(seen).toMatchObject({
      status: mode === 'free' ? 'ACTIVE' : 'DELETED',
      plan: { slug: 'free' },
      subscription: { status: 'CANCELED' },
    });
    const again = await checkout(account);
    expect(again.__typename).toBe(mode === 'free' ? 'CreateCheckoutPayload' : 'AccountBlocked');
  });

  it('takes no notice of events of a subscription that has ended long ago', async () => {
    const account = await subscribed('starter-pro');
    const old = eventsAbout(await booksOf(gateway), account.id);
    const first = await subscriptionOf(account);
    await provider.cancelAndRefund(first, `cancel-${account.id}`);
    await gateway.settled();
    const before = await endStates(gateway, [account.id]);
    for (const event of old) await deliver(gateway.url, { ...event, id: `evt_${newId()}` });
    await gateway.app.jobs.whenIdle();
    expect(await endStates(gateway, [account.id])).toEqual(before);
  });

  it('cancels and refunds a second one that was paid beside it, and the first one stays', async () => {
    const account = await subscribed('starter-pro');
    const before = await endStates(gateway, [account.id]);
    const second = await payDirectly(account, 'pro');
    const books = await booksOf(gateway);
    const ends = books.subscription.filter(({ metadata }) => metadata.accountId === account.id);
    expect(ends.map(({ status }) => status).sort()).toEqual(['active', 'canceled']);
    expect(ends.find(({ status }) => status === 'canceled')?.metadata.orderId).toBe(second);
    const refunds = books.refund.filter(({ metadata }) => metadata?.orderId === second);
    expect(refunds.map(({ amount, status }) => [amount, status])).toEqual([[2_400, 'succeeded']]);
    await tellAgain(account);
    const after = (await endStates(gateway, [account.id])).get(account.id);
    const { account: standing, grants, balance } = before.get(account.id) ?? {};
    expect(after).toMatchObject({ account: standing, grants, balance });
    expect(after?.subscriptions).toMatchObject([
      { status: 'ACTIVE', plan: 'starter-pro', refused: false },
      { status: 'CANCELED', plan: 'pro', refused: true },
    ]);
    const { account: seen } = await account.client.request(OverviewDocument);
    expect(seen).toMatchObject({ status: 'ACTIVE', plan: { slug: 'starter-pro' } });
    expect((await booksOf(gateway)).refund.length).toBe(books.refund.length);
  });

  it.runIf(mode === 'free')(
    'is sold with its trial only to an account that never had one',
    async () => {
      const account = await subscribed('starter-pro');
      await provider.cancelAndRefund(await subscriptionOf(account), `cancel-${account.id}`);
      await gateway.settled();
      await pay(pageOf(await checkout(account, { planSlug: 'scale' })).checkoutUrl);
      await gateway.settled();
      const { account: seen } = await account.client.request(OverviewDocument);
      expect(seen?.subscription).toMatchObject({ status: 'ACTIVE', plan: { slug: 'scale' } });
    },
  );

  it.runIf(mode === 'trial')('is refunded when it was paid for a deleted account', async () => {
    const account = await subscribed('starter-pro');
    await provider.cancelAndRefund(await subscriptionOf(account), `cancel-${account.id}`);
    await gateway.settled();
    const order = await payDirectly(account, 'pro');
    const { account: seen } = await account.client.request(OverviewDocument);
    expect(seen).toMatchObject({ status: 'DELETED' });
    const { refund } = await booksOf(gateway);
    expect(refund.filter(({ metadata }) => metadata?.orderId === order)).toHaveLength(1);
  });

  async function subscribed(planSlug: string, interval?: 'YEAR'): Promise<TestAccount> {
    const account = await gateway.createAccount();
    await pay(pageOf(await checkout(account, { planSlug, interval })).checkoutUrl);
    await gateway.settled();
    return account;
  }

  async function subscriptionOf({ id }: TestAccount): Promise<string> {
    const { subscription } = await booksOf(gateway);
    return subscription.find(({ metadata }) => metadata.accountId === id)?.id ?? '';
  }

  /** Pays a page that Tollgate did not open for this account's customer; answers the order that the page names. */
  async function payDirectly({ id: accountId }: TestAccount, slug: string): Promise<string> {
    const { catalog } = gateway.app.services;
    const plan = await catalog.planBySlug(slug);
    const price = plan?.prices.find(({ interval }) => interval === 'MONTH');
    if (plan === null || price === undefined) throw new Error(`There is no plan "${slug}".`);
    const orderId = newId();
    const { customer } = await booksOf(gateway);
    const hosted = await provider.createPlanCheckout(
      {
        orderId,
        accountId,
        customerId: customer.find(({ metadata }) => metadata.accountId === accountId)?.id ?? '',
        successUrl: SUCCESS_URL,
        cancelUrl: CANCEL_URL,
        expiresAt: new Date(Date.now() + 3_600_000),
        providerPriceId: await catalog.providerPriceId('STRIPE', plan, price),
        trialDays: 0,
      },
      orderId,
    );
    expect(await pay(hosted.url)).toBe(303);
    await gateway.settled();
    await gateway.settled();
    return orderId;
  }

  /** Everything about the account once more, as new events. */
  async function tellAgain(account: TestAccount): Promise<void> {
    for (const event of eventsAbout(await booksOf(gateway), account.id))
      await deliver(gateway.url, { ...event, id: `evt_${newId()}` });
    await gateway.settled();
  }

  /** Lets the provider say another state from now on, and announce it. */
  async function become(
    account: TestAccount,
    change: { status: SubscriptionStatus },
  ): Promise<void> {
    const id = await subscriptionOf(account);
    const { retrieveSubscription } = provider;
    const changed = async (asked: string): Promise<ProviderSubscription> => ({
      ...(await retrieveSubscription(asked)),
      ...(asked === id ? change : {}),
    });
    Object.assign(provider, { retrieveSubscription: changed });
    const { event } = await booksOf(gateway);
    const created = event.find(
      ({ type, data }) =>
        type === 'customer.subscription.created' && (data.object as { id: string }).id === id,
    );
    await deliver(gateway.url, { ...created, id: `evt_${newId()}` });
    await gateway.app.jobs.whenIdle();
    Object.assign(provider, { retrieveSubscription });
  }

  async function spend(account: TestAccount) {
    const input = { amount: '1', idempotencyKey: newKey() };
    return (await account.client.request(SpendCreditsDocument, { input })).spendCredits;
  }
});

/** The product's catalogue in this mode, with one plan that begins with a trial. */
function catalogueIn(mode: 'trial' | 'free'): Promise<string> {
  return givenCatalogue((file) => {
    if (mode === 'free') file.lifecycle = { mode, plan: 'pro' };
    const scale = file.plans.find(({ slug }) => slug === 'scale');
    Object.assign(scale ?? {}, { trialDays: 14, rollover: 'none' });
  });
}
