import type Stripe from 'stripe';
import { describe, expect, it } from 'vitest';
import type { ProviderEvent, ProviderInvoice } from '../../../src/providers/payment-objects.ts';
import { translateStripeEvent } from '../../../src/providers/stripe/translate-event.ts';
import { recordedEvent, thinEvent } from './recorded-events.ts';
import {
  beginInvoice,
  linesOf,
  olderBeginInvoice,
  planLine,
  prorationLine,
} from './recorded-invoices.ts';
import {
  creditsSession,
  PERIOD_END,
  PERIOD_START,
  planSession,
  subscription,
} from './recorded-objects.ts';

const ORDER_ID = '019a0000-0000-7000-8000-000000000001';

describe('a checkout event', () => {
  it('says in full what was paid', () => {
    const event = translated('checkout.session.completed', creditsSession);

    expect(event).toEqual({
      kind: 'checkoutChanged',
      checkout: {
        checkoutId: 'cs_test_a1credits',
        orderId: ORDER_ID,
        state: 'PAID',
        customerId: 'cus_ada',
        subscriptionId: null,
        paymentId: 'pi_credits',
        total: { amountMinor: 1999n, currency: 'USD' },
        url: null,
      },
    });
  });

  it.each([
    ['checkout.session.completed', { payment_status: 'paid' }, 'PAID'],
    ['checkout.session.completed', { payment_status: 'no_payment_required' }, 'PAID'],
    ['checkout.session.completed', { payment_status: 'unpaid' }, 'PENDING_PAYMENT'],
    ['checkout.session.async_payment_succeeded', { payment_status: 'paid' }, 'PAID'],
    ['checkout.session.expired', { status: 'expired', payment_status: 'unpaid' }, 'EXPIRED'],
  ] as const)('%s with %o leaves the checkout %s', (type, changes, state) => {
    expect(translated(type, { ...creditsSession, ...changes })).toMatchObject({
      kind: 'checkoutChanged',
      checkout: { state },
    });
  });

  it('tells a payment that failed later from a checkout that changed', () => {
    const failed = { ...creditsSession, payment_status: 'unpaid' };

    expect(translated('checkout.session.async_payment_failed', failed)).toMatchObject({
      kind: 'checkoutPaymentFailed',
      checkout: { orderId: ORDER_ID, state: 'PENDING_PAYMENT' },
    });
  });

  it('names the subscription of a plan checkout', () => {
    expect(translated('checkout.session.completed', planSession)).toMatchObject({
      checkout: { subscriptionId: 'sub_pro', paymentId: null },
    });
  });

  it('reads ids from objects that came expanded', () => {
    const expanded = { ...planSession, subscription, customer: { id: 'cus_ada' } };

    expect(translated('checkout.session.completed', expanded)).toMatchObject({
      checkout: { subscriptionId: 'sub_pro', customerId: 'cus_ada' },
    });
  });

  it("knows no order for another integration's checkout, whatever its reference", () => {
    const foreign = { ...creditsSession, metadata: {}, client_reference_id: 'their-own-42' };

    expect(translated('checkout.session.completed', foreign)).toMatchObject({
      checkout: { orderId: null },
    });
  });

  it.each([
    { status: 'melted' },
    { payment_status: 'melted' },
    { amount_total: 19.99 },
    { amount_total: 2 ** 53 },
  ])('fails clearly on a value that it does not know: %o', (changes) => {
    expect(() =>
      translated('checkout.session.completed', { ...creditsSession, ...changes }),
    ).toThrow(expect.objectContaining({ name: 'UnknownStripeAnswer' }));
  });
});

describe('a subscription event', () => {
  it.each([
    'customer.subscription.created',
    'customer.subscription.updated',
    'customer.subscription.deleted',
    'customer.subscription.paused',
    'customer.subscription.resumed',
  ] as const)('%s only names the subscription, which is fetched again', (type) => {
    expect(translated(type, { ...subscription, status: 'some_future_status' })).toEqual({
      kind: 'subscriptionChanged',
      subscriptionId: 'sub_pro',
      customerId: 'cus_ada',
    });
  });
});

