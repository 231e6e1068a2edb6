import { createHash } from 'node:crypto';
import type Stripe from 'stripe';
import { randomId } from '../random-id.ts';
import { readCard, type TestCard, testMethodCard } from '../test-cards.ts';
import { endpoint } from './endpoint.ts';
import { badRequest, cardRefused, missingParameter } from './stripe-problem.ts';
import { idOf, type StripeWorld } from './stripe-world.ts';

export interface Payer {
  readonly email: string | null;
  readonly name: string | null;
}

/** A card as a payment method that belongs to nobody yet. Its number stays out of the object. */
export function createCard(world: StripeWorld, card: TestCard, payer: Payer): Stripe.PaymentMethod {
  const method = {
    ...emptyMethod(world, payer),
    card: {
      brand: card.brand,
      checks: {
        address_line1_check: null,
        address_postal_code_check: null,
        cvc_check: 'pass',
      },
      country: 'US',
      display_brand: card.brand,
      exp_month: 12,
      exp_year: new Date(world.now() * 1000).getUTCFullYear() + 4,
      fingerprint: createHash('sha256').update(card.number).digest('hex').slice(0, 16),
      funding: card.funding,
      generated_from: null,
      last4: card.number.slice(-4),
      networks: { available: [card.brand], preferred: null },
      regulated_status: 'unregulated',
      three_d_secure_usage: { supported: true },
      wallet: null,
    },
    type: 'card',
  } satisfies Stripe.PaymentMethod;
  return world.add('payment_method', method, { cardNumber: card.number });
}

/** A bank account to debit, whose payments take days to settle. */
export function createBankAccount(world: StripeWorld, payer: Payer): Stripe.PaymentMethod {
  const method = {
    ...emptyMethod(world, payer),
    type: 'us_bank_account',
    us_bank_account: {
      account_holder_type: 'individual',
      account_type: 'checking',
      bank_name: 'STRIPE TEST BANK',
      financial_connections_account: null,
      fingerprint: randomId('', 16),
      last4: '6789',
      networks: { preferred: 'ach', supported: ['ach'] },
      routing_number: '110000000',
      status_details: null,
    },
  } satisfies Stripe.PaymentMethod;
  return world.add('payment_method', method);
}

/** Saves a payment method for its customer. */
export function attach(world: StripeWorld, id: string, customer: string): Stripe.PaymentMethod {
  const { object, previous } = world.change('payment_method', id, { customer });
  world.announce('payment_method.attached', object, previous);
  return object;
}

export const paymentMethodEndpoints = [
  endpoint('GET /v1/payment_methods/:id', 'paymentMethod', 'retrieve', ({ world, id }) =>
    world.get('payment_method', id),
  ),
  endpoint(
    'POST /v1/payment_methods/:id/attach',
    'paymentMethod',
    'attach',
    ({ world, params, id }) => {
      if (params.customer === undefined) throw missingParameter('customer');
      const customer = world.get('customer', params.customer, 'customer');
      const method = readMethod(world, id, payerOf(customer));
      if (method.customer !== null) {
        throw badRequest(
          'The payment method you provided has already been attached to a customer.',
        );
      }
      const refusal = cardOf(world, method.id)?.refused ?? null;
      if (refusal !== null) throw cardRefused(refusal);
      return attach(world, method.id, customer.id);
    },
  ),
  endpoint('POST /v1/payment_methods/:id/detach', 'paymentMethod', 'detach', ({ world, id }) => {
    const method = world.get('payment_method', id);
    if (method.customer === null) {
      throw badRequest(
        'The payment method you provided is not attached to a customer so detachment is impossible.',
      );
    }
    return detach(world, method, idOf(method.customer));
  }),
];

/** The payment method with this id; one of the test mode's own ids makes a new one. Throws a 404. */
export function readMethod(
  world: StripeWorld,
  id: string,
  payer: Payer,
  param?: string,
): Stripe.PaymentMethod {
  const card = testMethodCard(id);
  return card === undefined
    ? world.get('payment_method', id, param)
    : createCard(world, card, payer);
}

/** What the card of a payment method does; undefined for a bank account. */
export function cardOf(world: StripeWorld, id: string): TestCard | undefined {
  const { cardNumber } = world.hidden('payment_method', id);
  const card = cardNumber === undefined ? undefined : readCard(String(cardNumber));
  return card !== undefined && 'number' in card ? card : undefined;
}

/** Who pays with what a customer saves. */
export function payerOf(customer: Stripe.Customer): Payer {
  return { email: customer.email, name: customer.name ?? null };
}

/** Takes a payment method from its customer, and from whatever was charged to it. */
function detach(
  world: StripeWorld,
  { id }: Stripe.PaymentMethod,
  customerId: string,
): Stripe.PaymentMethod {
  const { object, previous } = world.change('payment_method', id, { customer: null });
  world.announce('payment_method.detached', object, previous);
  const customer = world.get('customer', customerId);
  if (customer.invoice_settings.default_payment_method === id) setDefault(world, customer, null);
  for (const subscription of world.books.all<Stripe.Subscription>('subscription', [
    ['customer', '=', customerId],
    ['default_payment_method', '=', id],
  ])) {
    const changed = world.change('subscription', subscription.id, { default_payment_method: null });
    if (subscription.status !== 'canceled')
      world.announce('customer.subscription.updated', changed.object, changed.previous);
  }
  return object;
}

/** Has a customer's invoices charged to a payment method from now on. */
export function setDefault(
  world: StripeWorld,
  customer: Stripe.Customer,
  methodId: string | null,
): void {
  const { object, previous } = world.change('customer', customer.id, {
    invoice_settings: { ...customer.invoice_settings, default_payment_method: methodId },
  });
  world.announce('customer.updated', object, previous);
}

function emptyMethod(world: StripeWorld, payer: Payer) {
  return {
    id: randomId('pm_1'),
    object: 'payment_method' as const,
    allow_redisplay: 'limited' as const,
    billing_details: {
      address: null,
      email: payer.email,
      name: payer.name,
      phone: null,
      tax_id: null,
    },
    created: world.now(),
    customer: null,
    customer_account: null,
    livemode: false,
    metadata: {},
  };
}
