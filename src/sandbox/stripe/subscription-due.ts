import type Stripe from 'stripe';
import type { StripeWorld } from './stripe-world.ts';

/** Says when something will happen to a subscription by itself: it ends, renews, or what it owes is tried again. */
export function scheduleSubscription(world: StripeWorld, id: string): void {
  world.books.setDue(id, dueAt(world, world.get('subscription', id)));
}

/** When the period ends that the subscription is in. */
export function endOfPeriod(subscription: Stripe.Subscription): number {
  return Math.max(...subscription.items.data.map((item) => item.current_period_end));
}

/** The invoices of a subscription that are not paid, the newest first. */
export function openInvoices(world: StripeWorld, subscriptionId: string): Stripe.Invoice[] {
  return world.books.all<Stripe.Invoice>('invoice', [
    ['status', '=', 'open'],
    ['parent.subscription_details.subscription', '=', subscriptionId],
  ]);
}

function dueAt(world: StripeWorld, subscription: Stripe.Subscription): number | null {
  const { status, cancel_at: cancelAt } = subscription;
  if (status === 'canceled' || status === 'incomplete_expired') return null;
  const isIdle = status === 'paused' || status === 'incomplete';
  const retries = openInvoices(world, subscription.id).map(
    (invoice) => invoice.next_payment_attempt,
  );
  const instants = [cancelAt, isIdle ? null : endOfPeriod(subscription), ...retries].filter(
    (at) => at !== null,
  );
  return instants.length === 0 ? null : Math.min(...instants);
}
