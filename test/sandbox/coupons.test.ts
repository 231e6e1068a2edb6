import { describe, expect, it } from 'vitest';
import { GOOD_CARD, givenPlan, givenSandbox, SUCCESS_URL } from './given.ts';

const OFF = { percent_off: 25, duration: 'once' as const };

describe('a coupon of the sandbox', () => {
  it('is made once under its id, found, named anew, listed and deleted', async () => {
    const { stripe } = await givenSandbox();
    const made = await stripe.coupons.create({ ...OFF, id: 'SPRING', name: 'Spring' });
    expect(made).toMatchObject({ id: 'SPRING', percent_off: 25, valid: true, times_redeemed: 0 });
    await expect(stripe.coupons.create({ ...OFF, id: 'SPRING' })).rejects.toMatchObject({
      statusCode: 400,
      code: 'resource_already_exists',
    });
    expect(await stripe.coupons.update('SPRING', { name: 'May' })).toMatchObject({ name: 'May' });
    expect((await stripe.coupons.list()).data.map(({ id }) => id)).toEqual(['SPRING']);
    expect(await stripe.coupons.del('SPRING')).toMatchObject({ deleted: true });
    await expect(stripe.coupons.retrieve('SPRING')).rejects.toMatchObject({
      statusCode: 404,
      code: 'resource_missing',
    });
    expect(await stripe.coupons.create({ ...OFF, id: 'SPRING' })).toMatchObject({ id: 'SPRING' });
  });

  it.each([
    ['percent_off', {}],
    ['percent_off', { percent_off: 101 }],
    ['currency', { amount_off: 500 }],
    [undefined, { amount_off: 500, currency: 'usd', percent_off: 10 }],
    ['duration', { percent_off: 10, duration: 'repeating' }],
    ['applies_to', { percent_off: 10, applies_to: { products: ['prod_1'] } }],
    ['colour', { percent_off: 10, colour: 'red' }],
  ])('is refused when %s is wrong: %j', async (param, params) => {
    const { stripe } = await givenSandbox();
    await expect(stripe.coupons.create(params as never)).rejects.toMatchObject({
      statusCode: 400,
      ...(param === undefined ? {} : { param }),
    });
  });

  it('discounts a session, its page, its subscription’s first invoice, and what a change gives back', async () => {
    const { stripe, submit } = await givenSandbox();
    await stripe.coupons.create({ ...OFF, id: 'SPRING' });
    const { price } = await givenPlan(stripe);
    const larger = await stripe.prices.create({
      product: String(price.product),
      currency: 'usd',
      unit_amount: 9_000,
      recurring: { interval: 'month' },
    });
    const session = await stripe.checkout.sessions.create({
      mode: 'subscription',
      line_items: [{ price: price.id, quantity: 1 }],
      discounts: [{ coupon: 'SPRING' }],
      success_url: SUCCESS_URL,
    });
    expect(session).toMatchObject({
      amount_subtotal: 3_000,
      amount_total: 2_250,
      total_details: { amount_discount: 750 },
      discounts: [{ coupon: 'SPRING', promotion_code: null }],
    });
    const page = await (await fetch(session.url ?? '')).text();
    expect(page).toMatch(/SPRING.*−\$7\.50/);
    await submit(session.url ?? '', { action: 'pay', cardNumber: GOOD_CARD, email: 'a@b.example' });
    const done = await stripe.checkout.sessions.retrieve(session.id, {
      expand: ['subscription', 'invoice.total_discount_amounts.discount'],
    });
    expect(done).toMatchObject({
      subscription: { discounts: [] },
      invoice: {
        subtotal: 3_000,
        total: 2_250,
        amount_paid: 2_250,
        total_discount_amounts: [{ amount: 750, discount: { source: { coupon: 'SPRING' } } }],
        lines: { data: [{ amount: 3_000, discount_amounts: [{ amount: 750 }] }] },
      },
    });
    expect(await stripe.coupons.retrieve('SPRING')).toMatchObject({ times_redeemed: 1 });
    const { id, items } = done.subscription as Exclude<typeof done.subscription, string | null>;
    const preview = await stripe.invoices.createPreview({
      subscription: id,
      subscription_details: {
        items: [{ id: items.data[0]?.id ?? '', price: larger.id, quantity: 1 }],
        proration_behavior: 'always_invoice',
        proration_date: items.data[0]?.current_period_start ?? 0,
      },
    });
    expect(preview.lines.data.map(({ amount }) => amount)).toEqual([-2_250, 9_000]);
  });

  it('is refused on a session when unknown, used up, or together with promotion codes', async () => {
    const { stripe } = await givenSandbox();
    const { price } = await givenPlan(stripe);
    await stripe.coupons.create({ ...OFF, id: 'ENDED', redeem_by: 1 });
    const open = (more: object) =>
      stripe.checkout.sessions.create({
        mode: 'subscription',
        line_items: [{ price: price.id, quantity: 1 }],
        success_url: SUCCESS_URL,
        ...more,
      });
    await expect(open({ discounts: [{ coupon: 'NONE' }] })).rejects.toMatchObject({
      code: 'resource_missing',
      param: 'discounts[0][coupon]',
    });
    await expect(open({ discounts: [{ coupon: 'ENDED' }] })).rejects.toMatchObject({
      code: 'coupon_expired',
    });
    await expect(
      open({ discounts: [{ coupon: 'ENDED' }], allow_promotion_codes: true }),
    ).rejects.toMatchObject({ param: 'discounts' });
  });
});
