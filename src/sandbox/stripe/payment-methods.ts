import { createHash } from 'node:crypto';
import type Stripe from 'stripe';
import { randomId } from '../random-id.ts';
import { endpoint } from './endpoint.ts';
import type { StripeWorld } from './stripe-world.ts';
import type { TestCard } from './test-cards.ts';

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
];

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
