import type Stripe from 'stripe';
import { randomId } from '../random-id.ts';
import { endpoint } from './endpoint.ts';
import { moneyInWords } from './money-words.ts';
import { badRequest, missingParameter, refuseUnplayed } from './stripe-problem.ts';
import { equals, idOf, mergeMetadata, type StripeWorld } from './stripe-world.ts';

export const refundEndpoints = [
  endpoint('POST /v1/refunds', 'refund', 'create', ({ world, params }) => {
    refuseUnplayed(params, ['origin', 'customer', 'currency']);
    const charge = chargeToRefund(world, params);
    const amount = refundable(charge, params.amount);
    return refund(world, charge, amount, params);
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

function refund(
  world: StripeWorld,
  charge: Stripe.Charge,
  amount: number,
  params: Stripe.RefundCreateParams,
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
function refundable(charge: Stripe.Charge, asked: number | undefined): number {
  if (charge.status !== 'succeeded') {
    throw badRequest(`Charge ${charge.id} is not refundable: it is ${charge.status}.`);
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
