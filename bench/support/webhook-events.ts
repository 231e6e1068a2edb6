import { createHmac } from 'node:crypto';
import type { IncomingHttpHeaders } from 'node:http';
import Stripe from 'stripe';
import { verifyStripeWebhook } from '../../src/providers/stripe/verify-webhook.ts';
import { ACCOUNTS } from './stage.ts';

export const WEBHOOK_SECRET = 'whsec_bench0123456789abcdef0123456789';

/** The customer of the n-th account at Stripe. */
export function customerOf(account: number): string {
  return `cus_bench${account}`;
}

/** The n-th event: a new invoice that was paid, of one of the customers in turn. */
export function signedEvent(n: string, account: number) {
  const body = JSON.stringify(paidInvoice(n, customerOf(account % ACCOUNTS)));
  const time = Math.floor(Date.now() / 1_000);
  const signature = createHmac('sha256', WEBHOOK_SECRET).update(`${time}.${body}`).digest('hex');
  return { body, header: `t=${time},v1=${signature}` };
}

/** Checks as Tollgate does. */
export function verifyWebhooks() {
  const stripe = new Stripe('sk_test_bench');
  const trust = { secrets: [WEBHOOK_SECRET], livemode: false };
  return (body: Uint8Array, headers: IncomingHttpHeaders) =>
    verifyStripeWebhook(stripe, trust, body, headers);
}

/** Shaped as Stripe sends it, with one line: a charge for something beside the subscription. */
function paidInvoice(n: string, customer: string) {
  const created = 1_767_225_600;
  const id = `in_bench${n}`;
  const line = {
    id: `il_bench${n}`,
    object: 'line_item',
    amount: 2_400,
    currency: 'usd',
    description: 'Setting up',
    discount_amounts: [],
    discountable: true,
    discounts: [],
    invoice: id,
    livemode: false,
    metadata: {},
    parent: {
      type: 'invoice_item_details',
      invoice_item_details: { invoice_item: `ii_bench${n}` },
    },
    period: { start: created, end: created },
    pretax_credit_amounts: [],
    quantity: 1,
    taxes: [],
  };
  const invoice = {
    id,
    object: 'invoice',
    account_country: 'US',
    account_name: 'Bench',
    amount_due: 2_400,
    amount_paid: 2_400,
    amount_remaining: 0,
    attempt_count: 1,
    attempted: true,
    auto_advance: false,
    billing_reason: 'manual',
    collection_method: 'charge_automatically',
    created,
    currency: 'usd',
    customer,
    customer_email: 'somebody@example.com',
    customer_name: 'Somebody',
    default_tax_rates: [],
    description: null,
    discounts: [],
    ending_balance: 0,
    footer: null,
    hosted_invoice_url: `https://invoice.stripe.com/i/acct_bench/test_${n}`,
    invoice_pdf: `https://pay.stripe.com/invoice/acct_bench/test_${n}/pdf`,
    issuer: { type: 'self' },
    lines: {
      object: 'list',
      data: [line],
      has_more: false,
      total_count: 1,
      url: `/v1/invoices/${id}/lines`,
    },
    livemode: false,
    metadata: {},
    number: `BENCH-${n}`,
    parent: null,
    period_end: created,
    period_start: created,
    starting_balance: 0,
    status: 'paid',
    status_transitions: {
      finalized_at: created,
      marked_uncollectible_at: null,
      paid_at: created,
      voided_at: null,
    },
    subtotal: 2_400,
    total: 2_400,
    total_discount_amounts: [],
    total_taxes: [],
  };
  return {
    id: `evt_bench${n}`,
    object: 'event',
    api_version: '2026-06-24',
    created,
    data: { object: invoice },
    livemode: false,
    pending_webhooks: 1,
    request: { id: null, idempotency_key: null },
    type: 'invoice.paid',
  };
}
