import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  cancel,
  changePlan,
  openPortal,
  press,
  preview,
  resume,
  subscriptionOf,
} from '../features/subscription/given-subscription.ts';
import { startGateway, type TestGateway } from '../support/gateway.ts';
import {
  CreateAccountDocument,
  CreditBalanceChangedDocument,
  GrantsDocument,
  OrderDocument,
} from '../support/operations.generated.ts';
import { CREEM, creemBooks, givenSubscriber, overviewOf, paymentsOf } from './given-creem.ts';
import {
  checkout,
  control,
  forgetFaults,
  givenCatalogue,
  newKey,
  pageOf,
  pay,
  recharge,
  SUCCESS_URL,
} from './given-purchases.ts';

const GOOD = '4242424242424242';
const FAILS_LATER = '4000000000000341';
const DAY_MS = 86_400_000;

describe('through Creem', () => {
  let gateway: TestGateway;
  beforeAll(async () => {
    const catalogue = await givenCatalogue(({ plans }) => {
      const [pro] = plans.filter(({ slug }) => slug === 'pro');
      Object.assign(pro ?? {}, { trialDays: 14 });
    });
    gateway = await startGateway({ environment: { CATALOGUE: catalogue } });
  });
  afterAll(() => gateway.close());

  it('a plan and a top-up are bought on its pages, and heard on an open socket', async () => {
    const account = await gateway.createAccount();
    const live = gateway.live(account.masterKey).subscribe(CreditBalanceChangedDocument, {});
    await live.next();

    const plan = pageOf(await checkout(account, CREEM));
    expect(plan.checkoutUrl).toContain('/creem/checkout/ch_');
    const form = new URLSearchParams({ action: 'pay', cardNumber: GOOD });
    const paid = await fetch(plan.checkoutUrl, { method: 'POST', body: form, redirect: 'manual' });
    expect(paid.headers.get('location')).toContain(`${SUCCESS_URL}?checkout_id=ch_`);
    await live.until(({ creditBalanceChanged: { balance } }) => balance.available === '100');

    // The account's subscription is at Creem: so is a top-up that names no channel.
    expect(await pay(pageOf(await recharge(account)).checkoutUrl)).toBe(303);
    await live.until(({ creditBalanceChanged: { balance } }) => balance.available === '150');
    await gateway.settled();

    expect(await overviewOf(account)).toMatchObject({
      status: 'ACTIVE',
      plan: { slug: 'starter-pro' },
      subscription: { status: 'ACTIVE', channel: 'CREEM' },
    });
    const { account: holder } = await account.client.request(GrantsDocument, {
      spendableOnly: true,
    });
    expect(holder?.creditGrants.nodes).toMatchObject([
      { source: 'PURCHASE', order: { number: expect.any(String) } },
      { source: 'PLAN', invoice: { status: 'PAID' } },
    ]);
  });

  it('webhooks that come twice and in any order credit once', async () => {
    await control(gateway, 'webhooks', { duplicates: 2, shuffle: true });
    const account = await givenSubscriber(gateway);
    await pay(pageOf(await recharge(account, CREEM)).checkoutUrl);
    await gateway.settled();
    await control(gateway, 'webhooks', {});

    const { creditBalance } = await overviewOf(account);
    expect(creditBalance).toMatchObject({ available: '150', planCredits: '100' });
  });

  it('a double click leads to one page, and an answer that was lost to one that can be paid once', async () => {
    const account = await gateway.createAccount();
    const click = { ...CREEM, idempotencyKey: newKey() };
    const both = await Promise.all([recharge(account, click), recharge(account, click)]);
    const [one, other] = both.map((answer) => pageOf(answer));
    expect(one).toEqual(other);

    const again = { ...CREEM, idempotencyKey: newKey() };
    const fault = { provider: 'creem', method: 'POST', path: '/creem/v1/checkouts' };
    await control(gateway, 'faults', { ...fault, effect: 'truncate', after: true });
    await expect(recharge(account, again)).rejects.toThrow('PROVIDER_UNAVAILABLE');
    const page = pageOf(await recharge(account, again));
    expect(await pay(page.checkoutUrl)).toBe(303);
    await gateway.settled();

    const { checkout: pages } = await creemBooks(gateway);
    const statusesOf = (orderId: string) =>
      pages.filter(({ metadata }) => metadata.orderId === orderId).map(({ status }) => status);
    expect(statusesOf(one?.order.id ?? '')).toEqual(['pending']);
    // The lost one stays: Creem finds no page by what we know of it, and its address reached nobody.
    expect(statusesOf(page.order.id).sort()).toEqual(['completed', 'pending']);
    expect((await overviewOf(account)).creditBalance.purchasedCredits).toBe('50');
    await forgetFaults(gateway);
  });

  it('an account needs an address of its own', async () => {
    const make = async (externalId: string, email: string | null) => {
      const input = { externalId, name: externalId, email };
      const { createAccount } = await gateway.admin.request(CreateAccountDocument, { input });
      const { id } = createAccount.account;
      return {
        id,
        masterKey: createAccount.masterKey,
        client: gateway.as(createAccount.masterKey),
      };
    };
    const nowhere = await make('nowhere', null);
    expect(await checkout(nowhere, CREEM)).toMatchObject({
      __typename: 'NotAllowedNow',
      message: expect.stringContaining('give the account one'),
    });
    const first = await make('first', 'shared@example.com');
    const second = await make('second', 'Shared@example.com');
    pageOf(await recharge(first, CREEM));
    expect(await recharge(second, CREEM)).toMatchObject({
      __typename: 'NotAllowedNow',
      message: expect.stringContaining('give this one its own'),
    });
    pageOf(await recharge(second, { channel: 'STRIPE' }));
  });

  it('the portal cancels and keeps a plan, and so do the mutations', async () => {
    const account = await givenSubscriber(gateway);
    const portal = await openPortal(account);
    expect(portal).toContain('/creem/portal/');
    const { currentPeriodEnd } = await subscriptionOf(account);

    expect(await press(portal, 'cancel')).toBe(303);
    await gateway.settled();
    const ending = { cancelAtPeriodEnd: true, cancelAt: currentPeriodEnd, status: 'ACTIVE' };
    expect(await subscriptionOf(account)).toMatchObject({ ...ending, accountStatus: 'ACTIVE' });
    expect(await press(portal, 'resume')).toBe(303);
    await gateway.settled();
    expect(await subscriptionOf(account)).toMatchObject({
      cancelAtPeriodEnd: false,
      cancelAt: null,
    });

    expect(await cancel(account)).toMatchObject({ cancelAt: currentPeriodEnd });
    expect(await resume(account)).toMatchObject({ subscription: { cancelAtPeriodEnd: false } });
    expect(await cancel(account, { atPeriodEnd: false })).toMatchObject({
      __typename: 'CancelSubscriptionPayload',
    });
    expect((await overviewOf(account)).status).toBe('DELETED');
  });

  it('a plan is changed upwards at once, with its credits, and nothing else is promised', async () => {
    const account = await givenSubscriber(gateway);

    const answer = await changePlan(account, { planSlug: 'scale' });

    expect(answer).toMatchObject({
      __typename: 'ChangePlanPayload',
      subscription: { plan: { slug: 'scale' }, price: { minorUnits: 9_900 } },
    });
    await gateway.settled();
    expect(await paymentsOf(gateway, account)).toEqual([
      [2_900, 'paid'],
      [7_000, 'paid'],
    ]);
    const { creditBalance } = await overviewOf(account);
    expect(Number(creditBalance.available)).toBeGreaterThan(399);
    expect(Number(creditBalance.available)).toBeLessThanOrEqual(400);

    expect(await changePlan(account, { planSlug: 'starter-pro' })).toMatchObject({
      __typename: 'ChannelUnsupported',
      message: expect.stringContaining('cancel the subscription'),
    });
    await expect(preview(account, 'scale', 'YEAR')).rejects.toThrow('CREEM');
    expect(await checkout(account, CREEM)).toMatchObject({
      __typename: 'NotAllowedNow',
      message: expect.stringContaining('use changePlan'),
    });
  });

  it('a change to the year begins a period, whose credits come once', async () => {
    const account = await givenSubscriber(gateway);

    const answer = await changePlan(account, { planSlug: 'starter-pro', interval: 'YEAR' });
    await gateway.settled();

    expect(answer).toMatchObject({ subscription: { interval: 'YEAR' } });
    expect(await overviewOf(account)).toMatchObject({ creditBalance: { available: '100' } });
  });

  it('a second plan that is paid beside a live one is ended, and its money given back', async () => {
    const account = await gateway.createAccount();
    const first = pageOf(await checkout(account, CREEM));
    const second = pageOf(await checkout(account, { ...CREEM, planSlug: 'scale' }));
    const { order: given } = await account.client.request(OrderDocument, { id: first.order.id });
    expect(given).toMatchObject({ status: 'EXPIRED' });
    expect(await pay(second.checkoutUrl)).toBe(303);
    await gateway.settled();
    expect(await pay(first.checkoutUrl)).toBe(303);
    await gateway.settled();

    expect(await paymentsOf(gateway, account)).toEqual(
      [
        [2_900, 'refunded'],
        [9_900, 'paid'],
      ].toSorted((one, other) => Number(other[0]) - Number(one[0])),
    );
    expect(await overviewOf(account)).toMatchObject({
      plan: { slug: 'scale' },
      creditBalance: { available: '400' },
    });
  });

  it('a top-up that goes back takes its credits along, and one that is contested withholds them', async () => {
    const account = await gateway.createAccount();
    const [refunded, contested] = [
      pageOf(await recharge(account, CREEM)),
      pageOf(await recharge(account, CREEM)),
    ];
    for (const { checkoutUrl } of [refunded, contested]) await pay(checkoutUrl);
    await gateway.settled();
    const idOf = (url: string) => url.split('/').at(-1);

    await control(gateway, 'reversals', { payment: idOf(refunded.checkoutUrl), action: 'refund' });
    await gateway.settled();
    expect((await overviewOf(account)).creditBalance.purchasedCredits).toBe('50');
    await control(gateway, 'reversals', {
      payment: idOf(contested.checkoutUrl),
      action: 'dispute',
    });
    await gateway.settled();

    const statuses = [];
    for (const { order } of [refunded, contested])
      statuses.push((await account.client.request(OrderDocument, { id: order.id })).order?.status);
    expect(statuses).toEqual(['REFUNDED', 'DISPUTED']);
    expect((await overviewOf(account)).creditBalance).toMatchObject({
      held: '50',
      available: '10',
    });
  });

  it('a webhook that is not signed is not taken', async () => {
    const response = await fetch(`${gateway.url}/webhooks/creem`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', 'creem-signature': '0'.repeat(64) },
      body: JSON.stringify({
        id: 'evt_1',
        eventType: 'checkout.completed',
        created_at: 1,
        object: {},
      }),
    });
    expect(response.status).toBe(400);
  });

  // Last, since it moves the time of everything.
  it('time ends trials, renews, and suspends whose payment fails until the portal has a card that pays', async () => {
    const trying = await givenSubscriber(gateway, { planSlug: 'pro' });
    const failing = await givenSubscriber(gateway, { planSlug: 'pro' }, FAILS_LATER);
    const paying = await givenSubscriber(gateway);
    expect(await overviewOf(trying)).toMatchObject({
      status: 'ACTIVE',
      subscription: { status: 'TRIALING' },
      creditBalance: { available: '80' },
    });
    const losing = await gateway.createAccount();
    const lost = pageOf(await recharge(losing, CREEM));
    await pay(lost.checkoutUrl);
    const payment = lost.checkoutUrl.split('/').at(-1);
    for (const action of ['dispute', 'loseDispute']) {
      await gateway.settled();
      await control(gateway, 'reversals', { payment, action });
    }
    expect((await overviewOf(losing)).creditBalance).toMatchObject({ held: '50' });
    const now = gateway.app.services.clock.now().getTime();
    const advance = (days: number) =>
      gateway.admin.query('mutation ($to: DateTime!) { advanceClock(to: $to) }', {
        to: new Date(now + days * DAY_MS).toISOString(),
      });

    await advance(15);
    // Nothing told that the dispute was lost: it was looked up.
    expect((await overviewOf(losing)).creditBalance).toMatchObject({ held: '0', total: '10' });
    expect(await overviewOf(trying)).toMatchObject({ subscription: { status: 'ACTIVE' } });
    expect(await paymentsOf(gateway, trying)).toEqual([[2_400, 'paid']]);
    expect(await overviewOf(failing)).toMatchObject({
      status: 'SUSPENDED',
      subscription: { status: 'PAST_DUE' },
    });
    expect(await press(await openPortal(failing), 'card', GOOD)).toBe(303);
    await gateway.settled();
    expect(await overviewOf(failing)).toMatchObject({
      status: 'ACTIVE',
      subscription: { status: 'ACTIVE' },
    });

    await advance(32);
    expect(await paymentsOf(gateway, paying)).toEqual([
      [2_900, 'paid'],
      [2_900, 'paid'],
    ]);
    expect(await overviewOf(paying)).toMatchObject({ creditBalance: { planCredits: '100' } });
    const month = await paying.client.request(GrantsDocument, { spendableOnly: true });
    expect(month.account?.creditGrants.nodes).toMatchObject([{ invoice: { status: 'PAID' } }]);
  });
});