describe('an invoice event', () => {
  it('says in full what was invoiced', () => {
    expect(translated('invoice.paid', beginInvoice)).toEqual({
      kind: 'invoiceChanged',
      invoice: {
        invoiceId: 'in_begin',
        customerId: 'cus_ada',
        subscriptionId: 'sub_pro',
        number: 'A1B2C3-0001',
        status: 'PAID',
        reason: 'BEGIN',
        total: { amountMinor: 4900n, currency: 'USD' },
        amountPaidMinor: 4900n,
        discountMinor: 0n,
        period: { start: new Date(PERIOD_START * 1000), end: new Date(PERIOD_END * 1000) },
        providerPriceId: 'price_pro_monthly',
        createdAt: new Date(PERIOD_START * 1000),
        paidAt: new Date((PERIOD_START + 5) * 1000),
        hostedUrl: 'https://invoice.stripe.com/i/in_begin',
        pdfUrl: 'https://pay.stripe.com/invoice/in_begin/pdf',
      },
    });
  });

  it.each([
    ['invoice.created', 'draft', 'DRAFT'],
    ['invoice.finalized', 'open', 'OPEN'],
    ['invoice.updated', 'open', 'OPEN'],
    ['invoice.voided', 'void', 'VOID'],
    ['invoice.marked_uncollectible', 'uncollectible', 'UNCOLLECTIBLE'],
  ] as const)('%s mirrors an invoice that is %s', (type, status, expected) => {
    expect(translated(type, { ...beginInvoice, status })).toMatchObject({
      kind: 'invoiceChanged',
      invoice: { status: expected },
    });
  });

  it('tells a failed payment from a change', () => {
    const open = { ...beginInvoice, status: 'open', amount_paid: 0 };

    expect(translated('invoice.payment_failed', open)).toMatchObject({
      kind: 'invoicePaymentFailed',
      invoice: { status: 'OPEN', amountPaidMinor: 0n },
    });
  });

  it.each([
    ['subscription_create', 'BEGIN'],
    ['subscription_cycle', 'RENEW'],
    ['subscription_update', 'CHANGE'],
    ['manual', 'OTHER'],
    ['subscription_threshold', 'OTHER'],
    [null, 'OTHER'],
  ])('a billing reason %s is %s', (billing_reason, reason) => {
    expect(invoiceOf({ billing_reason }).reason).toBe(reason);
  });

  it('takes the period of the plan, not of the prorations before it', () => {
    const lines = linesOf(
      prorationLine(-3300, 'price_basic_monthly'),
      prorationLine(6600, 'price_pro_monthly'),
      planLine,
    );

    expect(invoiceOf({ billing_reason: 'subscription_cycle', lines })).toMatchObject({
      reason: 'RENEW',
      period: { start: new Date(PERIOD_START * 1000), end: new Date(PERIOD_END * 1000) },
      providerPriceId: 'price_pro_monthly',
    });
  });

  it('has no period when it only settles a change, and names the price that was changed to', () => {
    const lines = linesOf(
      prorationLine(-3300, 'price_pro_monthly'),
      prorationLine(6600, 'price_max_monthly'),
    );

    expect(invoiceOf({ billing_reason: 'subscription_update', lines })).toMatchObject({
      reason: 'CHANGE',
      period: null,
      providerPriceId: 'price_max_monthly',
    });
  });

  it('belongs to no subscription when it was made by hand', () => {
    expect(invoiceOf({ parent: null, billing_reason: 'manual', lines: linesOf() })).toMatchObject({
      subscriptionId: null,
      period: null,
      providerPriceId: null,
    });
  });

  it('is understood from an API version before 2025-03-31', () => {
    const event = recordedEvent('invoice.paid', olderBeginInvoice, { api_version: '2024-06-20' });

    expect(translateStripeEvent(event)).toMatchObject({
      kind: 'invoiceChanged',
      invoice: {
        subscriptionId: 'sub_pro',
        reason: 'BEGIN',
        period: { start: new Date(PERIOD_START * 1000), end: new Date(PERIOD_END * 1000) },
        providerPriceId: 'price_pro_monthly',
      },
    });
  });

  it('is ignored when it belongs to no customer', () => {
    expect(translated('invoice.paid', { ...beginInvoice, customer: null }).kind).toBe('ignored');
  });

  it('fails clearly on a status that it does not know', () => {
    expect(() => translated('invoice.updated', { ...beginInvoice, status: 'melted' })).toThrow(
      'Invoice in_begin has the unknown status "melted".',
    );
  });
});

describe('any other event', () => {
  it('ignores the twin of a paid invoice, so that it counts once', () => {
    expect(translated('invoice.payment_succeeded', beginInvoice)).toEqual({
      kind: 'ignored',
      reason: 'Tollgate does not act on invoice.payment_succeeded.',
    });
  });

  it('ignores what belongs to a connected account', () => {
    const event = recordedEvent('invoice.paid', beginInvoice, { account: 'acct_other' });

    expect(translateStripeEvent(event).kind).toBe('ignored');
  });

  it('ignores a type that did not exist when this was written', () => {
    const event = recordedEvent('customer.created', { id: 'cus_ada' });

    expect(translateStripeEvent({ ...event, type: 'future.thing' }).kind).toBe('ignored');
  });

  it.each([
    null,
    'text',
    [],
    {},
    thinEvent,
    { ...recordedEvent('invoice.paid', beginInvoice), data: null },
  ])('refuses a payload that is no event: %#', (payload) => {
    expect(() => translateStripeEvent(payload)).toThrow(
      expect.objectContaining({ code: 'INVALID_WEBHOOK' }),
    );
  });
});

function translated(type: Stripe.Event.Type, object: object): ProviderEvent {
  // Through JSON, as a stored webhook comes back.
  return translateStripeEvent(JSON.parse(JSON.stringify(recordedEvent(type, object))));
}

function invoiceOf(changes: Partial<Stripe.Invoice>): ProviderInvoice {
  const event = translated('invoice.paid', { ...beginInvoice, ...changes });
  if (event.kind !== 'invoiceChanged') throw new Error(`It was ${event.kind}.`);
  return event.invoice;
}
