import { describe, expect, it } from 'vitest';
import type { PaymentProvider } from '../../../src/providers/payment-provider.ts';
import { createStripeProvider } from '../../../src/providers/stripe/stripe-provider.ts';
import { type Act, startScriptedStripe, stripeError } from './scripted-stripe.ts';

const SECRET_KEY = 'sk_test_never_shown';
const CUSTOMER: Act = { json: { id: 'cus_1', object: 'customer' } };
const ada = { accountId: 'account-1', name: 'Ada', email: null };

describe.concurrent('an unknown outcome is PROVIDER_UNAVAILABLE', () => {
  it.each<[string, Act, number]>([
    ['the server hangs', 'hang', 300],
    ['the server sends a byte now and then', 'dribble', 300],
    ['the connection is reset', 'reset', 3000],
    ['the answer is cut off', 'truncate', 3000],
    ['Stripe has an error', stripeError(500, { type: 'api_error' }), 3000],
    ['a proxy answers in HTML', { status: 502, text: '<h1>Bad gateway</h1>' }, 3000],
    ['a proxy answers in JSON of its own', { status: 503, json: { message: 'busy' } }, 3000],
    ['the answer is no object of Stripe', { json: { hello: 'world' } }, 3000],
    ['the answer is not JSON', { status: 200, text: 'welcome' }, 3000],
    ['Stripe holds a lock', stripeError(409, { code: 'lock_timeout' }), 3000],
    ['our key is still at work', stripeError(409, { code: 'idempotency_key_in_use' }), 3000],
    ['Stripe asks to come later', stripeError(429, { code: 'rate_limit' }), 3000],
  ])('when %s', async (_, act, timeoutMs) => {
    await using stripe = await startScriptedStripe(act);

    const error = await failureOf(provider(stripe.url, timeoutMs).createCustomer(ada, 'key-1'));

    expect(error).toMatchObject({ code: 'PROVIDER_UNAVAILABLE' });
    expect(wholeTextOf(error)).not.toContain(SECRET_KEY);
  });

  it('when nobody listens', async () => {
    const error = await failureOf(provider('http://127.0.0.1:1').createCustomer(ada, 'key-1'));

    expect(error).toMatchObject({ code: 'PROVIDER_UNAVAILABLE' });
    expect((error as Error).cause).toMatchObject({ type: 'StripeConnectionError' });
  });

  it.each<Act>(['hang', 'dribble'])('within the budget of the whole command (%s)', async (act) => {
    const page: Act = { json: { object: 'list', data: [] } };
    await using stripe = await startScriptedStripe(page, act);
    const plan = { planId: 'p', slug: 'p', name: 'P', prices: [aPrice] };

    const startedAt = performance.now();
    await failureOf(provider(stripe.url, 400).ensurePlanPrices(plan));

    expect(performance.now() - startedAt).toBeLessThan(2000);
    expect(stripe.requests).toHaveLength(2);
  });
});

describe.concurrent('a passing trouble', () => {
  it.each<[string, Act]>([
    ['an error of Stripe', stripeError(500, { type: 'api_error' })],
    ['a reset connection', 'reset'],
    ['an answer cut off', 'truncate'],
    ['a lock', stripeError(409, { code: 'lock_timeout' })],
    ['a 429 that says to retry', stripeError(429, {}, { 'stripe-should-retry': 'true' })],
  ])('is overcome with the same idempotency key: %s', async (_, trouble) => {
    await using stripe = await startScriptedStripe(trouble, CUSTOMER);

    await expect(provider(stripe.url).createCustomer(ada, 'key-1')).resolves.toEqual({
      customerId: 'cus_1',
    });
    expect(stripe.requests.map(({ idempotencyKey }) => idempotencyKey)).toEqual(['key-1', 'key-1']);
    expect(stripe.requests[0]?.authorization).toBe(`Bearer ${SECRET_KEY}`);
  });

  it.each<[string, Act]>([
    ['Stripe says not to', stripeError(500, {}, { 'stripe-should-retry': 'false' })],
    ['there are too many requests', stripeError(429, { code: 'rate_limit' })],
    ['the request is wrong', stripeError(400, { code: 'parameter_missing' })],
  ])('is not tried again when %s', async (_, trouble) => {
    await using stripe = await startScriptedStripe(trouble, CUSTOMER);

    await failureOf(provider(stripe.url).createCustomer(ada, 'key-1'));

    expect(stripe.requests).toHaveLength(1);
  });
});

