import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { givenCoupon } from '../features/coupon/given-coupons.ts';
import { startGateway, type TestAccount, type TestGateway } from '../support/gateway.ts';
import { CreatePortalSessionDocument, InvoicesDocument } from '../support/operations.generated.ts';
import {
  checkout,
  control,
  expectAtProvider,
  forgetFaults,
  givenCatalogue,
  pageOf,
  pay,
  recharge,
  sql,
} from './given-purchases.ts';
import { advance, known, loseWebhooks, reconcile, truth } from './given-reconciliation.ts';

const MINUTE = 60_000;
const DAY = 1_440 * MINUTE;

describe('webhooks that are lost for ever', { timeout: 120_000 }, () => {
  let gateway: TestGateway;
  beforeAll(async () => {
    const catalogue = await givenCatalogue(({ plans }) => {
      plans.push({ ...plans[1], slug: 'larger', monthly: 60, monthlyCredits: 900 });
    });
    gateway = await startGateway({ environment: { CATALOGUE: catalogue } });
    await loseWebhooks(gateway);
  });
  afterAll(() => gateway.close());

  const portal = async (account: TestAccount, form: Record<string, string>) => {
    const input = { returnUrl: 'http://localhost:3000/billing' };
    const { createPortalSession } = await account.client.request(CreatePortalSessionDocument, {
      input,
    });
    if (!('url' in createPortalSession)) throw new Error('There is no portal.');
    const body = new URLSearchParams(form);
    await fetch(createPortalSession.url, { method: 'POST', body, redirect: 'manual' });
  };

  it('are made up for within one interval: purchases, changes, cards, renewals and endings', async () => {
    const accounts = await Promise.all(Array.from({ length: 7 }, () => gateway.createAccount()));
    const [buyer, renewing, upgrading, cancelling, carding, failing, leaving] = accounts as [
      TestAccount,
      TestAccount,
      TestAccount,
      TestAccount,
      TestAccount,
      TestAccount,
      TestAccount,
    ];
    const subscribers = [renewing, upgrading, cancelling, carding, failing];
    for (const account of subscribers) await pay(pageOf(await checkout(account)).checkoutUrl);
    for (const account of [buyer, renewing]) await pay(pageOf(await recharge(account)).checkoutUrl);
    await checkout(leaving);
    await gateway.settled();

    const books = await truth(gateway);
    expect(await known(gateway, Object.keys(books))).not.toEqual(books);
    expect((await reconcile(gateway))?.events).toBeGreaterThan(0);
    expect(await known(gateway, Object.keys(books))).toEqual(await truth(gateway));

    const { checkoutUrl } = pageOf(await checkout(upgrading, { planSlug: 'larger' }));
    await pay(checkoutUrl, { action: 'confirm' });
    await portal(cancelling, { action: 'cancel' });
    await portal(carding, { action: 'card', cardNumber: '5555555555554444' });
    await portal(failing, { action: 'card', cardNumber: '4000000000000341' });
    await advance(gateway, 33 * DAY);
    const later = await truth(gateway);
    expect(
      Object.values(later)
        .flatMap(({ paidMonths }) => paidMonths)
        .filter((months) => months === 2),
    ).toHaveLength(3);
    expect(await known(gateway, Object.keys(later))).not.toEqual(later);
    expect((await reconcile(gateway))?.events).toBeGreaterThan(0);
    expect(await known(gateway, Object.keys(later))).toEqual(await truth(gateway));
    const statuses = await sql<{ status: string }>(
      gateway,
      'select status from account where id = any ($1) order by array_position($1, id)',
      [[renewing.id, upgrading.id, cancelling.id, carding.id, failing.id]],
    );
    expect(statuses.map(({ status }) => status)).toEqual([
      'ACTIVE',
      'ACTIVE',
      'DELETED',
      'ACTIVE',
      'SUSPENDED',
    ]);
    // What Tollgate did at the provider in consequence was announced, and lost, as well.
    await reconcile(gateway);
    expect(await reconcile(gateway)).toEqual({ events: 0, orders: 0, subscriptions: 0 });
    const [orders] = await sql<{ changes: string[] }>(
      gateway,
      'select array_agg(status) as changes from purchase_order where changed_subscription_id is not null',
    );
    expect(orders?.changes).toEqual(['PAID']);
  });
});

