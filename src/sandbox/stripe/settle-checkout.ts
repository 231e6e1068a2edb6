import type Stripe from 'stripe';
import type { CardRefusal } from '../test-cards.ts';
import { markPaid, markPaymentFailed, paymentsOf } from './invoices.ts';
import { settleDebit } from './payments.ts';
import { badRequest } from './stripe-problem.ts';
import { idOf, type StripeWorld } from './stripe-world.ts';

const RETURNED: CardRefusal = {
  code: 'payment_intent_payment_attempt_failed',
  decline_code: 'insufficient_funds',
  message: 'The customer’s bank account has insufficient funds.',
};

/**
 * Ends the bank debit of a completed session: the money comes or does not. Throws a 404 for an unknown session and a 400
 * for one that waits for no money.
 */
export function settleCheckout(
  world: StripeWorld,
  sessionId: string,
  outcome: 'succeed' | 'fail',
): Stripe.Checkout.Session {
  const session = world.get('checkout.session', sessionId);
  const intent = debitOf(world, session);
  if (session.status !== 'complete' || intent?.status !== 'processing') {
    throw badRequest('This Checkout Session waits for no payment.', { param: 'checkout' });
  }
  settleDebit(world, intent, outcome === 'succeed' ? null : RETURNED);
  if (outcome === 'succeed') {
    if (session.invoice !== null) markPaid(world, idOf(session.invoice));
    const { object } = world.change('checkout.session', sessionId, { payment_status: 'paid' });
    world.announce('checkout.session.async_payment_succeeded', object);
    return object;
  }
  if (session.invoice !== null) markPaymentFailed(world, idOf(session.invoice));
  if (session.subscription !== null) fallBehind(world, idOf(session.subscription));
  world.announce('checkout.session.async_payment_failed', session);
  return session;
}

function debitOf(
  world: StripeWorld,
  session: Stripe.Checkout.Session,
): Stripe.PaymentIntent | undefined {
  const payment =
    session.invoice === null ? undefined : paymentsOf(world, idOf(session.invoice))[0];
  const intent = session.payment_intent ?? payment?.payment.payment_intent;
  return intent == null ? undefined : world.find('payment_intent', idOf(intent));
}

function fallBehind(world: StripeWorld, id: string): void {
  if (world.get('subscription', id).status === 'canceled') return;
  const { object, previous } = world.change('subscription', id, { status: 'past_due' });
  world.announce('customer.subscription.updated', object, previous);
}
