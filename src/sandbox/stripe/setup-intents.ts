import type Stripe from 'stripe';
import { randomId } from '../random-id.ts';
import type { CardRefusal } from '../test-cards.ts';
import { endpoint } from './endpoint.ts';
import { attach, cardOf, type Payer, payerOf, readMethod } from './payment-methods.ts';
import { badRequest, cardRefused, missingParameter, refuseUnplayed } from './stripe-problem.ts';
import { equals, idOf, mergeMetadata, orNull, type StripeWorld } from './stripe-world.ts';

/** What is the same on every new setup intent. */
const UNTOUCHED = {
  allowed_payment_method_types: null,
  application: null,
  cancellation_reason: null,
  customer_account: null,
  excluded_payment_method_types: null,
  flow_directions: null,
  last_setup_error: null,
  latest_attempt: null,
  livemode: false,
  managed_payments: null,
  mandate: null,
  next_action: null,
  on_behalf_of: null,
  payment_method: null,
  payment_method_configuration_details: null,
  payment_method_options: {
    card: { mandate_options: null, network: null, request_three_d_secure: 'automatic' },
  },
  payment_method_types: ['card'],
  single_use_mandate: null,
  status: 'requires_payment_method',
} satisfies Partial<Stripe.SetupIntent>;

export const setupIntentEndpoints = [
  endpoint('POST /v1/setup_intents', 'setupIntent', 'create', ({ world, params }) => {
    refuseUnplayed(params, UNPLAYED);
    if (params.customer !== undefined) world.get('customer', params.customer, 'customer');
    const id = randomId('seti_1');
    const intent = world.add('setup_intent', {
      ...UNTOUCHED,
      id,
      object: 'setup_intent',
      automatic_payment_methods: { allow_redirects: 'always', enabled: true },
      client_secret: `${id}_secret_${randomId('', 25)}`,
      created: world.now(),
      customer: orNull(params.customer),
      description: orNull(params.description),
      metadata: mergeMetadata({}, params.metadata),
      usage: params.usage ?? 'off_session',
    });
    world.announce('setup_intent.created', intent);
    return intent;
  }),
  endpoint('GET /v1/setup_intents', 'setupIntent', 'list', ({ world, params, path }) =>
    world.list(
      'setup_intent',
      path,
      params,
      equals({ customer: params.customer, payment_method: params.payment_method }),
    ),
  ),
  endpoint('GET /v1/setup_intents/:id', 'setupIntent', 'retrieve', ({ world, id }) =>
    world.get('setup_intent', id),
  ),
  endpoint(
    'POST /v1/setup_intents/:id/confirm',
    'setupIntent',
    'confirm',
    ({ world, params, id }) => {
      const intent = world.get('setup_intent', id);
      if (params.payment_method === undefined) throw missingParameter('payment_method');
      const payer = payerFor(world, intent);
      const method = readMethod(world, params.payment_method, payer, 'payment_method');
      const refusal = confirmSetup(world, intent, method);
      if (refusal !== null) throw cardRefused(refusal);
      return world.get('setup_intent', id);
    },
  ),
];

const UNPLAYED = [
  'attach_to_self',
  'confirm',
  'customer_account',
  'flow_directions',
  'mandate_data',
  'on_behalf_of',
  'payment_method',
  'single_use',
];

/**
 * Saves a payment method for an intent's customer. Answers why it was refused, or null when it is saved. Throws a 400 when
 * the intent is no longer open or the method belongs to somebody.
 */
export function confirmSetup(
  world: StripeWorld,
  intent: Stripe.SetupIntent,
  method: Stripe.PaymentMethod,
): CardRefusal | null {
  if (intent.status !== 'requires_payment_method') {
    throw badRequest(
      `You cannot confirm this SetupIntent because it has already ${intent.status}.`,
      { code: 'setup_intent_unexpected_state' },
    );
  }
  const customer = intent.customer === null ? null : idOf(intent.customer);
  if (method.customer !== null && method.customer !== customer) {
    throw badRequest('The payment method belongs to another customer.', {
      param: 'payment_method',
    });
  }
  const refusal = cardOf(world, method.id)?.refused ?? null;
  if (refusal !== null) {
    markFailed(world, intent.id, method, refusal);
    return refusal;
  }
  if (customer !== null && method.customer === null) attach(world, method.id, customer);
  const { object, previous } = world.change('setup_intent', intent.id, {
    status: 'succeeded',
    payment_method: method.id,
    latest_attempt: randomId('setatt_1'),
    last_setup_error: null,
  });
  world.announce('setup_intent.succeeded', object, previous);
  return null;
}

/** Whose card an intent is to save. */
export function payerFor(world: StripeWorld, intent: Stripe.SetupIntent): Payer {
  const customer =
    intent.customer === null ? undefined : world.find('customer', idOf(intent.customer));
  return customer === undefined ? { email: null, name: null } : payerOf(customer);
}

function markFailed(
  world: StripeWorld,
  id: string,
  method: Stripe.PaymentMethod,
  refusal: CardRefusal,
): void {
  const { object, previous } = world.change('setup_intent', id, {
    latest_attempt: randomId('setatt_1'),
    last_setup_error: {
      type: 'card_error',
      code: refusal.code as Stripe.SetupIntent.LastSetupError.Code,
      message: refusal.message,
      payment_method: method,
      ...(refusal.decline_code === undefined ? {} : { decline_code: refusal.decline_code }),
    },
  });
  world.announce('setup_intent.setup_failed', object, previous);
}
