import type Stripe from 'stripe';
import { moneyInWords } from '../money-words.ts';
import { randomId } from '../random-id.ts';
import { endpoint } from './endpoint.ts';
import { badRequest, missingParameter, refuseUnplayed } from './stripe-problem.ts';
import { equals, idOf, mergeMetadata, type StripeWorld } from './stripe-world.ts';

export const refundEndpoints = [
  endpoint('POST /v1/refunds', 'refund', 'create', ({ world, params }) => {
    refuseUnplayed(params, ['origin', 'customer', 'currency']);
    const charge = chargeToRefund(world, params);
    const amount = refundable(charge, params.amount);
    return refundCharge(world, charge, amount, params);
  }),
  endpoint('GET /v1/refunds', 'refund', 'list', ({ world, params, path }) =>
    world.list(
      'refund',
      path,
      params,
      equals({ charge: params.charge, payment_intent: params.payment_intent }),
    ),
  ),
  endpoint('GET /v1/refunds/:id', 'refund', 'retrieve', ({ world, id }) => world.get('refund', id)),
];

/** Gives so much of a charge back, announced. */
export function refundCharge(
  world: StripeWorld,
  charge: Stripe.Charge,
  amount: number,
  params: Pick<Stripe.RefundCreateParams, 'metadata' | 'reason'>,
): Stripe.Refund {
  const made = {
    id: randomId('re_3'),
    object: 'refund',
    amount,
    balance_transaction: randomId('txn_3'),
    charge: charge.id,
    created: world.now(),
    currency: charge.currency,
    customer: charge.customer,
    customer_account: null,
    destination_details: {
      card: {
        reference_status: 'pending',
        reference_type: 'acquirer_reference_number',
        type: 'refund',
      },
      type: 'card',
    },
    metadata: mergeMetadata({}, params.metadata),
    payment_intent: charge.payment_intent,
    payment_method: charge.payment_method,
    reason: params.reason ?? null,
    receipt_number: null,
    source_transfer_reversal: null,
    status: 'succeeded',
    transfer_reversal: null,
  } satisfies Stripe.Refund;
  world.add('refund', made);
  const refunded = charge.amount_refunded + amount;
  const { object, previous } = world.change('charge', charge.id, {
    amount_refunded: refunded,
    refunded: refunded === charge.amount,
  });
  world.announce('refund.created', made);
  world.announce('charge.refunded', object, previous);
  world.announce('refund.updated', made);
  return made;
}

/** The customer's bank sends a refund back: the money is the merchant's again. Throws a 400 when there is none to fail. */
export function failRefund(world: StripeWorld, charge: Stripe.Charge): Stripe.Refund {
  const refunds = world.books.all<Stripe.Refund>('refund', equals({ charge: charge.id }));
  const last = refunds.find(({ status }) => status === 'succeeded' || status === 'pending');
  if (last === undefined) throw badRequest(`Charge ${charge.id} has no refund that could fail.`);
  const { object, previous } = world.change('refund', last.id, {
    status: 'failed',
    failure_reason: 'lost_or_stolen_card',
    failure_balance_transaction: randomId('txn_3'),
  });
  const amount_refunded = charge.amount_refunded - last.amount;
  world.change('charge', charge.id, { amount_refunded, refunded: false });
  world.announce('refund.updated', object, previous);
  world.announce('refund.failed', object, previous);
  return object;
}

function chargeToRefund(world: StripeWorld, params: Stripe.RefundCreateParams): Stripe.Charge {
  const intent =
    params.payment_intent === undefined
      ? undefined
      : world.get('payment_intent', params.payment_intent, 'payment_intent');
  if (intent === undefined) {
    if (params.charge === undefined) throw missingParameter('charge');
    return world.get('charge', params.charge, 'charge');
  }
  if (intent.latest_charge === null || intent.status !== 'succeeded') {
    throw badRequest(
      `This PaymentIntent (${intent.id}) does not have a successful charge to refund.`,
      {
        param: 'payment_intent',
      },
    );
  }
  return world.get('charge', idOf(intent.latest_charge));
}

/** How much to give back: what was asked, or all that is left. Throws a 400 when that is not there. */
export function refundable(charge: Stripe.Charge, asked: number | undefined): number {
  if (charge.status !== 'succeeded') {
    throw badRequest(`Charge ${charge.id} is not refundable: it is ${charge.status}.`);
  }
  if (charge.disputed) {
    throw badRequest(`Charge ${charge.id} has been charged back; cannot issue a refund.`, {
      code: 'charge_disputed',
    });
  }
  const left = charge.amount - charge.amount_refunded;
  if (left === 0) {
    throw badRequest(`Charge ${charge.id} has already been refunded.`, {
      code: 'charge_already_refunded',
    });
  }
  const amount = asked ?? left;
  if (amount < 1) {
    throw badRequest('Invalid positive integer', {
      code: 'parameter_invalid_integer',
      param: 'amount',
    });
  }
  if (amount > left) {
    const words = (value: number) => moneyInWords(value, charge.currency);
    throw badRequest(
      `Refund amount (${words(amount)}) is greater than unrefunded amount on charge (${words(left)})`,
      { param: 'amount' },
    );
  }
  return amount;
}
