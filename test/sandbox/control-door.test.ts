import { request } from 'node:http';
import { describe, expect, it } from 'vitest';
import { GOOD_CARD, givenPlanCheckout, givenSandbox, stripeAt } from './given.ts';

describe('a fault', () => {
  it.each([
    ['500', { type: 'StripeAPIError', statusCode: 500 }],
    ['502', { type: 'StripeAPIError' }],
    ['429', { type: 'StripeRateLimitError' }],
    ['reset', { type: 'StripeConnectionError' }],
  ])('%s strikes before the effect, once', async (effect, error) => {
    const { stripe, control } = await givenSandbox();
    const fault = { provider: 'stripe', method: 'POST', path: '/v1/customers', effect };
    // A connection that was reset is tried once more by the SDK itself.
    const times = effect === 'reset' ? 2 : 1;

    const armed = await control('POST', 'faults', { ...fault, times });

    expect(armed.body).toEqual({ ...fault, times, after: false });
    await stripe.products.create({ name: 'Pro' });
    await expect(stripe.customers.create()).rejects.toMatchObject(error);
    expect((await stripe.customers.list()).data).toEqual([]);
    expect((await stripe.customers.create()).id).toMatch(/^cus_/);
  });

  it.each([
    ['500', true],
    ['429', true],
    ['reset', true],
    ['hang', undefined],
    ['truncate', undefined],
  ])(
    '%s after the effect loses the answer, which the same key brings back',
    async (effect, after) => {
      const { sandbox, control } = await givenSandbox();
      const stripe = stripeAt(sandbox.url, { timeout: 300 });
      await control('POST', 'faults', {
        method: 'post',
        path: '/v1/cust*',
        times: effect === 'reset' ? 2 : 1,
        effect,
        ...(after === undefined ? {} : { after }),
      });
      const create = () =>
        stripe.customers.create({ email: 'ada@example.com' }, { idempotencyKey: 'k1' });

      await expect(create()).rejects.toThrow();

      const [made] = (await stripe.customers.list()).data;
      expect((await create()).id).toBe(made?.id);
      expect((await stripe.customers.list()).data).toHaveLength(1);
    },
  );

  it('hang keeps the effect away when it is told to', async () => {
    const { sandbox, control, stripe } = await givenSandbox();
    await control('POST', 'faults', { method: 'POST', effect: 'hang', after: false });

    const hanging = stripeAt(sandbox.url, { timeout: 300 }).customers.create();

    await expect(hanging).rejects.toMatchObject({ type: 'StripeConnectionError' });
    expect((await stripe.customers.list()).data).toEqual([]);
  });

  it('is survived by the SDK’s own retries', async () => {
    const { sandbox, control } = await givenSandbox();
    await control('POST', 'faults', { path: '/v1/customers', effect: '502', times: 2 });

    const made = await stripeAt(sandbox.url, { maxNetworkRetries: 2 }).customers.create();

    expect(made.id).toMatch(/^cus_/);
  });

  it('leaves the pages alone unless its path names them', async () => {
    const { stripe, control, submit } = await givenSandbox();
    const { url } = await givenPlanCheckout(stripe);
    const pay = () => submit(url, { action: 'pay', cardNumber: GOOD_CARD });
    await control('POST', 'faults', { method: 'POST', effect: '500' });
    await control('POST', 'faults', { path: '/checkout/*', effect: '502', after: true });

    expect((await pay()).status).toBe(502);
    expect((await pay()).status).toBe(303);
    expect((await stripe.paymentIntents.list()).data).toHaveLength(1);
  });

  it('can be listed, taken back and written wrongly', async () => {
    const { stripe, control } = await givenSandbox();
    await control('POST', 'faults', { effect: '500', times: 3 });
    const listed = await control('GET', 'faults');
    await control('DELETE', 'faults');

    expect(listed.body).toEqual({ faults: [{ effect: '500', times: 3, after: false, left: 3 }] });
    expect((await stripe.customers.list()).data).toEqual([]);
    expect((await control('POST', 'faults', { effect: 'explode' })).status).toBe(400);
    expect((await control('POST', 'faults', { effect: '500', provider: 'acme' })).status).toBe(400);
  });
});

describe('the clock', () => {
  it('moves forward only, and dates what is made', async () => {
    const { stripe, control } = await givenSandbox();
    const to = '2030-01-31T00:00:00.000Z';

    const moved = await control('POST', 'clock', { to });

    expect(moved.body).toMatchObject({ offsetMs: expect.any(Number), nextDueAt: null });
    const customer = await stripe.customers.create();
    expect(new Date(customer.created * 1000).toISOString()).toMatch(/^2030-01-31T00:00/);
    expect((await control('POST', 'clock', { to: '2029-01-01T00:00:00Z' })).status).toBe(400);
    expect((await control('POST', 'clock', { to: 'tomorrow' })).status).toBe(400);
  });
});

describe('the books', () => {
  it('show every object and event', async () => {
    const { stripe, submit, control } = await givenSandbox();
    const { url, customer } = await givenPlanCheckout(stripe);
    await submit(url, { action: 'pay', cardNumber: GOOD_CARD });

    const { body } = await control('GET', 'books');

    expect(Object.keys(body.stripe as object).toSorted()).toEqual([
      'charge',
      'checkout.session',
      'customer',
      'event',
      'invoice',
      'invoice_payment',
      'payment_intent',
      'payment_method',
      'price',
      'product',
      'subscription',
    ]);
    expect(body).toMatchObject({ stripe: { customer: [{ id: customer.id }] } });
    expect(JSON.stringify(body)).not.toContain('4242424242424242');
  });
});

describe('the control door', () => {
  it('is shut to other hosts’ names and pages', async () => {
    const { sandbox } = await givenSandbox();
    const { port } = new URL(sandbox.url);
    const status = (headers: Record<string, string>) =>
      new Promise<number | undefined>((resolve, reject) => {
        request({ host: '127.0.0.1', port, path: '/_control/books', headers }, (response) => {
          response.resume();
          resolve(response.statusCode);
        })
          .on('error', reject)
          .end();
      });

    expect(await status({ host: `evil.example:${port}` })).toBe(403);
    expect(await status({ host: `localhost:${port}`, origin: 'https://evil.example' })).toBe(403);
    expect(await status({ host: `localhost:${port}` })).toBe(200);
  });
});
