import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { givenCoupon } from '../features/coupon/given-coupons.ts';
import { givenCard } from '../features/payment-method/given-cards.ts';
import { startGateway, type TestAccount, type TestGateway } from '../support/gateway.ts';
import {
  AdvanceClockDocument,
  OrderDocument,
  OverviewDocument,
} from '../support/operations.generated.ts';
import { booksOf, checkout, givenCatalogue, newKey, pageOf, pay, sql } from './given-purchases.ts';

describe('a checkout of an account that is subscribed', () => {
  let gateway: TestGateway;
  beforeAll(async () => {
    const catalogue = await givenCatalogue(({ plans }) => {
      plans.push({ ...plans[1], slug: 'larger', name: 'Larger', monthly: 60, monthlyCredits: 900 });
    });
    gateway = await startGateway({ environment: { CATALOGUE: catalogue } });
  });
  afterAll(() => gateway.close());

  async function subscribed(): Promise<TestAccount> {
    const account = await gateway.createAccount();
    await pay(pageOf(await checkout(account)).checkoutUrl);
    await gateway.settled();
    return account;
  }
  const orderOf = async (account: TestAccount, id: string) =>
    (await account.client.request(OrderDocument, { id })).order;
  const confirm = (url: string) => pay(url, { action: 'confirm' });
  const planOf = async (account: TestAccount) =>
    (await account.client.request(OverviewDocument)).account?.plan.slug;

  it('leads to the provider’s page of the change, and is paid when that is confirmed', async () => {
    const account = await subscribed();
    const { order, checkoutUrl } = pageOf(await checkout(account, { planSlug: 'larger' }));
    expect(order).toMatchObject({
      kind: 'SUBSCRIPTION',
      status: 'PENDING',
      plan: { slug: 'larger' },
      amount: { minorUnits: 3_100 },
    });
    const page = await (await fetch(checkoutUrl)).text();
    expect(page).toContain('Confirm your new plan');
    expect(page).toContain('$31.00');
    expect(await confirm(checkoutUrl)).toBe(303);
    await gateway.settled();
    expect(await orderOf(account, order.id)).toMatchObject({
      status: 'PAID',
      paidAt: expect.any(String),
      checkoutUrl: null,
    });
    expect(await planOf(account)).toBe('larger');
    const { subscription, 'checkout.session': sessions } = await booksOf(gateway);
    const own = (one: { metadata: unknown }) =>
      (one.metadata as { accountId?: string } | null)?.accountId === account.id;
    expect(subscription.filter(own)).toHaveLength(1);
    expect(sessions.filter(own)).toHaveLength(1);
  });

  it('is one order for one key, with a page of its own each time, which is kept nowhere', async () => {
    const account = await subscribed();
    const idempotencyKey = newKey();
    const wish = { planSlug: 'larger', idempotencyKey };
    const first = pageOf(await checkout(account, wish));
    const again = pageOf(await checkout(account, wish));
    expect(again.order.id).toBe(first.order.id);
    expect(again.checkoutUrl).not.toBe(first.checkoutUrl);
    expect((await orderOf(account, first.order.id))?.checkoutUrl).toBeNull();
    const stored = await sql<{ text: string }>(
      gateway,
      'select to_jsonb(o)::text as text from purchase_order o where id = $1',
      [first.order.id],
    );
    expect(stored[0]?.text).not.toContain('/portal/');
    expect(await confirm(first.checkoutUrl)).toBe(303);
    await gateway.settled();
    expect(await checkout(account, wish)).toMatchObject({
      __typename: 'NotAllowedNow',
      message: 'The order of this idempotency key is PAID: it has no page.',
    });
  });

  it('gives way to the next one, and still counts when its page is confirmed after all', async () => {
    const account = await subscribed();
    const monthly = pageOf(await checkout(account, { planSlug: 'larger' }));
    const yearly = pageOf(await checkout(account, { planSlug: 'starter-pro', interval: 'YEAR' }));
    expect((await orderOf(account, monthly.order.id))?.status).toBe('EXPIRED');
    await confirm(yearly.checkoutUrl);
    await gateway.settled();
    expect((await orderOf(account, yearly.order.id))?.status).toBe('PAID');
    expect((await orderOf(account, monthly.order.id))?.status).toBe('EXPIRED');
  });

  it('is refused for the same plan, with a coupon, through another channel, or when the provider has no such page', async () => {
    const account = await subscribed();
    expect(await checkout(account)).toMatchObject({
      __typename: 'NotAllowedNow',
      message: 'The account has this plan already.',
    });
    const { code } = await givenCoupon(gateway);
    expect(await checkout(account, { planSlug: 'larger', couponCode: code })).toMatchObject({
      __typename: 'CouponNotApplicable',
      reason: 'PLAN_CHANGE',
    });
    expect(await checkout(account, { planSlug: 'larger', channel: 'CREEM' })).toMatchObject({
      __typename: 'ChannelUnsupported',
    });
    await sql(
      gateway,
      `update provider_customer set customer_id = 'cus_' || account_id where account_id = $1`,
      [account.id],
    );
    expect(await checkout(account, { planSlug: 'larger' })).toMatchObject({
      __typename: 'NotAllowedNow',
      message: expect.stringMatching(/^STRIPE has no page for changing a plan/),
    });
    const { orders } = (
      await account.client.query<{ account: { orders: { nodes: { status: string }[] } } }>(
        '{ account { orders { nodes { status } } } }',
      )
    ).account;
    expect(orders.nodes.map(({ status }) => status)).toEqual(['FAILED', 'PAID']);
  });

  it('is refused for a smaller plan, or the same by the month, which wait for the period’s end', async () => {
    const account = await subscribed();
    const { checkoutUrl } = pageOf(
      await checkout(account, { planSlug: 'larger', interval: 'YEAR' }),
    );
    await confirm(checkoutUrl);
    await gateway.settled();
    for (const wish of [{ planSlug: 'starter-pro' }, { planSlug: 'larger' }])
      expect(await checkout(account, wish)).toMatchObject({
        __typename: 'NotAllowedNow',
        message: expect.stringContaining('use changePlan'),
      });
    expect(await planOf(account)).toBe('larger');
  });

  it('buys anew in a promotion, whose own subscription gives way', async () => {
    const account = await gateway.createAccount();
    await givenCard(account);
    await gateway.settled();
    const { checkoutUrl } = pageOf(await checkout(account, { planSlug: 'larger' }));
    expect(checkoutUrl).toContain('/checkout/');
    await pay(checkoutUrl);
    await gateway.settled();
    const { account: seen } = await account.client.request(OverviewDocument);
    expect(seen).toMatchObject({ status: 'ACTIVE', plan: { slug: 'larger' } });
  });

  it('expires after an hour', async () => {
    const account = await subscribed();
    const { order } = pageOf(await checkout(account, { planSlug: 'larger' }));
    const to = new Date(gateway.app.services.clock.now().getTime() + 3_700_000).toISOString();
    await gateway.admin.request(AdvanceClockDocument, { to });
    expect((await orderOf(account, order.id))?.status).toBe('EXPIRED');
  });
});
