import type Stripe from 'stripe';
import type { CheckoutOutcome, CheckoutState } from '../payment-objects.ts';
import { UnknownStripeAnswer } from './stripe-errors.ts';
import { idOrNull, toMoney } from './translate-values.ts';

/**
 * A checkout session in the port's words. The order is the one in our own metadata: another integration of the same
 * Stripe account may use `client_reference_id` for something else. Throws UnknownStripeAnswer for a state it has no word for.
 */
export function toCheckoutOutcome(session: Stripe.Checkout.Session): CheckoutOutcome {
  const { amount_total: total, currency } = session;
  return {
    checkoutId: session.id,
    orderId: session.metadata?.orderId ?? null,
    state: stateOf(session),
    customerId: idOrNull(session.customer),
    subscriptionId: idOrNull(session.subscription),
    paymentId: idOrNull(session.payment_intent),
    total: total === null || currency === null ? null : toMoney(total, currency),
    url: session.url ?? null,
  };
}

function stateOf(session: Stripe.Checkout.Session): CheckoutState {
  switch (session.status) {
    case 'open':
      return 'OPEN';
    case 'expired':
      return 'EXPIRED';
    case 'complete':
      return completedStateOf(session);
    default:
      throw new UnknownStripeAnswer(
        `Checkout session ${session.id} has the unknown status "${session.status}".`,
      );
  }
}

/** A trial has nothing to pay now; a bank transfer completes the page before the money has come. */
function completedStateOf(session: Stripe.Checkout.Session): CheckoutState {
  switch (session.payment_status) {
    case 'paid':
    case 'no_payment_required':
      return 'PAID';
    case 'unpaid':
      return 'PENDING_PAYMENT';
    default:
      throw new UnknownStripeAnswer(
        `Checkout session ${session.id} has the unknown payment status "${session.payment_status}".`,
      );
  }
}
