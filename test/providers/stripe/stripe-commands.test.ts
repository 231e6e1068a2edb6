import { describe, expect, it } from 'vitest';
import type { PaymentProvider } from '../../../src/providers/payment-provider.ts';
import { createStripeProvider } from '../../../src/providers/stripe/stripe-provider.ts';
import { beginInvoice } from './recorded-invoices.ts';
import { creditsSession, monthlyPrice, PERIOD_END, subscription } from './recorded-objects.ts';
import { type Act, startScriptedStripe, stripeError } from './scripted-stripe.ts';

const NOW = new Date('2026-01-01T12:00:00Z');
const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;
const openSession = {
  ...creditsSession,
  status: 'open',
  payment_status: 'unpaid',
  url: 'https://checkout.stripe.com/c/pay/cs_test_a1credits',
};

describe('a checkout for a plan', () => {
  it('carries our ids on everything that comes of it', async () => {
    await using stripe = await startScriptedStripe({ json: openSession });

    const page = await provider(stripe.url).createPlanCheckout(planCheckout(), 'key-1');

    expect(page).toEqual({
      checkoutId: openSession.id,
      url: openSession.url,
      total: { amountMinor: 1999n, currency: 'USD' },
      expiresAt: new Date(openSession.expires_at * 1000),
    });
    expect(stripe.requests[0]).toMatchObject({
      line: 'POST /v1/checkout/sessions',
      idempotencyKey: 'key-1',
      params: {
        mode: 'subscription',
        customer: 'cus_ada',
        client_reference_id: 'order-1',
        'metadata[accountId]': 'account-1',
        'metadata[orderId]': 'order-1',
        'subscription_data[metadata][accountId]': 'account-1',
        'subscription_data[metadata][orderId]': 'order-1',
        'line_items[0][price]': 'price_pro_monthly',
        payment_method_collection: 'always',
        expires_at: String((NOW.getTime() + HOUR_MS) / 1000),
      },
    });
    expect(Object.keys(stripe.requests[0]?.params ?? {}).join()).not.toMatch(/trial|method_types/);
  });

  it('asks for a trial only when there is one', async () => {
    await using stripe = await startScriptedStripe({ json: openSession });

    await provider(stripe.url).createPlanCheckout({ ...planCheckout(), trialDays: 14 }, 'key-1');

    expect(stripe.requests[0]?.params).toMatchObject({
      'subscription_data[trial_period_days]': '14',
      'subscription_data[trial_settings][end_behavior][missing_payment_method]': 'create_invoice',
    });
  });
});

describe('a checkout for credits', () => {
  it('sells an amount under its description, with our ids on the payment, and keeps no card', async () => {
    await using stripe = await startScriptedStripe({ json: openSession });
    const money = { amountMinor: 1999n, currency: 'USD' };

    await provider(stripe.url).createCreditsCheckout(
      { ...planCheckout(), money, description: '100 credits' },
      'key-1',
    );

    const { params } = stripe.requests[0] ?? {};
    expect(params).toMatchObject({
      mode: 'payment',
      'line_items[0][price_data][currency]': 'usd',
      'line_items[0][price_data][unit_amount]': '1999',
      'line_items[0][price_data][product_data][name]': '100 credits',
      'payment_intent_data[metadata][accountId]': 'account-1',
      'payment_intent_data[metadata][orderId]': 'order-1',
    });
    expect(Object.keys(params ?? {}).join()).not.toMatch(/setup_future_usage|method_types/);
  });
});

