import { randomUUID } from 'node:crypto';
import { Creem } from 'creem';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type CreemWorldUnderTest, startCreemWorld } from '../providers/creem-world.ts';
import { SUCCESS_URL } from './given.ts';

/** Creem's own SDK checks every answer against its types. */
describe('a discount of Creem’s sandbox', () => {
  let world: CreemWorldUnderTest;
  let creem: Creem;
  let productId: string;
  beforeAll(async () => {
    world = await startCreemWorld();
    creem = new Creem({ apiKey: world.apiKey, serverURL: world.apiBase });
    productId = await givenProduct(3_000);
  });
  afterAll(() => world[Symbol.asyncDispose]());

  async function givenProduct(price: number): Promise<string> {
    const { id } = await creem.products.create({
      name: 'Pro',
      description: 'Everything',
      price,
      currency: 'USD',
      billingType: 'recurring',
      billingPeriod: 'every-month',
    });
    return id;
  }

  const givenDiscount = (changes: object = {}) =>
    creem.discounts.create({
      name: 'Spring',
      type: 'percentage',
      percentage: 33.33,
      duration: 'once',
      appliesToProducts: [productId],
      ...changes,
    });

  async function givenPaid(discountCode: string) {
    const customer = { email: `ada-${randomUUID()}@example.com` };
    const { id, checkoutUrl = '' } = await creem.checkouts.create({
      productId,
      discountCode,
      successUrl: SUCCESS_URL,
      customer: { id: (await creem.customers.create({ ...customer, name: 'Ada' })).id },
    });
    await world.pay(checkoutUrl, 'GOOD');
    return creem.checkouts.retrieve(id);
  }

  it('is made, found by its id and its code, and deleted, after which its code is free', async () => {
    const made = await givenDiscount({ code: 'SPRING', expiryDate: new Date('2099-01-01') });
    expect(made).toMatchObject({ code: 'SPRING', status: 'active', percentage: 33.33 });
    await expect(givenDiscount({ code: 'SPRING' })).rejects.toMatchObject({ statusCode: 409 });
    expect(await creem.discounts.get(made.id)).toEqual(made);
    expect(await creem.discounts.get(undefined, 'SPRING')).toEqual(made);
    expect(await creem.discounts.delete(made.id)).toMatchObject({ status: 'deleted' });
    await expect(creem.discounts.get(undefined, 'SPRING')).rejects.toMatchObject({
      statusCode: 404,
    });
    expect((await givenDiscount({ code: 'SPRING' })).id).not.toBe(made.id);
    expect((await givenDiscount()).code).toMatch(/^[A-Z0-9]{10}$/);
  });

  it('that is for once is taken off the first payment, its order, and what an upgrade gives back', async () => {
    const discount = await givenDiscount({ percentage: 50 });
    const paid = await givenPaid(discount.code);
    expect(paid).toMatchObject({
      discount: { id: discount.id, discountCode: discount.code, amount: 50 },
      order: { amount: 1_500, subTotal: 3_000, discountAmount: 1_500, discount: discount.id },
    });
    const subscriptionId = String(paid.subscription);
    const { discount: left } = await creem.subscriptions.get(subscriptionId);
    expect(left).toBeUndefined();
    expect((await creem.discounts.get(discount.id)).redeemCount).toBe(1);

    await creem.subscriptions.upgrade(subscriptionId, {
      productId: await givenProduct(9_000),
      updateBehavior: 'proration-charge-immediately',
    });
    const pages = await creem.transactions.search(String(paid.customer));
    expect(pages.result.items.map(({ amount }) => amount)).toEqual([7_500, 1_500]);
  });

  it('that is for ever is taken off every payment', async () => {
    const { code } = await givenDiscount({
      type: 'fixed',
      amount: 500,
      currency: 'USD',
      duration: 'forever',
    });
    const paid = await givenPaid(code);
    world.moveClock(new Date(world.now().getTime() + 32 * 86_400_000));

    const pages = await creem.transactions.search(String(paid.customer));
    expect(pages.result.items).toMatchObject([
      { amount: 2_500, amountPaid: 2_500, discountAmount: 500 },
      { amount: 2_500, amountPaid: 2_500, discountAmount: 500 },
    ]);
  });

  it('that is over by the time of the payment charges nothing that the page did not show', async () => {
    const { code } = await givenDiscount({ maxRedemptions: 1 });
    const open = () =>
      creem.checkouts.create({ productId, discountCode: code, successUrl: SUCCESS_URL });
    const [first, second] = [await open(), await open()];
    const form = { action: 'pay', email: 'ada@example.com', cardNumber: '4242424242424242' };
    await world.press(first.checkoutUrl ?? '', { ...form, total: '2000' });

    const body = new URLSearchParams({ ...form, total: '2000' });
    const answer = await fetch(second.checkoutUrl ?? '', { method: 'POST', body });

    expect(answer.status).toBe(409);
    expect(await answer.text()).toMatch(/The total has changed.*Pay \$30\.00/s);
    await expect(open()).rejects.toMatchObject({ statusCode: 400 });
  });

  it.each([
    ['no product', { applies_to_products: [] }, 'applies_to_products should not be empty'],
    ['an unknown product', { applies_to_products: ['prod_1'] }, 'Product not found'],
    ['more than all', { percentage: 101 }, 'percentage must be'],
    ['an amount without its currency', { type: 'fixed', amount: 500 }, 'are required'],
    ['an end in the past', { expiry_date: '2020-01-01T00:00:00Z' }, 'in the future'],
    ['an end that is no instant', { expiry_date: 'soon' }, 'expiry_date must match format'],
    ['an unknown duration', { duration: 'twice' }, 'duration must be one of'],
    ['what is not played', { duration: 'repeating', duration_in_months: 3 }, 'does not play'],
  ])('is refused with %s', async (_what, change, message) => {
    const terms = { name: 'Spring', type: 'percentage', percentage: 10, duration: 'once' };
    const answer = await post('discounts', {
      ...terms,
      applies_to_products: [productId],
      ...change,
    });
    expect(answer).toMatchObject({ message: [expect.stringContaining(message)] });
  });

  it.each([
    ['a code that nobody made', {}, { discount_code: 'NONE' }, 'invalid or expired'],
    ['another currency', { type: 'fixed', amount: 500, currency: 'EUR' }, {}, 'is in EUR'],
    ['too little left', { percentage: 99 }, {}, 'no total below 100'],
  ])('is refused on a checkout with %s', async (_what, terms, change, message) => {
    const { code } = await givenDiscount(terms);
    const checkout = { product_id: productId, discount_code: code, ...change };
    expect(await post('checkouts', checkout)).toMatchObject({
      message: [expect.stringContaining(message)],
    });
  });

  it('is for its own products only', async () => {
    const { code } = await givenDiscount();
    const checkout = { product_id: await givenProduct(5_000), discount_code: code };
    expect(await post('checkouts', checkout)).toMatchObject({
      message: ['Discount code does not apply to this product'],
    });
  });

  async function post(path: string, body: object): Promise<unknown> {
    const answer = await fetch(`${world.apiBase}/v1/${path}`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', 'x-api-key': world.apiKey },
      body: JSON.stringify(body),
    });
    return answer.json();
  }
});
