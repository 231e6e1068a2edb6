import type Stripe from 'stripe';
import { randomId } from '../random-id.ts';
import type { CheckoutLine } from './checkout-lines.ts';
import { mergeMetadata, orNull, type StripeWorld } from './stripe-world.ts';

type Params = Stripe.Checkout.SessionCreateParams;

/** What is the same on every new session. */
const UNTOUCHED = {
  adaptive_pricing: { enabled: false },
  after_expiration: null,
  allowed_payment_method_types: null,
  automatic_tax: { enabled: false, liability: null, provider: null, status: null },
  client_secret: null,
  collected_information: null,
  consent: null,
  consent_collection: null,
  currency_conversion: null,
  custom_fields: [],
  custom_text: {
    after_submit: null,
    shipping_address: null,
    submit: null,
    terms_of_service_acceptance: null,
  },
  customer_account: null,
  customer_details: null,
  integration_identifier: null,
  invoice: null,
  livemode: false,
  managed_payments: null,
  origin_context: null,
  payment_intent: null,
  payment_link: null,
  payment_method_configuration_details: null,
  payment_method_options: {},
  payment_method_types: ['card', 'us_bank_account'],
  permissions: null,
  phone_number_collection: { enabled: false },
  recovered_from: null,
  saved_payment_method_options: null,
  setup_intent: null,
  shipping_address_collection: null,
  shipping_cost: null,
  shipping_options: [],
  subscription: null,
  ui_mode: 'hosted_page',
  wallet_options: null,
  status: 'open',
} satisfies Partial<Stripe.Checkout.Session>;

/** A session that waits for its customer. */
export function newSession(
  world: StripeWorld,
  params: Params,
  lines: readonly CheckoutLine[],
  expiresAt: number,
): Stripe.Checkout.Session {
  const id = randomId('cs_test_', 58);
  const subtotal = lines.reduce((sum, line) => sum + line.item.amount_subtotal, 0);
  const total = lines.reduce((sum, line) => sum + line.item.amount_total, 0);
  const inPayment = params.mode === 'payment';
  return {
    ...UNTOUCHED,
    id,
    object: 'checkout.session',
    allow_promotion_codes: params.allow_promotion_codes ?? null,
    amount_subtotal: subtotal,
    amount_total: total,
    billing_address_collection: params.billing_address_collection ?? null,
    cancel_url: orNull(params.cancel_url),
    client_reference_id: orNull(params.client_reference_id),
    created: world.now(),
    currency: lines[0]?.price.currency ?? 'usd',
    customer: orNull(params.customer),
    customer_creation: creationOf(params),
    customer_email: orNull(params.customer_email),
    discounts: (params.discounts ?? []).map(({ coupon = null }) => ({
      coupon,
      promotion_code: null,
    })),
    expires_at: expiresAt,
    invoice_creation: inPayment ? invoiceCreation(params) : null,
    locale: params.locale ?? null,
    metadata: mergeMetadata({}, params.metadata),
    mode: params.mode ?? 'payment',
    payment_method_collection:
      params.payment_method_collection ?? (inPayment ? 'if_required' : 'always'),
    payment_status: total === 0 ? 'no_payment_required' : 'unpaid',
    submit_type: params.submit_type ?? null,
    success_url: orNull(params.success_url),
    total_details: { amount_discount: subtotal - total, amount_shipping: 0, amount_tax: 0 },
    url: world.pageUrl(`/checkout/${id}`),
  } satisfies Stripe.Checkout.Session;
}

function creationOf(params: Params): Stripe.Checkout.Session.CustomerCreation | null {
  if (params.customer !== undefined) return null;
  if (params.mode === 'subscription') return 'always';
  return params.customer_creation ?? 'if_required';
}

function invoiceCreation(params: Params): Stripe.Checkout.Session.InvoiceCreation {
  const given = params.invoice_creation;
  return {
    enabled: given?.enabled ?? false,
    invoice_data: {
      account_tax_ids: null,
      custom_fields: null,
      description: orNull(given?.invoice_data?.description),
      footer: orNull(given?.invoice_data?.footer),
      issuer: null,
      metadata: mergeMetadata({}, given?.invoice_data?.metadata),
      rendering_options: null,
    },
  };
}