describe('where a provider keeps no list of events', { timeout: 120_000 }, () => {
  let gateway: TestGateway;
  beforeAll(async () => {
    gateway = await startGateway();
    const stripe = gateway.app.services.providers.get('STRIPE') as { listEvents?: unknown };
    delete stripe.listEvents;
    await control(gateway, 'webhooks', { mode: 'drop' });
  });
  afterAll(() => gateway.close());

  it('orders that wait and subscriptions whose period is over are looked up', async () => {
    const [buyer, subscriber, leaving] = await Promise.all([
      gateway.createAccount({ credits: '0' }),
      gateway.createAccount(),
      gateway.createAccount(),
    ]);
    const bought = pageOf(await recharge(buyer));
    await pay(bought.checkoutUrl);
    await pay(pageOf(await checkout(subscriber)).checkoutUrl);
    const { code } = await givenCoupon(gateway, { maxRedemptions: 1 });
    const left = pageOf(await checkout(leaving, { couponCode: code }));
    expect(await reconcile(gateway)).toMatchObject({ orders: 0 });
    await advance(gateway, 5 * MINUTE);
    expect(await reconcile(gateway)).toEqual({ events: 0, orders: 2, subscriptions: 0 });
    expect(await reconcile(gateway)).toEqual({ events: 0, orders: 0, subscriptions: 0 });
    await advance(gateway, DAY);
    expect(await reconcile(gateway)).toMatchObject({ orders: 1 });
    const orders = await sql<{ id: string; status: string }>(
      gateway,
      'select id, status from purchase_order where id = any ($1)',
      [[bought.order.id, left.order.id]],
    );
    expect(Object.fromEntries(orders.map(({ id, status }) => [id, status]))).toEqual({
      [bought.order.id]: 'PAID',
      [left.order.id]: 'EXPIRED',
    });
    const again = await checkout(await gateway.createAccount(), { couponCode: code });
    expect(again).toMatchObject({ __typename: 'CreateCheckoutPayload' });

    await advance(gateway, 32 * DAY);
    expect(await reconcile(gateway)).toMatchObject({ subscriptions: 1 });
    const { account } = await subscriber.client.request(InvoicesDocument);
    expect(account?.invoices.nodes.map(({ status }) => status)).toEqual(['PAID', 'PAID']);
    const months = await sql(
      gateway,
      `select 1 from credit_grant where account_id = $1 and cause_kind = 'invoice'`,
      [subscriber.id],
    );
    expect(months).toHaveLength(2);
  });

  it('is looked at by one process at a time', async () => {
    const { reconciliation } = gateway.app.services;
    const runs = await Promise.all([1, 2, 3].map(() => reconciliation.run()));
    expect(runs.filter((repairs) => repairs.size > 0)).toHaveLength(1);
  });
});

describe('what was asked of a provider with an outcome that was never learnt', {
  timeout: 120_000,
}, () => {
  let gateway: TestGateway;
  beforeAll(async () => {
    gateway = await startGateway();
  });
  afterAll(() => gateway.close());

  const lose = (path: string) =>
    control(gateway, 'faults', { method: 'POST', path, effect: 'truncate', times: 20 });

  it('is finished by its own key within a day, and never made twice after that', async () => {
    const [soon, late] = [await gateway.createAccount(), await gateway.createAccount()];
    await lose('/v1/checkout/sessions');
    await expect(checkout(soon)).rejects.toThrow();
    await forgetFaults(gateway);
    await sql(gateway, `delete from graphile_worker._private_jobs`);
    await advance(gateway, 6 * MINUTE);
    await reconcile(gateway);
    await expectAtProvider(gateway, soon, { sessions: 1, open: 1 });
    const opened = await sql<{ url: string | null }>(
      gateway,
      'select checkout_url as url from purchase_order where account_id = $1',
      [soon.id],
    );
    expect(opened).toEqual([{ url: expect.stringContaining('/checkout/') }]);

    await lose('/v1/customers');
    await expect(checkout(late)).rejects.toThrow();
    await forgetFaults(gateway);
    await sql(gateway, `delete from graphile_worker._private_jobs`);
    await advance(gateway, 25 * 60 * MINUTE);
    await reconcile(gateway);
    expect(await checkout(late)).toMatchObject({ __typename: 'CreateCheckoutPayload' });
    await expectAtProvider(gateway, late, { customers: 1, sessions: 1, open: 1 });
    const statuses = await sql<{ status: string }>(
      gateway,
      'select status from purchase_order where account_id = $1 order by id',
      [late.id],
    );
    expect(statuses).toEqual([{ status: 'EXPIRED' }, { status: 'PENDING' }]);
  });
});
