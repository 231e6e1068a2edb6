import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startGateway, type TestGateway } from '../support/gateway.ts';
import {
  type CreateCheckoutInput,
  OrderDocument,
  OverviewDocument,
  PlansDocument,
} from '../support/operations.generated.ts';
import {
  checkout,
  expectAtProvider,
  expectRefused,
  givenCatalogue,
  newKey,
  pageOf,
  pay,
  recharge,
  sql,
} from './given-purchases.ts';

const CHECKOUT =
  'mutation ($input: CreateCheckoutInput!) { createCheckout(input: $input) { __typename } }';
const PENDING = `select id from purchase_order where account_id = $1 and status = 'PENDING'`;

describe('buying a plan', () => {
  let gateway: TestGateway;
  beforeAll(async () => {
    const catalogue = await givenCatalogue(({ plans }) => {
      plans.push(
        { ...plans[1], slug: 'monthly-only', yearly: undefined },
        { ...plans[1], slug: 'no-packages', canBuyCreditPackages: false },
        { ...plans[1], slug: 'withdrawn' },
      );
    });
    gateway = await startGateway({ environment: { CATALOGUE: catalogue } });
    await sql(gateway, `update plan set is_active = false where slug = 'withdrawn'`);
    gateway.app.services.catalog.forget();
  });
  afterAll(() => gateway.close());

  describe('with an idempotency key', () => {
    it.each([
      ['createCheckout', checkout],
      ['recharge', recharge],
    ] as const)('gives %s the same order and page again, also paid', async (_, buy) => {
      const account = await gateway.createAccount();
      const idempotencyKey = newKey();
      const first = pageOf(await buy(account, { idempotencyKey }));
      expect(pageOf(await buy(account, { idempotencyKey }))).toEqual(first);
      expect(await pay(first.checkoutUrl)).toBe(303);
      await gateway.settled();
      const again = pageOf(await buy(account, { idempotencyKey }));
      expect(again.checkoutUrl).toBe(first.checkoutUrl);
      expect(again.order).toMatchObject({ id: first.order.id, status: 'PAID', checkoutUrl: null });
    });

    it.each([
      ['createCheckout', checkout],
      ['recharge', recharge],
    ] as const)('gives twenty %s at once one order, one page, one customer', async (_, buy) => {
      const account = await gateway.createAccount();
      const idempotencyKey = newKey();
      const answers = await Promise.all(
        Array.from({ length: 20 }, () => buy(account, { idempotencyKey })),
      );
      const pages = answers.map((answer) => pageOf(answer));
      expect(new Set(pages.map(({ order }) => order.id)).size).toBe(1);
      expect(new Set(pages.map(({ checkoutUrl }) => checkoutUrl)).size).toBe(1);
      await expectAtProvider(gateway, account, { customers: 1, sessions: 1 });
    });

    it('refuses a key that was used with other input', async () => {
      const account = await gateway.createAccount();
      const idempotencyKey = newKey();
      pageOf(await checkout(account, { idempotencyKey }));
      const others: Partial<CreateCheckoutInput>[] = [
        { planSlug: 'pro' },
        { interval: 'YEAR' },
        { channel: 'STRIPE' },
        { couponCode: 'HALF' },
        { successUrl: 'http://localhost:3000/other' },
        { cancelUrl: 'http://localhost:3000/other' },
      ];
      for (const other of others) {
        const answer = await checkout(account, { idempotencyKey, ...other });
        expect(answer).toMatchObject({ __typename: 'IdempotencyConflict' });
      }
      pageOf(await recharge(account, { idempotencyKey }));
      const answer = await recharge(account, { idempotencyKey, amountMinorUnits: 1_501 });
      expect(answer).toMatchObject({ __typename: 'IdempotencyConflict' });
    });

    it('keeps the keys of accounts apart', async () => {
      const [one, other] = [await gateway.createAccount(), await gateway.createAccount()];
      const first = pageOf(await checkout(one, { idempotencyKey: 'shared' }));
      const second = pageOf(await checkout(other, { idempotencyKey: 'shared' }));
      expect(second.order.id).not.toBe(first.order.id);
    });

    it.each(['', '   ', 'x'.repeat(256), 'with\u0000nul'])('refuses the key %j', async (key) => {
      const account = await gateway.createAccount();
      await expectRefused(account, CHECKOUT, { planSlug: 'pro', idempotencyKey: key });
    });
  });

  describe('a plan', () => {
    it('leaves one payable page of two that are asked for at once', async () => {
      const account = await gateway.createAccount();
      const answers = await Promise.all(
        ['pro', 'starter-pro', 'pro', 'scale'].map((planSlug) => checkout(account, { planSlug })),
      );
      for (const { __typename } of answers)
        expect(['CreateCheckoutPayload', 'NotAllowedNow']).toContain(__typename);
      expect(answers.map(({ __typename }) => __typename)).toContain('CreateCheckoutPayload');
      await expectAtProvider(gateway, account, { open: 1 });
      const pending = await sql(gateway, PENDING, [account.id]);
      expect(pending).toHaveLength(1);
    });

    it('closes the page that was left open, which nobody can pay any more', async () => {
      const account = await gateway.createAccount();
      const first = pageOf(await checkout(account));
      const second = pageOf(await checkout(account, { planSlug: 'pro' }));
      expect(await pay(first.checkoutUrl)).toBe(410);
      const { order } = await account.client.request(OrderDocument, { id: first.order.id });
      expect(order).toMatchObject({ status: 'EXPIRED', checkoutUrl: null });
      await expectAtProvider(gateway, account, { sessions: 2, open: 1 });
      expect(await pay(second.checkoutUrl)).toBe(303);
      await gateway.settled();
      const { account: after } = await account.client.request(OverviewDocument);
      expect(after).toMatchObject({ status: 'ACTIVE', plan: { slug: 'pro' } });
    });

    it('does not close the open page for a request that is refused', async () => {
      const account = await gateway.createAccount();
      const first = pageOf(await checkout(account));
      await checkout(account, { couponCode: 'HALF' });
      await checkout(account, { planSlug: 'nothing' });
      await expectAtProvider(gateway, account, { open: 1 });
      expect(await pay(first.checkoutUrl)).toBe(303);
    });

    it('is not sold beside a payment that is on its way, nor beside a live subscription', async () => {
      const account = await gateway.createAccount();
      await pay(pageOf(await checkout(account)).checkoutUrl, { action: 'pay_later' });
      expect(await checkout(account)).toMatchObject({ __typename: 'NotAllowedNow' });
      await gateway.settled();
      expect(await checkout(account)).toMatchObject({ __typename: 'NotAllowedNow' });
    });

    it.each([
      [{ planSlug: 'free' }, 'PlanNotAvailable'],
      [{ planSlug: 'max' }, 'PlanNotAvailable'],
      [{ planSlug: 'max', interval: 'YEAR' as const }, 'PlanNotAvailable'],
      [{ planSlug: 'withdrawn' }, 'PlanNotAvailable'],
      [{ planSlug: 'unknown' }, 'PlanNotAvailable'],
      [{ planSlug: '' }, 'PlanNotAvailable'],
      [{ planSlug: null, planId: 'unknown' }, 'PlanNotAvailable'],
      [{ planSlug: null, priceId: 'price_unknown' }, 'PlanNotAvailable'],
      [{ planSlug: 'monthly-only', interval: 'YEAR' as const }, 'PlanNotAvailable'],
      [{ couponCode: 'UNKNOWN' }, 'CouponNotApplicable'],
    ])('is refused for %j as %s', async (input, refusal) => {
      const account = await gateway.createAccount();
      expect(await checkout(account, input)).toMatchObject({ __typename: refusal });
      await expectAtProvider(gateway, account, { customers: 0, sessions: 0 });
    });

    it('is found by id, by Tollgate’s price and by the provider’s', async () => {
      const { plans } = await gateway.admin.request(PlansDocument, {});
      const plan = plans.find(({ slug }) => slug === 'pro');
      const [yearly] = await sql<{ stripe_price_id: string }>(
        gateway,
        'select stripe_price_id from plan_price where id = $1',
        [plan?.yearlyPrice?.id],
      );
      const wishes: [Partial<CreateCheckoutInput>, string, number][] = [
        [{ planSlug: null, planId: plan?.id }, 'MONTH', 2_400],
        [{ planSlug: null, planId: plan?.id, interval: 'YEAR' }, 'YEAR', 24_000],
        [{ planSlug: null, priceId: plan?.monthlyPrice?.id }, 'MONTH', 2_400],
        [{ planSlug: null, priceId: yearly?.stripe_price_id }, 'YEAR', 24_000],
        [{ planSlug: null }, 'MONTH', 2_400],
      ];
      for (const [wish, interval, minorUnits] of wishes) {
        const { order } = pageOf(await checkout(await gateway.createAccount(), wish));
        expect(order).toMatchObject({ plan: { slug: 'pro' }, interval, amount: { minorUnits } });
      }
    });

    it('is named in one way only, and an interval does not contradict a price', async () => {
      const account = await gateway.createAccount();
      const { plans } = await gateway.admin.request(PlansDocument, {});
      const plan = plans.find(({ slug }) => slug === 'pro');
      const { id: planId } = plan ?? {};
      const priceId = plan?.monthlyPrice?.id;
      for (const wish of [
        { planSlug: 'pro', planId },
        { planSlug: 'pro', priceId },
        { planId, priceId },
        { priceId, interval: 'YEAR' },
      ])
        await expectRefused(account, CHECKOUT, { ...wish, idempotencyKey: newKey() });
    });
  });
});
