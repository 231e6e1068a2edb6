import type Stripe from 'stripe';
import { randomId } from '../random-id.ts';
import type { CardRefusal } from '../test-cards.ts';
import { openDispute } from './disputes.ts';
import { endpoint } from './endpoint.ts';
import { cardOf } from './payment-methods.ts';
import { equals, idOf, type StripeWorld } from './stripe-world.ts';

export interface NewPayment {
  readonly amount: number;
  readonly currency: string;
  readonly customer: string | null;
  readonly description: string | null;
  readonly metadata: Stripe.Metadata;
  readonly receiptEmail: string | null;
  readonly setupFutureUsage: Stripe.PaymentIntent.SetupFutureUsage | null;
  readonly statementDescriptor: string | null;
}

/** An intent that waits for a payment method, announced. */
export function createPaymentIntent(world: StripeWorld, given: NewPayment): Stripe.PaymentIntent {
  const id = randomId('pi_3');
  const intent = {
    id,
    object: 'payment_intent',
    allowed_payment_method_types: null,
    amount: given.amount,
    amount_capturable: 0,
    amount_received: 0,
    application: null,
    application_fee_amount: null,
    automatic_payment_methods: { allow_redirects: 'always', enabled: true },
    canceled_at: null,
    cancellation_reason: null,
    capture_method: 'automatic_async',
    client_secret: `${id}_secret_${randomId('', 25)}`,
    confirmation_method: 'automatic',
    created: world.now(),
    currency: given.currency,
    customer: given.customer,
    customer_account: null,
    description: given.description,
    excluded_payment_method_types: null,
    last_payment_error: null,
    latest_charge: null,
    livemode: false,
    managed_payments: null,
    metadata: given.metadata,
    next_action: null,
    on_behalf_of: null,
    payment_method: null,
    payment_method_configuration_details: null,
    payment_method_options: {},
    payment_method_types: ['card', 'us_bank_account'],
    payment_record: null,
    processing: null,
    receipt_email: given.receiptEmail,
    review: null,
    setup_future_usage: given.setupFutureUsage,
    shipping: null,
    source: null,
    statement_descriptor: given.statementDescriptor,
    statement_descriptor_suffix: null,
    status: 'requires_payment_method',
    transfer_data: null,
    transfer_group: null,
  } satisfies Stripe.PaymentIntent;
  world.add('payment_intent', intent);
  world.announce('payment_intent.created', intent);
  return intent;
}

/** Charges a payment method at once: the intent has succeeded afterwards. */
export function succeed(
  world: StripeWorld,
  intentId: string,
  method: Stripe.PaymentMethod,
): Stripe.PaymentIntent {
  const charge = createCharge(world, intentId, method, 'succeeded', null);
  world.announce('charge.succeeded', charge);
  const intent = markSucceeded(world, intentId, method.id, charge);
  if (cardOf(world, method.id)?.isDisputed) openDispute(world, charge, undefined);
  return intent;
}

/** Tries a payment method that is refused: the intent asks for another one. */
export function decline(
  world: StripeWorld,
  intentId: string,
  method: Stripe.PaymentMethod,
  refusal: CardRefusal,
): Stripe.PaymentIntent {
  const charge = createCharge(world, intentId, method, 'failed', refusal);
  world.announce('charge.failed', charge);
  return markFailed(world, intentId, charge, method, refusal);
}

/** Starts a bank debit: the money is on its way. */
export function startDebit(
  world: StripeWorld,
  intentId: string,
  method: Stripe.PaymentMethod,
): Stripe.PaymentIntent {
  const charge = createCharge(world, intentId, method, 'pending', null);
  world.announce('charge.pending', charge);
  const { object, previous } = world.change('payment_intent', intentId, {
    status: 'processing',
    payment_method: method.id,
    latest_charge: charge.id,
  });
  world.announce('payment_intent.processing', object, previous);
  return object;
}

/** Ends a bank debit: the money came, or it did not (`refusal`). */
export function settleDebit(
  world: StripeWorld,
  intent: Stripe.PaymentIntent,
  refusal: CardRefusal | null,
): Stripe.PaymentIntent {
  const method = world.get('payment_method', idOf(intent.payment_method ?? ''));
  const chargeId = idOf(intent.latest_charge ?? '');
  const { object: charge, previous } = world.change('charge', chargeId, outcomeOf(refusal));
  world.announce(refusal === null ? 'charge.succeeded' : 'charge.failed', charge, previous);
  return refusal === null
    ? markSucceeded(world, intent.id, method.id, charge)
    : markFailed(world, intent.id, charge, method, refusal);
}

export const paymentEndpoints = [
  endpoint('GET /v1/payment_intents', 'paymentIntent', 'list', ({ world, params, path }) =>
    world.list('payment_intent', path, params, equals({ customer: params.customer })),
  ),
  endpoint('GET /v1/payment_intents/:id', 'paymentIntent', 'retrieve', ({ world, id }) =>
    world.get('payment_intent', id),
  ),
  endpoint('GET /v1/charges', 'charge', 'list', ({ world, params, path }) =>
    world.list(
      'charge',
      path,
      params,
      equals({ customer: params.customer, payment_intent: params.payment_intent }),
    ),
  ),
  endpoint('GET /v1/charges/:id', 'charge', 'retrieve', ({ world, id }) => world.get('charge', id)),
];

