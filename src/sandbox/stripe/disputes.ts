import type Stripe from 'stripe';
import { randomId } from '../random-id.ts';
import { endpoint } from './endpoint.ts';
import { badRequest } from './stripe-problem.ts';
import { equals, idOf, type StripeWorld } from './stripe-world.ts';

const DAYS_TO_ANSWER = 10;
const DAY = 86_400;

export const disputeEndpoints = [
  endpoint('GET /v1/disputes', 'dispute', 'list', ({ world, params, path }) =>
    world.list(
      'dispute',
      path,
      params,
      equals({ charge: params.charge, payment_intent: params.payment_intent }),
    ),
  ),
  endpoint('GET /v1/disputes/:id', 'dispute', 'retrieve', ({ world, id }) =>
    world.get('dispute', id),
  ),
  endpoint('POST /v1/disputes/:id/close', 'dispute', 'close', ({ world, id }) =>
    decideDispute(world, world.get('dispute', id), 'lost'),
  ),
];

/**
 * The cardholder's bank contests a charge, or a part of it, and takes the money at once. Throws a 400 for one that is
 * contested already, was not paid, or is less than that.
 */
export function openDispute(
  world: StripeWorld,
  charge: Stripe.Charge,
  asked: number | undefined,
): Stripe.Dispute {
  if (charge.status !== 'succeeded' || charge.disputed) {
    throw badRequest(`Charge ${charge.id} cannot be disputed.`, { param: 'charge' });
  }
  const amount = asked ?? charge.amount;
  if (amount < 1 || amount > charge.amount) {
    throw badRequest(`A dispute of ${amount} is not one of charge ${charge.id}.`, {
      param: 'amount',
    });
  }
  const dispute = world.add('dispute', disputeObject(world, charge, amount));
  world.change('charge', charge.id, { disputed: true });
  world.announce('charge.dispute.created', dispute);
  world.announce('charge.dispute.funds_withdrawn', dispute);
  return dispute;
}

/** The bank decides: a dispute that was won gives the money back. Throws a 400 when it is decided already. */
export function decideDispute(
  world: StripeWorld,
  dispute: Stripe.Dispute,
  status: 'won' | 'lost',
): Stripe.Dispute {
  if (dispute.status === 'won' || dispute.status === 'lost') {
    throw badRequest(`This dispute is already closed: it was ${dispute.status}.`);
  }
  const { object } = world.change('dispute', dispute.id, { status, is_charge_refundable: false });
  if (status === 'won') world.announce('charge.dispute.funds_reinstated', object);
  world.announce('charge.dispute.closed', object);
  return object;
}

/** The dispute about a charge that is not decided yet. Throws a 400 when there is none. */
export function openDisputeOf(world: StripeWorld, chargeId: string): Stripe.Dispute {
  const disputes = world.books.all<Stripe.Dispute>('dispute', equals({ charge: chargeId }));
  const open = disputes.find(({ status }) => status !== 'won' && status !== 'lost');
  if (open === undefined) throw badRequest(`Charge ${chargeId} has no open dispute.`);
  return open;
}

function disputeObject(world: StripeWorld, charge: Stripe.Charge, amount: number): Stripe.Dispute {
  return {
    id: randomId('du_1'),
    object: 'dispute',
    amount,
    balance_transactions: [],
    charge: charge.id,
    created: world.now(),
    currency: charge.currency,
    enhanced_eligibility_types: [],
    evidence: NO_EVIDENCE,
    evidence_details: {
      due_by: world.now() + DAYS_TO_ANSWER * DAY,
      enhanced_eligibility: {},
      has_evidence: false,
      past_due: false,
      submission_count: 0,
      submission_method: 'not_submitted',
    },
    intended_submission_method: null,
    is_charge_refundable: false,
    livemode: false,
    metadata: {},
    network_reason_code: '10.4',
    payment_intent: charge.payment_intent === null ? null : idOf(charge.payment_intent),
    payment_method_details: {
      type: 'card',
      card: {
        brand: charge.payment_method_details?.card?.brand ?? 'visa',
        case_type: 'chargeback',
        network: charge.payment_method_details?.card?.network ?? 'visa',
        network_reason_code: '10.4',
      },
    },
    reason: 'fraudulent',
    status: 'needs_response',
  } satisfies Stripe.Dispute;
}

const NO_EVIDENCE = {
  access_activity_log: null,
  billing_address: null,
  cancellation_policy: null,
  cancellation_policy_disclosure: null,
  cancellation_rebuttal: null,
  customer_communication: null,
  customer_email_address: null,
  customer_name: null,
  customer_purchase_ip: null,
  customer_signature: null,
  duplicate_charge_documentation: null,
  duplicate_charge_explanation: null,
  duplicate_charge_id: null,
  enhanced_evidence: {},
  product_description: null,
  receipt: null,
  refund_policy: null,
  refund_policy_disclosure: null,
  refund_refusal_explanation: null,
  service_date: null,
  service_documentation: null,
  shipping_address: null,
  shipping_carrier: null,
  shipping_date: null,
  shipping_documentation: null,
  shipping_tracking_number: null,
  uncategorized_file: null,
  uncategorized_text: null,
} satisfies Stripe.Dispute.Evidence;
