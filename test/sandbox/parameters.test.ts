import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import Stripe from 'stripe';
import { describe, expect, it } from 'vitest';
import { decodeForm } from '../../src/sandbox/stripe/form-body.ts';
import { givenPlan, givenSandbox, SUCCESS_URL, stripeAt } from './given.ts';

describe('parameters', () => {
  it('are checked against schemas made from the installed types', () => {
    const installed = JSON.parse(readFileSync('node_modules/stripe/package.json', 'utf8')).version;
    const schema = JSON.parse(readFileSync('src/sandbox/stripe/schemas/customer.json', 'utf8'));

    expect(schema.stripeVersion).toBe(installed);
    execFileSync(process.execPath, ['scripts/generate-stripe-schemas.mjs', '--check']);
  });

  it('refuses a parameter that the pinned version does not know', async () => {
    const { stripe } = await givenSandbox();

    const asking = stripe.checkout.sessions.create({
      mode: 'payment',
      success_url: SUCCESS_URL,
      // @ts-expect-error It was removed from the API.
      payment_method_types: ['card'],
    });

    await expect(asking).rejects.toMatchObject({
      type: 'StripeInvalidRequestError',
      code: 'parameter_unknown',
      param: 'payment_method_types',
      statusCode: 400,
    });
  });

  it.each([
    ['subscription_data[coupon]', { subscription_data: { coupon: 'x' } }, 'parameter_unknown'],
    ['line_items[0][quantity]', { line_items: [{ quantity: 'two' }] }, 'parameter_invalid_integer'],
    ['ui_mode', { ui_mode: 'hosted' }, undefined],
    [
      'line_items[0][price_data][currency]',
      { line_items: [{ price_data: { unit_amount: 5 } }] },
      'parameter_missing',
    ],
    ['expires_at', { expires_at: '' }, 'parameter_invalid_empty'],
    ['allow_promotion_codes', { allow_promotion_codes: 'perhaps' }, undefined],
    ['line_items', { line_items: undefined }, 'parameter_missing'],
    ['mode', { mode: undefined }, 'parameter_missing'],
    ['success_url', { success_url: 'javascript:alert(1)' }, 'url_invalid'],
    [
      'line_items[0][price]',
      { line_items: [{ price: 'price_x', quantity: 1 }] },
      'resource_missing',
    ],
    ['customer', { customer: 'cus_nobody' }, 'resource_missing'],
    ['discounts[0][coupon]', { discounts: [{ coupon: 'NO' }] }, 'resource_missing'],
    ['payment_intent_data', { payment_intent_data: { description: 'x' } }, undefined],
    ['expires_at', { expires_at: 12 }, undefined],
    [
      'subscription_data[trial_period_days]',
      { subscription_data: { trial_period_days: 0 } },
      undefined,
    ],
  ])('names %s when a checkout is wrong there', async (param, more, code) => {
    const { stripe } = await givenSandbox();
    const { price } = await givenPlan(stripe);
    const good = {
      mode: 'subscription',
      line_items: [{ price: price.id, quantity: 1 }],
      success_url: SUCCESS_URL,
    };

    const asking = stripe.checkout.sessions.create({ ...good, ...more } as never);

    await expect(asking).rejects.toMatchObject({ statusCode: 400, param, code });
  });

  it('refuses a request without the key, with another key or of another version', async () => {
    const { sandbox } = await givenSandbox();
    const stranger = new Stripe('sk_test_other', {
      host: '127.0.0.1',
      port: new URL(sandbox.url).port,
      protocol: 'http',
    });

    await expect(stranger.customers.list()).rejects.toMatchObject({
      type: 'StripeAuthenticationError',
    });
    expect((await fetch(`${sandbox.url}/v1/customers`)).status).toBe(401);
    const old = stripeAt(sandbox.url, { apiVersion: '2024-06-20' as never });
    await expect(old.customers.list()).rejects.toMatchObject({ statusCode: 400 });
  });

  it('answers 404 with an error of Stripe’s shape for a path it does not know', async () => {
    const { stripe } = await givenSandbox();

    await expect(stripe.balance.retrieve()).rejects.toMatchObject({
      type: 'StripeInvalidRequestError',
      statusCode: 404,
    });
  });

  it('keeps names that mean something to the language apart', () => {
    const decoded = decodeForm(
      '__proto__[polluted]=1&metadata[0]=a&metadata[constructor]=b&x[]=1&x[]=2',
    );

    expect({}).not.toHaveProperty('polluted');
    expect(decoded).toMatchObject({ metadata: { 0: 'a', constructor: 'b' }, x: ['1', '2'] });
  });

  it('expands what is asked for and refuses what is no reference', async () => {
    const { stripe } = await givenSandbox();
    const { price } = await givenPlan(stripe);

    const expanded = await stripe.prices.list({ expand: ['data.product'] });

    expect(expanded.data[0]?.product).toMatchObject({ object: 'product', name: 'Pro' });
    await expect(stripe.prices.retrieve(price.id, { expand: ['currency'] })).rejects.toMatchObject({
      statusCode: 400,
      param: 'expand',
    });
  });
});
