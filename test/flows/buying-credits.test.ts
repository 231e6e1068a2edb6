import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startGateway, type TestGateway } from '../support/gateway.ts';
import { OverviewDocument, PlansDocument } from '../support/operations.generated.ts';
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
const RECHARGE = 'mutation ($input: RechargeInput!) { recharge(input: $input) { __typename } }';

describe('credits', () => {
  let gateway: TestGateway;
  beforeAll(async () => {
    const catalogue = await givenCatalogue(({ plans }) => {
      plans.push({ ...plans[1], slug: 'no-packages', canBuyCreditPackages: false });
    });
    gateway = await startGateway({ environment: { CATALOGUE: catalogue } });
  });
  afterAll(() => gateway.close());

  it.each([499, 100_001, 0, -1, 15.5, '1500', 9_007_199_254_740_992])(
    'are not sold for %j minor units',
    async (amountMinorUnits) => {
      const account = await gateway.createAccount();
      await expectRefused(account, RECHARGE, { amountMinorUnits, idempotencyKey: newKey() });
      await expectAtProvider(gateway, account, { sessions: 0 });
    },
  );

  it.each([
    [500, '16.666666'],
    [100_000, '3333.333333'],
  ])('are sold for %d minor units, rounded down', async (amountMinorUnits, credits) => {
    const account = await gateway.createAccount();
    const { order } = pageOf(await recharge(account, { amountMinorUnits }));
    expect(order).toMatchObject({
      kind: 'CREDITS',
      credits,
      amount: { minorUnits: amountMinorUnits },
    });
  });

  it('come in packages with their bonus', async () => {
    const account = await gateway.createAccount();
    const { creditPackages } = await account.client.request(PlansDocument, {});
    const { id: packageId } = creditPackages.at(-1) ?? {};
    const { order, checkoutUrl } = pageOf(await recharge(account, { packageId }));
    expect(order).toMatchObject({ credits: '550', amount: { minorUnits: 11_900 } });
    await pay(checkoutUrl);
    await gateway.settled();
    const { account: after } = await account.client.request(OverviewDocument);
    expect(after?.creditBalance).toMatchObject({ purchasedCredits: '550', total: '560' });
  });

  it('need an amount or a package, and not both', async () => {
    const account = await gateway.createAccount();
    const { creditPackages } = await account.client.request(PlansDocument, {});
    const packageId = creditPackages[0]?.id;
    const idempotencyKey = newKey();
    await expectRefused(account, RECHARGE, { idempotencyKey });
    await expectRefused(account, RECHARGE, {
      packageId,
      amountMinorUnits: 1_500,
      idempotencyKey,
    });
    for (const unknown of ['00000000-0000-7000-8000-000000000000', 'nonsense'])
      await expectRefused(account, RECHARGE, { packageId: unknown, idempotencyKey }, 'NOT_FOUND');
  });

  it('are not sold to a plan that may not buy them, nor in another currency', async () => {
    const account = await gateway.createAccount();
    await pay(pageOf(await checkout(account, { planSlug: 'no-packages' })).checkoutUrl);
    await gateway.settled();
    expect(await recharge(account)).toMatchObject({ __typename: 'NotAllowedNow' });
    const abroad = await gateway.createAccount();
    await sql(gateway, `update account set currency = 'EUR' where id = $1`, [abroad.id]);
    expect(await recharge(abroad)).toMatchObject({ __typename: 'NotAllowedNow' });
    expect(await checkout(abroad)).toMatchObject({ __typename: 'NotAllowedNow' });
  });

  it('are refused with an unknown coupon', async () => {
    const account = await gateway.createAccount();
    const coupon = await recharge(account, { couponCode: 'UNKNOWN' });
    expect(coupon).toMatchObject({ __typename: 'CouponNotApplicable' });
  });

  it('is over for a deleted account', async () => {
    const account = await gateway.createAccount();
    await sql(gateway, `update account set status = 'DELETED', blocked_at = now() where id = $1`, [
      account.id,
    ]);
    expect(await checkout(account)).toMatchObject({ __typename: 'AccountBlocked' });
    expect(await recharge(account)).toMatchObject({ __typename: 'AccountBlocked' });
  });

  it('sends nobody to a foreign page, and fills in the session where it was asked to', async () => {
    const account = await gateway.createAccount();
    const idempotencyKey = newKey();
    for (const url of [
      'https://evil.example/',
      'javascript:alert(1)',
      '//evil.example',
      'nonsense',
    ]) {
      await expectRefused(account, CHECKOUT, { successUrl: url, idempotencyKey });
      await expectRefused(account, CHECKOUT, { cancelUrl: url, idempotencyKey });
      await expectRefused(account, RECHARGE, {
        successUrl: url,
        amountMinorUnits: 1_500,
        idempotencyKey,
      });
    }
    const successUrl = 'http://localhost:3000/paid/{CHECKOUT_SESSION_ID}?id={CHECKOUT_SESSION_ID}';
    const { checkoutUrl } = pageOf(await recharge(account, { successUrl }));
    const body = new URLSearchParams({ action: 'pay', cardNumber: '4242424242424242' });
    const paid = await fetch(checkoutUrl, { method: 'POST', body, redirect: 'manual' });
    expect(paid.headers.get('location')).toMatch(
      /^http:\/\/localhost:3000\/paid\/(cs_[^{}?]+)\?id=\1$/,
    );
  });
});
