import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  couponNow,
  givenCoupon,
  rechargeWithCoupon as recharge,
} from '../features/coupon/given-coupons.ts';
import { startGateway, type TestAccount, type TestGateway } from '../support/gateway.ts';
import {
  AdvanceClockDocument,
  CouponOrderDocument,
  InvoicesDocument,
} from '../support/operations.generated.ts';
import {
  booksOf,
  checkout,
  each,
  givenCatalogue,
  newKey,
  pageOf,
  pay,
  sql,
} from './given-purchases.ts';

const SESSION_OF = 'select provider_checkout_id as id from purchase_order where id = $1';

describe('a coupon on a checkout', () => {
  let gateway: TestGateway;
  beforeAll(async () => {
    const catalogue = await givenCatalogue(({ plans }) => {
      plans.push({ ...plans[1], slug: 'with-trial', trialDays: 7 });
    });
    gateway = await startGateway({ environment: { CATALOGUE: catalogue } });
  });
  afterAll(() => gateway.close());

  const orderOf = async (account: TestAccount, id: string) =>
    (await account.client.request(CouponOrderDocument, { id })).order;
  const sessionOf = async (orderId: string) => {
    const [row] = await sql<{ id: string }>(gateway, SESSION_OF, [orderId]);
    const { 'checkout.session': sessions } = await booksOf(gateway);
    return sessions.find(({ id }) => id === row?.id);
  };

  it('takes its percentage off a plan: on the page, the order and the first invoice, and not off the second', async () => {
    const { id, code } = await givenCoupon(gateway, {
      percentOffBasisPoints: 3_333,
      planSlugs: ['starter-pro'],
    });
    const account = await gateway.createAccount();
    const { order, checkoutUrl } = pageOf(
      await checkout(account, { couponCode: code.toLowerCase() }),
    );
    expect(order.amount.minorUnits).toBe(1_933); // 2900 less 966.57, which is rounded to 967
    expect(await (await fetch(checkoutUrl)).text()).toMatch(new RegExp(`${code}.*−\\$9\\.67`));
    expect(await sessionOf(order.id)).toMatchObject({
      amount_subtotal: 2_900,
      amount_total: 1_933,
      total_details: { amount_discount: 967 },
    });
    await pay(checkoutUrl);
    await gateway.settled();
    expect(await orderOf(account, order.id)).toMatchObject({
      status: 'PAID',
      amount: { minorUnits: 1_933 },
      coupon: { code, timesRedeemed: 1 },
    });
    const { account: after } = await account.client.request(InvoicesDocument);
    expect(after?.invoices.nodes).toMatchObject([
      { status: 'PAID', amount: { minorUnits: 1_933 } },
    ]);
    const { subscription } = await booksOf(gateway);
    expect(subscription.at(-1)?.discounts).toEqual([]);
    expect((await couponNow(gateway.admin, id))?.timesRedeemed).toBe(1);
  });

  it('that leaves nothing to pay still brings the plan and its credits', async () => {
    const { code } = await givenCoupon(gateway, { percentOffBasisPoints: 10_000 });
    const account = await gateway.createAccount({ credits: '0' });
    const { order, checkoutUrl } = pageOf(await checkout(account, { couponCode: code }));
    expect(order.amount.minorUnits).toBe(0);
    expect(await pay(checkoutUrl)).toBe(303);
    await gateway.settled();
    const seen = await account.client.query(
      '{ account { status plan { slug } creditBalance { planCredits } invoices { nodes { status amount { minorUnits } } } } }',
    );
    expect(seen).toMatchObject({
      account: {
        status: 'ACTIVE',
        plan: { slug: 'starter-pro' },
        creditBalance: { planCredits: '100' },
        invoices: { nodes: [{ status: 'PAID', amount: { minorUnits: 0 } }] },
      },
    });
  });

  it('takes its amount off a top-up, but not more than there is to pay', async () => {
    const { code } = await givenCoupon(gateway, { kind: 'AMOUNT_OFF', amountOffMinorUnits: 500 });
    const account = await gateway.createAccount({ credits: '0' });
    const { order, checkoutUrl } = pageOf(
      await recharge(account, { amountMinorUnits: 1_500, couponCode: code }),
    );
    expect(order).toMatchObject({ amount: { minorUnits: 1_000 }, credits: '50' });
    const free = pageOf(await recharge(account, { amountMinorUnits: 500, couponCode: code }));
    expect(free.order.amount.minorUnits).toBe(0);
    await Promise.all([pay(checkoutUrl), pay(free.checkoutUrl)]);
    await gateway.settled();
    expect(
      await account.client.query('{ account { creditBalance { purchasedCredits } } }'),
    ).toMatchObject({ account: { creditBalance: { purchasedCredits: '66.666666' } } });
  });

  it('is given back when the page expires, and held while it is open', async () => {
    const { id, code } = await givenCoupon(gateway, { maxRedemptions: 1, perAccountLimit: 1 });
    const [first, second] = [await gateway.createAccount(), await gateway.createAccount()];
    const { order } = pageOf(await recharge(first, { couponCode: code }));
    expect(await recharge(first, { couponCode: code })).toMatchObject({ reason: 'ALREADY_USED' });
    expect(await recharge(second, { couponCode: code })).toMatchObject({
      __typename: 'CouponNotApplicable',
      reason: 'EXHAUSTED',
      message: `The coupon "${code}" is used up.`,
    });
    const { id: session = '' } = (await sessionOf(order.id)) ?? {};
    await gateway.app.services.providers.get('STRIPE')?.expireCheckout(session);
    await gateway.settled();
    expect((await orderOf(first, order.id))?.status).toBe('EXPIRED');
    const { checkoutUrl } = pageOf(await recharge(second, { couponCode: code }));
    await pay(checkoutUrl);
    await gateway.settled();
    expect((await couponNow(gateway.admin, id))?.timesRedeemed).toBe(1);
  });

  it('goes along when a new checkout takes the place of the open one', async () => {
    const { code } = await givenCoupon(gateway, { maxRedemptions: 1, perAccountLimit: 1 });
    const account = await gateway.createAccount();
    const first = pageOf(await checkout(account, { couponCode: code }));
    const second = pageOf(await checkout(account, { couponCode: code }));
    expect(second.order.id).not.toBe(first.order.id);
    expect((await orderOf(account, first.order.id))?.status).toBe('EXPIRED');
  });

  it('is the same request in whatever case its code is typed', async () => {
    const { code } = await givenCoupon(gateway);
    const account = await gateway.createAccount();
    const idempotencyKey = newKey();
    const first = pageOf(await recharge(account, { couponCode: code, idempotencyKey }));
    const again = pageOf(
      await recharge(account, { couponCode: code.toLowerCase(), idempotencyKey }),
    );
    expect(again).toEqual(first);
    expect(await recharge(account, { idempotencyKey })).toMatchObject({
      __typename: 'IdempotencyConflict',
    });
  });

  it('does not apply to other plans, other currencies, or amounts too small to charge', async () => {
    const account = await gateway.createAccount();
    const forOther = await givenCoupon(gateway, { planSlugs: ['with-trial'] });
    expect(await checkout(account, { couponCode: forOther.code })).toMatchObject({
      reason: 'WRONG_PLAN',
      message: `The coupon "${forOther.code}" is for these plans only: with-trial.`,
    });
    expect(await recharge(account, { couponCode: forOther.code })).toMatchObject({
      reason: 'WRONG_PLAN',
    });
    const euros = await givenCoupon(gateway, {
      kind: 'AMOUNT_OFF',
      amountOffMinorUnits: 500,
      currency: 'EUR',
    });
    expect(await recharge(account, { couponCode: euros.code })).toMatchObject({
      reason: 'WRONG_CURRENCY',
    });
    const large = await givenCoupon(gateway, { kind: 'AMOUNT_OFF', amountOffMinorUnits: 1_490 });
    expect(await recharge(account, { couponCode: large.code })).toMatchObject({
      reason: 'AMOUNT_TOO_SMALL',
      message: 'What is left to pay with this coupon is less than STRIPE charges.',
    });
    const [held] = await sql<{ times_reserved: number }>(
      gateway,
      'select times_reserved from coupon where id = $1',
      [large.id],
    );
    expect(held?.times_reserved).toBe(0);
  });

  it('waits through a trial for the first payment', async () => {
    const { code } = await givenCoupon(gateway, { kind: 'AMOUNT_OFF', amountOffMinorUnits: 700 });
    const account = await gateway.createAccount();
    const { order, checkoutUrl } = pageOf(
      await checkout(account, { planSlug: 'with-trial', couponCode: code }),
    );
    expect(order.amount.minorUnits).toBe(1_700);
    await pay(checkoutUrl);
    await gateway.settled();
    const now = gateway.app.services.clock.now().getTime();
    const to = new Date(now + 8 * 86_400_000).toISOString();
    await gateway.admin.request(AdvanceClockDocument, { to });
    const { account: after } = await account.client.request(InvoicesDocument);
    expect(after?.invoices.nodes.map(({ amount }) => amount.minorUnits)).toEqual([1_700, 0]);
  });
});