describe('the end of a page', () => {
  it.each([
    ['stays as asked inside what Stripe allows', 45 * MINUTE_MS, 45 * MINUTE_MS],
    ['stays as asked at 24 hours', 24 * HOUR_MS, 24 * HOUR_MS],
    ['moves later by whole hours when it is too soon', 10 * MINUTE_MS, 70 * MINUTE_MS],
    ['moves later when it is past', -90 * MINUTE_MS, 90 * MINUTE_MS],
    ['moves earlier by whole hours when it is too late', 30.5 * HOUR_MS, 23.5 * HOUR_MS],
  ])('%s', async (_, asked, sent) => {
    await using stripe = await startScriptedStripe({ json: openSession });
    const expiresAt = new Date(NOW.getTime() + asked);

    await provider(stripe.url).createPlanCheckout({ ...planCheckout(), expiresAt }, 'key-1');

    expect(Number(stripe.requests[0]?.params.expires_at) * 1000 - NOW.getTime()).toBe(sent);
  });

  it('is as first asked again when the key shows that the first try went through', async () => {
    const reused = stripeError(400, { type: 'idempotency_error' });
    await using stripe = await startScriptedStripe(reused, { json: openSession });
    const expiresAt = new Date(NOW.getTime() + 10 * MINUTE_MS);

    const page = await provider(stripe.url).createPlanCheckout(
      { ...planCheckout(), expiresAt },
      'key-1',
    );

    expect(page.checkoutId).toBe(openSession.id);
    expect(stripe.requests.map(({ params }) => Number(params.expires_at) * 1000)).toEqual([
      expiresAt.getTime() + HOUR_MS,
      expiresAt.getTime(),
    ]);
  });
});

describe('expiring a checkout', () => {
  it.each([
    ['complete', 'paid', 'PAID'],
    ['expired', 'unpaid', 'EXPIRED'],
  ])('that is %s already tells its outcome', async (status, payment_status, state) => {
    const notOpen = stripeError(400, { message: 'Only open sessions can be expired.' });
    await using stripe = await startScriptedStripe(notOpen, {
      json: { ...creditsSession, status, payment_status },
    });

    const outcome = await provider(stripe.url).expireCheckout('cs_test_a1credits');

    expect(outcome.state).toBe(state);
  });

  it('fails when Stripe refuses and it is still open', async () => {
    const refusal = stripeError(400, { code: 'something_else' });
    await using stripe = await startScriptedStripe(refusal, { json: openSession });

    await expect(provider(stripe.url).expireCheckout('cs_1')).rejects.toMatchObject({
      details: { code: 'something_else' },
    });
  });
});

describe('a subscription', () => {
  it.each([
    ['month', 1, 'MONTH'],
    ['year', 1, 'YEAR'],
    ['month', 12, 'YEAR'],
  ])('charged every %s × %i is by the %s', async (interval, interval_count, expected) => {
    const recurring = { ...monthlyPrice.recurring, interval, interval_count };
    await using stripe = await startScriptedStripe({ json: withItem({ price: { recurring } }) });

    expect(await provider(stripe.url).retrieveSubscription('sub_pro')).toMatchObject({
      interval: expected,
      price: { amountMinor: 4900n, currency: 'USD' },
      currentPeriodEnd: new Date(PERIOD_END * 1000),
      metadata: { accountId: 'account-1' },
    });
  });

  it('that ends on the date of its period ends with its period', async () => {
    await using stripe = await startScriptedStripe({
      json: { ...subscription, cancel_at: PERIOD_END, cancel_at_period_end: false },
    });

    const { cancelAtPeriodEnd } = await provider(stripe.url).retrieveSubscription('sub_pro');

    expect(cancelAtPeriodEnd).toBe(true);
  });

  it.each([
    { ...subscription, status: 'melted' },
    { ...subscription, items: { ...subscription.items, data: [] } },
    withItem({ price: { recurring: { ...monthlyPrice.recurring, interval: 'week' } } }),
  ])('that Tollgate has no word for fails clearly: %#', async (json) => {
    await using stripe = await startScriptedStripe({ json });

    await expect(provider(stripe.url).retrieveSubscription('sub_pro')).rejects.toMatchObject({
      name: 'UnknownStripeAnswer',
    });
  });
});