function markSucceeded(
  world: StripeWorld,
  intentId: string,
  methodId: string,
  charge: Stripe.Charge,
): Stripe.PaymentIntent {
  const { object, previous } = world.change('payment_intent', intentId, {
    status: 'succeeded',
    amount_received: charge.amount,
    payment_method: methodId,
    latest_charge: charge.id,
    last_payment_error: null,
  });
  world.announce('payment_intent.succeeded', object, previous);
  return object;
}

function markFailed(
  world: StripeWorld,
  intentId: string,
  charge: Stripe.Charge,
  method: Stripe.PaymentMethod,
  refusal: CardRefusal,
): Stripe.PaymentIntent {
  const { object, previous } = world.change('payment_intent', intentId, {
    status: 'requires_payment_method',
    payment_method: null,
    latest_charge: charge.id,
    last_payment_error: {
      type: 'card_error',
      charge: charge.id,
      code: refusal.code as Stripe.PaymentIntent.LastPaymentError.Code,
      message: refusal.message,
      payment_method: method,
      ...(refusal.decline_code === undefined ? {} : { decline_code: refusal.decline_code }),
    },
  });
  world.announce('payment_intent.payment_failed', object, previous);
  return object;
}

function outcomeOf(refusal: CardRefusal | null) {
  return {
    status: refusal === null ? ('succeeded' as const) : ('failed' as const),
    paid: refusal === null,
    captured: refusal === null,
    failure_code: refusal?.code ?? null,
    failure_message: refusal?.message ?? null,
    outcome: {
      advice_code: refusal === null ? null : ('try_again_later' as const),
      network_advice_code: null,
      network_decline_code: refusal === null ? null : '01',
      network_status: refusal === null ? 'approved_by_network' : 'declined_by_network',
      reason: refusal?.decline_code ?? refusal?.code ?? null,
      risk_level: 'normal',
      risk_score: 20,
      seller_message:
        refusal === null ? 'Payment complete.' : 'The bank did not return any further details.',
      type: refusal === null ? 'authorized' : 'issuer_declined',
    },
  };
}

function createCharge(
  world: StripeWorld,
  intentId: string,
  method: Stripe.PaymentMethod,
  state: 'succeeded' | 'pending' | 'failed',
  refusal: CardRefusal | null,
): Stripe.Charge {
  const intent = world.get('payment_intent', intentId);
  const id = randomId(method.type === 'card' ? 'ch_3' : 'py_3');
  const charge = {
    id,
    object: 'charge',
    amount: intent.amount,
    amount_captured: state === 'succeeded' ? intent.amount : 0,
    amount_refunded: 0,
    application: null,
    application_fee: null,
    application_fee_amount: null,
    balance_transaction: state === 'succeeded' ? randomId('txn_3') : null,
    billing_details: method.billing_details,
    calculated_statement_descriptor: 'TOLLGATE SANDBOX',
    created: world.now(),
    currency: intent.currency,
    customer: intent.customer,
    description: intent.description,
    disputed: false,
    failure_balance_transaction: null,
    fraud_details: {},
    livemode: false,
    metadata: intent.metadata,
    on_behalf_of: null,
    payment_intent: intent.id,
    payment_method: method.id,
    payment_method_details: methodDetails(intent, method),
    radar_options: {},
    receipt_email: intent.receipt_email,
    receipt_number: null,
    receipt_url: null,
    refunded: false,
    review: null,
    shipping: null,
    source: null,
    source_transfer: null,
    statement_descriptor: intent.statement_descriptor,
    statement_descriptor_suffix: null,
    transfer_data: null,
    transfer_group: null,
    ...outcomeOf(refusal),
    ...(state === 'pending' ? { status: 'pending', paid: false, captured: true } : {}),
  } satisfies Stripe.Charge;
  return world.add('charge', charge);
}

function methodDetails(
  intent: Stripe.PaymentIntent,
  method: Stripe.PaymentMethod,
): Stripe.Charge.PaymentMethodDetails {
  const card = method.card;
  if (card === undefined) return { type: method.type };
  return {
    type: 'card',
    card: {
      amount_authorized: intent.amount,
      authorization_code: randomId('', 6).toUpperCase(),
      brand: card.brand,
      checks: card.checks,
      country: card.country,
      electronic_commerce_indicator: null,
      exp_month: card.exp_month,
      exp_year: card.exp_year,
      fingerprint: card.fingerprint ?? null,
      funding: card.funding,
      installments: null,
      last4: card.last4,
      mandate: null,
      network: card.brand,
      network_token: { used: false },
      network_transaction_id: randomId('', 15),
      regulated_status: 'unregulated',
      three_d_secure: null,
      transaction_link_id: null,
      wallet: null,
    },
  };
}
