import Stripe from 'stripe';
import { randomId } from '../random-id.ts';
import { idOf, type StripeWorld } from './stripe-world.ts';

export interface NewInvoice {
  readonly customer: Stripe.Customer;
  readonly currency: string;
  readonly billingReason: Stripe.Invoice.BillingReason;
  /** The subscription it bills; null for a sale without one. */
  readonly subscription: { readonly id: string; readonly metadata: Stripe.Metadata } | null;
  readonly lines: readonly NewInvoiceLine[];
  readonly metadata: Stripe.Metadata;
  readonly defaultPaymentMethod: string | null;
}

export interface NewInvoiceLine {
  readonly amount: number;
  readonly description: string;
  readonly price: Stripe.Price;
  readonly quantity: number;
  readonly period: { readonly start: number; readonly end: number };
  /** The item of the subscription that it bills; null for a one-off item. */
  readonly subscriptionItem: string | null;
  readonly isProration?: boolean;
  /** What a coupon takes off it. */
  readonly discount?: { readonly id: string; readonly amount: number };
}

/** What is the same on every new invoice. */
const UNTOUCHED = {
  account_country: 'US',
  account_name: 'Tollgate sandbox',
  account_tax_ids: null,
  amount_overpaid: 0,
  amount_paid: 0,
  amount_shipping: 0,
  application: null,
  attempt_count: 0,
  attempted: false,
  auto_advance: false,
  automatic_tax: {
    disabled_reason: null,
    enabled: false,
    liability: null,
    provider: null,
    status: null,
  },
  automatically_finalizes_at: null,
  collection_method: 'charge_automatically',
  custom_fields: null,
  customer_account: null,
  customer_address: null,
  customer_phone: null,
  customer_shipping: null,
  customer_tax_exempt: 'none',
  customer_tax_ids: [],
  default_source: null,
  default_tax_rates: [],
  description: null,
  due_date: null,
  effective_at: null,
  ending_balance: null,
  footer: null,
  from_invoice: null,
  hosted_invoice_url: null,
  invoice_pdf: null,
  issuer: { type: 'self' },
  last_finalization_error: null,
  latest_revision: null,
  livemode: false,
  next_payment_attempt: null,
  number: null,
  on_behalf_of: null,
  payment_settings: {
    default_mandate: null,
    payment_method_options: null,
    payment_method_types: null,
  },
  post_payment_credit_notes_amount: 0,
  pre_payment_credit_notes_amount: 0,
  receipt_number: null,
  rendering: null,
  shipping_cost: null,
  shipping_details: null,
  starting_balance: 0,
  statement_descriptor: null,
  status: 'draft',
  status_transitions: {
    finalized_at: null,
    marked_uncollectible_at: null,
    paid_at: null,
    voided_at: null,
  },
  test_clock: null,
  total_pretax_credit_amounts: [],
  total_taxes: [],
  webhooks_delivered_at: null,
} satisfies Partial<Stripe.Invoice>;

/** An invoice that nobody has finalized. */
export function draftInvoice(world: StripeWorld, given: NewInvoice): Stripe.Invoice {
  const id = randomId('in_1');
  const subtotal = given.lines.reduce((sum, line) => sum + line.amount, 0);
  const off = discountTotals(given.lines);
  const total = off.reduce((rest, { amount }) => rest - amount, subtotal);
  return {
    ...UNTOUCHED,
    id,
    object: 'invoice',
    amount_due: Math.max(0, total),
    amount_remaining: Math.max(0, total),
    billing_reason: given.billingReason,
    created: world.now(),
    currency: given.currency,
    customer: given.customer.id,
    customer_email: given.customer.email,
    customer_name: given.customer.name ?? null,
    default_payment_method: given.defaultPaymentMethod,
    discounts: off.map(({ discount }) => discount),
    lines: {
      object: 'list',
      data: given.lines.map((line) => invoiceLine(id, given, line)),
      has_more: false,
      url: `/v1/invoices/${id}/lines`,
    },
    metadata: given.metadata,
    parent: given.subscription && {
      quote_details: null,
      subscription_details: {
        metadata: given.subscription.metadata,
        subscription: given.subscription.id,
      },
      type: 'subscription_details' as const,
    },
    period_end: world.now(),
    period_start: world.now(),
    subtotal,
    subtotal_excluding_tax: subtotal,
    total,
    total_discount_amounts: off,
    total_excluding_tax: total,
  } satisfies Stripe.Invoice;
}

function discountTotals(lines: readonly NewInvoiceLine[]): { amount: number; discount: string }[] {
  const byDiscount = Map.groupBy(
    lines.flatMap(({ discount }) => discount ?? []),
    ({ id }) => id,
  );
  return [...byDiscount].map(([discount, parts]) => ({
    amount: parts.reduce((sum, { amount }) => sum + amount, 0),
    discount,
  }));
}

function invoiceLine(
  invoiceId: string,
  given: NewInvoice,
  line: NewInvoiceLine,
): Stripe.InvoiceLineItem {
  const subscription = given.subscription?.id ?? null;
  const proration = line.isProration ?? false;
  const common = { proration, proration_details: { credited_items: null }, subscription };
  return {
    id: randomId('il_1'),
    object: 'line_item',
    amount: line.amount,
    currency: given.currency,
    description: line.description,
    discount_amounts: line.discount
      ? [{ amount: line.discount.amount, discount: line.discount.id }]
      : [],
    discountable: true,
    discounts: line.discount ? [line.discount.id] : [],
    invoice: invoiceId,
    livemode: false,
    metadata: given.subscription?.metadata ?? {},
    parent:
      line.subscriptionItem === null
        ? {
            invoice_item_details: { ...common, invoice_item: randomId('ii_1') },
            subscription_item_details: null,
            type: 'invoice_item_details',
          }
        : {
            invoice_item_details: null,
            subscription_item_details: {
              ...common,
              invoice_item: null,
              subscription_item: line.subscriptionItem,
            },
            type: 'subscription_item_details',
          },
    period: line.period,
    pretax_credit_amounts: [],
    pricing: {
      price_details: { price: line.price.id, product: idOf(line.price.product) },
      type: 'price_details',
      unit_amount_decimal: Stripe.Decimal.from(
        line.amount === 0 ? 0 : (line.price.unit_amount ?? 0),
      ),
    },
    quantity: line.quantity,
    quantity_decimal: Stripe.Decimal.from(line.quantity),
    subscription,
    subtotal: line.amount,
    taxes: [],
  } satisfies Stripe.InvoiceLineItem;
}