describe.concurrent('a refusal', () => {
  it('of the card is PAYMENT_DECLINED with its reason', async () => {
    const message = 'Your card has insufficient funds.';
    const declined = { type: 'card_error', code: 'card_declined', message };
    await using stripe = await startScriptedStripe(
      stripeError(402, { ...declined, decline_code: 'insufficient_funds' }),
    );

    expect(await failureOf(provider(stripe.url).createCustomer(ada, 'key-1'))).toMatchObject({
      code: 'PAYMENT_DECLINED',
      message,
      details: { declineCode: 'insufficient_funds' },
    });
  });

  it.each([
    [400, { code: 'parameter_invalid_empty', param: 'name' }, 'parameter_invalid_empty'],
    [404, { code: 'resource_missing', param: 'customer' }, 'resource_missing'],
    [401, {}, 'invalid_request_error'],
    [403, { code: 'more_permissions_required' }, 'more_permissions_required'],
    [400, { type: 'idempotency_error' }, 'idempotency_error'],
    [405, {}, 'invalid_request_error'],
  ])(
    'of the request (%i) is PROVIDER_REFUSED with code and parameter',
    async (status, error, code) => {
      await using stripe = await startScriptedStripe(stripeError(status, error));

      const refusal = await failureOf(provider(stripe.url).createCustomer(ada, 'key-1'));

      expect(refusal).toMatchObject({
        code: 'PROVIDER_REFUSED',
        details: { code, param: 'param' in error ? error.param : null, requestId: 'req_1' },
      });
      expect((refusal as Error).message).not.toContain('Their own words.');
      expect((refusal as Error).cause).toMatchObject({ statusCode: status });
    },
  );

  it.each([2n ** 53n, -1n])('comes before the request for an amount of %s', async (amountMinor) => {
    const checkout = {
      orderId: 'o',
      accountId: 'a',
      customerId: 'cus_1',
      successUrl: 'https://app.example/ok',
      cancelUrl: 'https://app.example/no',
      expiresAt: new Date(Date.now() + 3_600_000),
      money: { amountMinor, currency: 'USD' },
      description: 'credits',
    };

    const refusal = failureOf(provider('http://127.0.0.1:1').createCreditsCheckout(checkout, 'k'));

    expect(await refusal).toMatchObject({ details: { code: 'amount_out_of_range' } });
  });
});

it('refuses an API base with a path', () => {
  expect(() => provider('http://127.0.0.1:4001/v1')).toThrow('without a path');
  expect(() => provider('ftp://127.0.0.1')).toThrow('http or https');
});

const aPrice = {
  lookupKey: 'p_monthly',
  interval: 'MONTH',
  money: { amountMinor: 100n, currency: 'USD' },
} as const;

function provider(apiBase: string, timeoutMs?: number): PaymentProvider {
  return createStripeProvider({
    secretKey: SECRET_KEY,
    publishableKey: null,
    webhookSecrets: [],
    apiBase,
    timeoutMs,
  });
}

function failureOf(promise: Promise<unknown>): Promise<unknown> {
  return promise.then(
    () => expect.unreachable('It did not fail.'),
    (error) => error,
  );
}

function wholeTextOf(error: unknown): string {
  const { message, stack, cause, details } = error as Error & { details?: unknown };
  const inner = cause instanceof Error ? { ...cause, stack: cause.stack } : String(cause);
  return JSON.stringify({ message, stack, details, inner });
}
