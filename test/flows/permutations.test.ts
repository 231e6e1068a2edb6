import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startGateway, type TestAccount, type TestGateway } from '../support/gateway.ts';
import { buyPlan, endOfAll, statesOf } from './given-permutations.ts';
import {
  booksOf,
  control,
  deliver,
  each,
  eventsAbout,
  givenCatalogue,
  pageOf,
  pay,
  recharge,
  WEBHOOK_SECRET,
} from './given-purchases.ts';

const TRIAL = [
  'checkout.session.completed',
  'customer.subscription.created',
  'invoice.created',
  'invoice.finalized',
  'invoice.paid',
];
const CANCELLED = [
  'checkout.session.completed',
  'customer.subscription.created',
  'invoice.finalized',
  'invoice.paid',
  'customer.subscription.deleted',
];

describe('events that arrive in any order', { timeout: 180_000 }, () => {
  let gateway: TestGateway;
  beforeAll(async () => {
    const catalogue = await givenCatalogue(({ plans }) => {
      for (const plan of plans) if (plan.slug === 'scale') plan.trialDays = 14;
    });
    const environment = { CATALOGUE: catalogue, STRIPE_WEBHOOK_SECRETS: WEBHOOK_SECRET };
    gateway = await startGateway({ environment });
    await control(gateway, 'webhooks', { mode: 'hold' });
  });
  afterAll(() => gateway.close());

  it('begin a trial, whose invoice of nothing grants nothing', async () => {
    const end = await endOfAll(gateway, TRIAL, buyPlan('scale'));
    expect(end).toMatchObject({
      account: { status: 'ACTIVE' },
      orders: [{ status: 'PAID' }],
      subscriptions: [{ status: 'TRIALING', plan: 'scale' }],
      invoices: [{ status: 'PAID', amount: 0 }],
      grants: [{ cause: 'account' }, { cause: 'subscription', remaining: 400_000_000 }],
      balance: { total: 400_000_000, entries: 3 },
    });
  });

  it('end a subscription that was begun and cancelled meanwhile', async () => {
    const provider = gateway.app.services.providers.get('STRIPE');
    const end = await endOfAll(
      gateway,
      CANCELLED,
      buyPlan('starter-pro'),
      async ({ subscription }) =>
        provider?.cancelAndRefund(String(subscription), `cancel-${subscription}`),
    );
    expect(end).toMatchObject({
      account: { status: 'DELETED', blocked: true },
      orders: [{ status: 'PAID' }],
      subscriptions: [{ status: 'CANCELED', ended: true, refused: false }],
      invoices: [{ status: 'PAID' }],
      balance: { entries: 3 },
    });
  });

  it.each([
    ['succeed', 'checkout.session.async_payment_succeeded', 'PAID', 60_000_000],
    ['fail', 'checkout.session.async_payment_failed', 'FAILED', 10_000_000],
  ] as const)('settle a top-up whose debit will %s', async (outcome, type, status, total) => {
    const types = ['checkout.session.completed', type];
    const payLater = async (account: TestAccount) =>
      pay(pageOf(await recharge(account)).checkoutUrl, { action: 'pay_later' });
    const end = await endOfAll(gateway, types, payLater, ({ id }) =>
      control(gateway, 'payments', { checkout: id, outcome }),
    );
    expect(end).toMatchObject({
      orders: [{ status, paid: status === 'PAID' }],
      balance: { total },
    });
  });

  it('settle one account however many come at once', async () => {
    const accounts = await each([...Array(60).keys()], () => gateway.createAccount());
    await each(accounts, buyPlan('starter-pro'), 8);
    const books = await booksOf(gateway);
    const events = accounts.flatMap(({ id }) => eventsAbout(books, id));
    await each(shuffled([...events, ...events]), (event) => deliver(gateway.url, event), 32);
    await gateway.app.jobs.whenIdle(60_000);
    await expect
      .poll(async () => new Set(await statesOf(gateway, accounts)).size, { timeout: 60_000 })
      .toBe(1);
    const [state = ''] = await statesOf(gateway, accounts);
    expect(JSON.parse(state)).toMatchObject({ balance: { total: 100_000_000, entries: 3 } });
  });
});

function shuffled<Item>(items: readonly Item[]): Item[] {
  const keyed = items.map((item) => ({ item, at: Math.random() }));
  return keyed.sort((one, other) => one.at - other.at).map(({ item }) => item);
}
