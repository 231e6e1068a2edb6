import type Stripe from 'stripe';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startGateway, type TestAccount, type TestGateway } from '../support/gateway.ts';
import {
  booksOf,
  checkout,
  control,
  deliver,
  type EndState,
  each,
  endStates,
  eventsAbout,
  givenCatalogue,
  pageOf,
  pay,
  permutations,
  recharge,
  WEBHOOK_SECRET,
} from './given-purchases.ts';

const BEGINNING = [
  'checkout.session.completed',
  'customer.subscription.created',
  'customer.subscription.updated',
  'invoice.created',
  'invoice.finalized',
  'invoice.paid',
];
const TRIAL = BEGINNING.filter((type) => type !== 'customer.subscription.updated');
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

  it('begin a subscription, in each of 720 orders and with duplicates', async () => {
    const end = await endOfAll(gateway, BEGINNING, buyPlan('starter-pro'));
    expect(end).toMatchObject({
      account: { status: 'ACTIVE', blocked: false },
      orders: [{ status: 'PAID', paid: true, subscription: true }],
      subscriptions: [{ status: 'ACTIVE', plan: 'starter-pro', refused: false }],
      invoices: [{ status: 'PAID', amount: 2_900, paid: true, pages: true }],
      grants: [
        { cause: 'account', remaining: 0 },
        { cause: 'invoice', remaining: 100_000_000 },
      ],
      balance: { total: 100_000_000, entries: 3 },
    });
  });

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
    const end = await endOfAll(gateway, CANCELLED, async (account) => {
      await buyPlan('starter-pro')(account);
      const { subscription } = await sessionOf(gateway, account);
      const provider = gateway.app.services.providers.get('STRIPE');
      await provider?.cancelAndRefund(String(subscription), `cancel-${account.id}`);
    });
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
    const end = await endOfAll(gateway, types, async (account) => {
      await pay(pageOf(await recharge(account)).checkoutUrl, { action: 'pay_later' });
      const { id } = await sessionOf(gateway, account);
      await control(gateway, 'payments', { checkout: id, outcome });
    });
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

type Buy = (account: TestAccount) => Promise<unknown>;

function buyPlan(planSlug: string): Buy {
  return async (account) => {
    const { checkoutUrl } = pageOf(await checkout(account, { planSlug }));
    expect(await pay(checkoutUrl)).toBe(303);
  };
}

/** Lets an account of its own live through every order of these events; answers the one end that they all come to. */
async function endOfAll(
  gateway: TestGateway,
  types: readonly string[],
  buy: Buy,
): Promise<EndState> {
  const orders = permutations(types);
  const accounts = await each(orders, async () => {
    const account = await gateway.createAccount();
    await buy(account);
    return account;
  });
  const lives = await livesOf(gateway, accounts, types);
  for (let step = 0; step < types.length; step += 1) {
    await each(accounts, async ({ id }, index) => {
      const about = lives.get(id);
      const event = about?.get(orders[index]?.[step] ?? '');
      if (event === undefined) throw new Error(`There is no ${orders[index]?.[step]}.`);
      const copies = Array.from({ length: 1 + (index % 3) }, () => deliver(gateway.url, event));
      expect(new Set(await Promise.all(copies))).toEqual(new Set([200]));
    });
    await gateway.app.jobs.whenIdle(60_000);
  }
  const states = await statesOf(gateway, accounts);
  expect([...new Set(states)]).toHaveLength(1);
  return JSON.parse(states[0] ?? '{}');
}

async function livesOf(
  gateway: TestGateway,
  accounts: readonly TestAccount[],
  types: readonly string[],
): Promise<Map<string, Map<string, Stripe.Event>>> {
  const books = await booksOf(gateway);
  const accountOf = new Map(books.customer.map(({ id, metadata }) => [id, metadata.accountId]));
  const lives = new Map(accounts.map(({ id }) => [id, new Map<string, Stripe.Event>()]));
  for (const event of books.event) {
    const { customer } = event.data.object as { customer?: string };
    if (types.includes(event.type))
      lives.get(accountOf.get(customer ?? '') ?? '')?.set(event.type, event);
  }
  return lives;
}

async function statesOf(gateway: TestGateway, accounts: readonly TestAccount[]): Promise<string[]> {
  const states = await endStates(
    gateway,
    accounts.map(({ id }) => id),
  );
  return [...states.values()].map((state) => JSON.stringify(state));
}

async function sessionOf(
  gateway: TestGateway,
  account: TestAccount,
): Promise<Stripe.Checkout.Session> {
  const books = await booksOf(gateway);
  const found = books['checkout.session'].find(
    ({ metadata }) => metadata?.accountId === account.id,
  );
  if (found === undefined) throw new Error('There is no session.');
  return found;
}

function shuffled<Item>(items: readonly Item[]): Item[] {
  const keyed = items.map((item) => ({ item, at: Math.random() }));
  return keyed.sort((one, other) => one.at - other.at).map(({ item }) => item);
}
