import type Stripe from 'stripe';
import type { PaymentReversalOrder } from '../provider-sandbox.ts';
import { decideDispute, openDispute, openDisputeOf } from './disputes.ts';
import { paymentsOf } from './invoices.ts';
import { failRefund, refundable, refundCharge } from './refunds.ts';
import { badRequest } from './stripe-problem.ts';
import { idOf, type StripeWorld } from './stripe-world.ts';

/**
 * Does to a payment what its merchant, in the dashboard, or the customer's bank would do; the payment is named by its intent,
 * its charge, its invoice or its checkout. Answers the refund or dispute. Throws Stripe's 400s.
 */
export function reversePayment(
  world: StripeWorld,
  { payment, action, amount }: PaymentReversalOrder,
): Stripe.Refund | Stripe.Dispute {
  const charge = chargeOf(world, payment);
  switch (action) {
    case 'refund':
      return refundCharge(world, charge, refundable(charge, amount), {});
    case 'failRefund':
      return failRefund(world, charge);
    case 'dispute':
      return openDispute(world, charge, amount);
    case 'winDispute':
      return decideDispute(world, openDisputeOf(world, charge.id), 'won');
    default:
      return decideDispute(world, openDisputeOf(world, charge.id), 'lost');
  }
}

function chargeOf(world: StripeWorld, id: string): Stripe.Charge {
  const charge = world.find('charge', id);
  if (charge !== undefined) return charge;
  const intent = world.find('payment_intent', intentIdOf(world, id) ?? '');
  if (intent === undefined || intent.latest_charge === null)
    throw badRequest(`Nothing was paid by ${id}.`, { param: 'payment' });
  return world.get('charge', idOf(intent.latest_charge));
}

function intentIdOf(world: StripeWorld, id: string): string | null {
  const session = world.find('checkout.session', id);
  if (session?.payment_intent) return idOf(session.payment_intent);
  const invoiceId = session?.invoice ? idOf(session.invoice) : id;
  if (world.find('invoice', invoiceId) === undefined) return id;
  const [payment] = paymentsOf(world, invoiceId);
  return payment?.payment.payment_intent ? idOf(payment.payment.payment_intent) : null;
}
