import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  couponNow,
  givenCoupon,
  rechargeWithCoupon as recharge,
} from '../features/coupon/given-coupons.ts';
import { startGateway, type TestAccount, type TestGateway } from '../support/gateway.ts';
import { ledgerFaults } from '../support/ledger-checker.ts';
import {
  AdvanceClockDocument,
  CouponOrderDocument,
  InvoicesDocument,
} from '../support/operations.generated.ts';
import { CREEM, creemBooks, overviewOf, paymentsOf } from './given-creem.ts';
import { checkout, control, givenCatalogue, newKey, pageOf, pay } from './given-purchases.ts';
import { reverse } from './given-reversals.ts';

const DAY_MS = 86_400_000;

describe('a coupon on a page of Creem', () => {
  let gateway: TestGateway;
  beforeAll(async () => {
    const catalogue = await givenCatalogue(({ plans }) => {
      plans.push({ ...plans[1], slug: 'with-trial', trialDays: 7 });
    });
    gateway = await startGateway({ environment: { CATALOGUE: catalogue } });
  });
  afterAll(async () => {
    expect(await ledgerFaults(gateway.app.services.database)).toEqual([]);
    await gateway.close();
  });

  const orderOf = async (account: TestAccount, id: string) =>
    (await account.client.request(CouponOrderDocument, { id })).order;
  const advance = (days: number) =>
    gateway.admin.request(AdvanceClockDocument, {
      to: new Date(gateway.app.services.clock.now().getTime() + days * DAY_MS).toISOString(),
    });
  const idOf = (url: string) => url.split('/').at(-1) ?? '';

  it('takes its percentage off a plan, which brings the same credits as on a page of Stripe', async () => {
    const { id, code } = await givenCoupon(gateway, { percentOffBasisPoints: 3_333 });
    const seen = [];
    for (const channel of ['STRIPE', 'CREEM'] as const) {
      const account = await gateway.createAccount({ credits: '0' });
      const { order, checkoutUrl } = pageOf(await checkout(account, { channel, couponCode: code }));
      expect(order.amount.minorUnits).toBe(1_933); // 2900 less 966.57, which is rounded to 967
      expect(await (await fetch(checkoutUrl)).text()).toMatch(
        new RegExp(`${code}.*−\\$9\\.67`, 's'),
      );
      await pay(checkoutUrl);
      await gateway.settled();
      const { account: after } = await account.client.request(InvoicesDocument);
      const { status, plan, creditBalance } = await overviewOf(account);
      const invoices = after?.invoices.nodes.map((one) => [one.status, one.amount.minorUnits]);
      const paid = await orderOf(account, order.id);
      const bought = [paid?.status, paid?.amount.minorUnits, paid?.coupon?.code];
      seen.push({ status, plan, planCredits: creditBalance.planCredits, invoices, bought });
    }

    expect(seen[1]).toEqual(seen[0]);
    expect(seen[1]).toMatchObject({
      status: 'ACTIVE',
      planCredits: '100',
      invoices: [['PAID', 1_933]],
      bought: ['PAID', 1_933, code],
    });
    expect((await couponNow(gateway.admin, id))?.timesRedeemed).toBe(2);
    const { transaction } = await creemBooks(gateway);
    expect(transaction.at(-1)).toMatchObject({ amount: 1_933, discount_amount: 967 });
  });

  it('takes its amount off a top-up; what goes back of the payment takes its share of the credits', async () => {
    const { code } = await givenCoupon(gateway, { kind: 'AMOUNT_OFF', amountOffMinorUnits: 500 });
    const account = await gateway.createAccount({ credits: '0' });
    const { order, checkoutUrl } = pageOf(await recharge(account, { ...CREEM, couponCode: code }));
    expect(order).toMatchObject({ amount: { minorUnits: 1_000 }, credits: '50' });
    await pay(checkoutUrl);
    await gateway.settled();
    expect((await overviewOf(account)).creditBalance.purchasedCredits).toBe('50');
    expect(await paymentsOf(gateway, account)).toEqual([[1_000, 'paid']]);

    await reverse(gateway, idOf(checkoutUrl), 'refund', 400);
    await gateway.settled();
    expect((await overviewOf(account)).creditBalance.purchasedCredits).toBe('30');
    expect((await orderOf(account, order.id))?.status).toBe('PARTIALLY_REFUNDED');
    await reverse(gateway, idOf(checkoutUrl), 'refund');
    await gateway.settled();
    expect((await overviewOf(account)).creditBalance.purchasedCredits).toBe('0');
    expect((await orderOf(account, order.id))?.status).toBe('REFUNDED');
  });

  it('on a plan goes back with the payment, and so do the credits', async () => {
    const { id, code } = await givenCoupon(gateway);
    const account = await gateway.createAccount({ credits: '0' });
    const { order, checkoutUrl } = pageOf(await checkout(account, { ...CREEM, couponCode: code }));
    await pay(checkoutUrl);
    await gateway.settled();
    await reverse(gateway, idOf(checkoutUrl), 'refund');
    await gateway.settled();

    expect(await paymentsOf(gateway, account)).toEqual([[2_175, 'refunded']]);
    expect((await overviewOf(account)).creditBalance.planCredits).toBe('0');
    expect((await orderOf(account, order.id))?.status).toBe('REFUNDED');
    expect((await couponNow(gateway.admin, id))?.timesRedeemed).toBe(1);
  });

  it('that leaves less than Creem sells for is refused, all of it too, and holds no use', async () => {
    const coupons = [
      await givenCoupon(gateway, { percentOffBasisPoints: 10_000, maxRedemptions: 1 }),
      await givenCoupon(gateway, {
        kind: 'AMOUNT_OFF',
        amountOffMinorUnits: 1_401,
        maxRedemptions: 1,
      }),
    ];
    for (const { code } of coupons) {
      const account = await gateway.createAccount();
      const refused = {
        __typename: 'CouponNotApplicable',
        reason: 'AMOUNT_TOO_SMALL',
        message: 'What is left to pay with this coupon is less than CREEM charges.',
      };
      expect(await recharge(account, { ...CREEM, couponCode: code })).toMatchObject(refused);
      pageOf(await recharge(account, { channel: 'STRIPE', couponCode: code }));
    }
    const { code } = await givenCoupon(gateway, { percentOffBasisPoints: 10_000 });
    expect(
      await checkout(await gateway.createAccount(), {
        ...CREEM,
        planSlug: 'with-trial',
        couponCode: code,
      }),
    ).toMatchObject({ reason: 'AMOUNT_TOO_SMALL' });
  });

  it('is made once for a page whose opening was tried again', async () => {
    const { code } = await givenCoupon(gateway);
    const account = await gateway.createAccount();
    const wish = { ...CREEM, couponCode: code, idempotencyKey: newKey() };
    const before = (await creemBooks(gateway)).discount.length;
    const fault = { provider: 'creem', method: 'POST', effect: 'truncate', after: true };
    await control(gateway, 'faults', { ...fault, path: '/creem/v1/checkouts' });
    await expect(recharge(account, wish)).rejects.toThrow('PROVIDER_UNAVAILABLE');

    const { order, checkoutUrl } = pageOf(await recharge(account, wish));

    expect((await creemBooks(gateway)).discount).toHaveLength(before + 1);
    await pay(checkoutUrl);
    await gateway.settled();
    expect(await orderOf(account, order.id)).toMatchObject({
      status: 'PAID',
      amount: { minorUnits: 1_125 },
    });
  });

  it('goes along when a new checkout takes the place of the open one, whose discount ends', async () => {
    const { id, code } = await givenCoupon(gateway, { maxRedemptions: 1, perAccountLimit: 1 });
    const account = await gateway.createAccount();
    const first = pageOf(await checkout(account, { ...CREEM, couponCode: code }));
    const second = pageOf(
      await checkout(account, { ...CREEM, planSlug: 'with-trial', couponCode: code }),
    );
    expect((await orderOf(account, first.order.id))?.status).toBe('EXPIRED');
    const { discount } = await creemBooks(gateway);
    expect(discount.slice(-2).map(({ status }) => status)).toEqual(['deleted', 'active']);
    expect(await (await fetch(first.checkoutUrl)).text()).toContain('Pay $29.00');

    await pay(second.checkoutUrl);
    await gateway.settled();
    expect((await couponNow(gateway.admin, id))?.timesRedeemed).toBe(1);
    expect((await overviewOf(account)).creditBalance.planCredits).toBe('80');
  });

  // Last, since they move the time of everything.
  it('waits through a trial for the first payment, and takes nothing off the second', async () => {
    const { code } = await givenCoupon(gateway, { kind: 'AMOUNT_OFF', amountOffMinorUnits: 700 });
    const account = await gateway.createAccount();
    const { order, checkoutUrl } = pageOf(
      await checkout(account, { ...CREEM, planSlug: 'with-trial', couponCode: code }),
    );
    expect(order.amount.minorUnits).toBe(1_700); // 2400 less 700
    await pay(checkoutUrl);
    await gateway.settled();
    expect(await orderOf(account, order.id)).toMatchObject({
      status: 'PAID',
      amount: { minorUnits: 1_700 },
    });

    await advance(8);
    expect(await paymentsOf(gateway, account)).toEqual([[1_700, 'paid']]);
    await advance(31);
    expect(await paymentsOf(gateway, account)).toEqual([
      [1_700, 'paid'],
      [2_400, 'paid'],
    ]);
  });

  it('is given back when nobody pays in time; who pays late pays the whole price', async () => {
    const { id, code } = await givenCoupon(gateway, { maxRedemptions: 1 });
    const [late, next] = [await gateway.createAccount(), await gateway.createAccount()];
    const wish = { ...CREEM, couponCode: code };
    const { order, checkoutUrl } = pageOf(await recharge(late, wish));
    expect(await recharge(next, wish)).toMatchObject({ reason: 'EXHAUSTED' });

    await advance(0.97);
    await gateway.app.services.reconciliation.run();
    expect((await orderOf(late, order.id))?.status).toBe('EXPIRED');
    await pay(pageOf(await recharge(next, wish)).checkoutUrl);
    expect(await pay(checkoutUrl)).toBe(303);
    await gateway.settled();

    expect(await paymentsOf(gateway, next)).toEqual([[1_125, 'paid']]);
    expect(await paymentsOf(gateway, late)).toEqual([[1_500, 'paid']]);
    expect(await orderOf(late, order.id)).toMatchObject({
      status: 'PAID',
      amount: { minorUnits: 1_500 },
    });
    expect((await couponNow(gateway.admin, id))?.timesRedeemed).toBe(1);
  });
});