describe('a coupon for ten, over two gateways', () => {
  let one: TestGateway;
  let other: TestGateway;
  let accounts: TestAccount[];
  beforeAll(async () => {
    one = await startGateway();
    other = await startGateway({
      database: one.database,
      environment: { STRIPE_WEBHOOK_SECRETS: 'whsec_other' },
    });
    accounts = await each(Array.from({ length: 100 }), () => one.createAccount());
  });
  afterAll(async () => {
    await other.close();
    await one.close();
  });

  const over = (account: TestAccount, index: number): TestAccount => ({
    ...account,
    client: (index % 2 === 0 ? one : other).as(account.masterKey),
  });

  it('gives its credits to ten of a hundred who come at once', async () => {
    const { id, code } = await givenCoupon(one, {
      kind: 'CREDITS',
      credits: '7',
      maxRedemptions: 10,
    });
    const query = `mutation ($input: RedeemCouponInput!) {
      redeemCoupon(input: $input) { __typename ... on CouponNotApplicable { reason } }
    }`;
    const answers = await Promise.all(
      accounts.map((account, index) =>
        over(account, index).client.query<{
          redeemCoupon: { __typename: string; reason?: string };
        }>(query, { input: { code, idempotencyKey: newKey() } }),
      ),
    );
    const given = answers.filter(({ redeemCoupon: { reason } }) => reason === undefined);
    expect(given).toHaveLength(10);
    expect(new Set(answers.map(({ redeemCoupon: { reason } }) => reason))).toEqual(
      new Set([undefined, 'EXHAUSTED']),
    );
    expect((await couponNow(one.admin, id))?.timesRedeemed).toBe(10);
    const [{ grants } = { grants: 0 }] = await sql<{ grants: number }>(
      one,
      `select count(*)::int as grants from credit_grant where cause_kind = 'coupon'`,
    );
    expect(grants).toBe(10);
  });

  it('is reserved by ten of forty who open a page at once', async () => {
    const { id, code } = await givenCoupon(one, { maxRedemptions: 10 });
    const answers = await each(
      accounts.slice(0, 40),
      (account, index) => recharge(over(account, index), { couponCode: code, channel: 'STRIPE' }),
      40,
    );
    expect(answers.filter(({ __typename }) => __typename === 'RechargePayload')).toHaveLength(10);
    const [counts] = await sql<object>(
      one,
      'select times_reserved, times_redeemed from coupon where id = $1',
      [id],
    );
    expect(counts).toEqual({ times_reserved: 10, times_redeemed: 0 });
  });
});