describe('cancelling with a refund', () => {
  const payments: Act = {
    json: {
      object: 'list',
      data: [{ id: 'inpay_1', payment: { type: 'payment_intent', payment_intent: 'pi_1' } }],
    },
  };
  const invoices: Act = { json: { object: 'list', data: [beginInvoice] } };
  const canceled: Act = { json: { ...subscription, status: 'canceled' } };
  const refunded: Act = { json: { id: 're_1', object: 'refund', status: 'succeeded' } };

  it('cancels at once and gives back the payment of the first invoice, under its own key', async () => {
    await using stripe = await startScriptedStripe(
      { json: subscription },
      canceled,
      invoices,
      payments,
      refunded,
    );

    await provider(stripe.url).cancelAndRefund('sub_pro', 'key-1');

    expect(stripe.requests.map(({ line }) => line)).toEqual([
      'GET /v1/subscriptions/sub_pro',
      'DELETE /v1/subscriptions/sub_pro',
      'GET /v1/invoices',
      'GET /v1/invoice_payments',
      'POST /v1/refunds',
    ]);
    expect(stripe.requests[4]).toMatchObject({
      idempotencyKey: 'key-1:refund:pi_1',
      params: { payment_intent: 'pi_1', 'metadata[accountId]': 'account-1' },
    });
  });

  it('goes on after a crash: cancelled and refunded already', async () => {
    const already = stripeError(400, { code: 'charge_already_refunded' });
    await using stripe = await startScriptedStripe(canceled, invoices, payments, already);

    await provider(stripe.url).cancelAndRefund('sub_pro', 'key-1');

    expect(stripe.requests.map(({ line }) => line)).not.toContain(
      'DELETE /v1/subscriptions/sub_pro',
    );
  });

  it('goes on when somebody else cancels at the same moment', async () => {
    const gone = stripeError(404, { code: 'resource_missing', param: 'id' });
    const none: Act = { json: { object: 'list', data: [] } };
    await using stripe = await startScriptedStripe({ json: subscription }, gone, canceled, none);

    await expect(provider(stripe.url).cancelAndRefund('sub_pro', 'key-1')).resolves.toBeUndefined();
  });

  it('fails when the refund fails', async () => {
    const failed: Act = {
      json: {
        id: 're_1',
        object: 'refund',
        status: 'failed',
        failure_reason: 'expired_or_canceled_card',
      },
    };
    await using stripe = await startScriptedStripe(canceled, invoices, payments, failed);

    await expect(provider(stripe.url).cancelAndRefund('sub_pro', 'key-1')).rejects.toMatchObject({
      code: 'PROVIDER_REFUSED',
      details: { code: 'expired_or_canceled_card' },
    });
  });
});

describe('events that are looked up', () => {
  it('are kept without the secrets of what they are about, as delivered ones are', async () => {
    const intent = { id: 'seti_1', object: 'setup_intent', customer: 'cus_ada' };
    const about = { object: 'event', livemode: false, type: 'setup_intent.succeeded' };
    const event = { ...about, id: 'evt_1', data: { object: { ...intent, client_secret: 'x' } } };
    const page = { object: 'list', data: [event], has_more: false };
    await using stripe = await startScriptedStripe({ json: page });

    const span = { since: new Date(NOW.getTime() - HOUR_MS), until: NOW };
    const found = await provider(stripe.url).listEvents?.(span, null);

    const text = JSON.stringify({ ...event, data: { object: intent } });
    expect(found?.events).toEqual([{ eventId: 'evt_1', type: about.type, text }]);
  });
});

function withItem({ price }: { price: object }): object {
  const [item] = subscription.items.data;
  const data = [{ ...item, price: { ...monthlyPrice, ...price } }];
  return { ...subscription, items: { ...subscription.items, data } };
}

function planCheckout() {
  return {
    orderId: 'order-1',
    accountId: 'account-1',
    customerId: 'cus_ada',
    successUrl: 'https://app.example/ok',
    cancelUrl: 'https://app.example/no',
    expiresAt: new Date(NOW.getTime() + HOUR_MS),
    providerPriceId: 'price_pro_monthly',
    trialDays: 0,
  };
}

function provider(apiBase: string): PaymentProvider {
  return createStripeProvider({
    secretKey: 'sk_test_1',
    publishableKey: null,
    webhookSecrets: [],
    apiBase,
    now: () => NOW,
  });
}
