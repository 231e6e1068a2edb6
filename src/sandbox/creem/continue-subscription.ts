import { type CreemWorld, isoOf, type Subscription, type Transaction } from './creem-world.ts';
import { amountOff } from './discounts.ts';
import { recordPayment, whyUnchargeable } from './payments.ts';
import {
  announceSubscription,
  billingOf,
  changeBilling,
  changeSubscription,
  endOfPeriod,
  periodOf,
} from './subscription-object.ts';

const DAY = 86_400;
/** How long after a payment that failed the next one is tried; after the last of them the subscription is over. */
const RETRY_AFTER = [3 * DAY, 5 * DAY, 7 * DAY];

/** A subscription's time has come: it ends as was asked for, its next period begins, or a payment is tried again. */
export function continueSubscription(world: CreemWorld, id: string): void {
  const subscription = world.get('subscription', id);
  world.books.setDue(id, null);
  if (subscription.status === 'scheduled_cancel') endAsScheduled(world, subscription);
  else if (['active', 'trialing', 'past_due'].includes(subscription.status))
    payNextPeriod(world, subscription);
}

/**
 * Charges the period that follows on the last one that was paid for. A payment that fails leaves the subscription behind
 * with its old period, and is tried again some days later.
 */
export function payNextPeriod(world: CreemWorld, subscription: Subscription): void {
  const { id, customer } = subscription;
  if (whyUnchargeable(world, customer) !== null) {
    fallBehind(world, subscription);
    return;
  }
  const product = world.get('product', subscription.product);
  const billing = billingOf(world, id);
  const { end: start } = periodOf(subscription);
  const end = endOfPeriod(product, billing.anchor, start);
  const { transaction } = recordPayment(world, {
    customer,
    product,
    ...discountedPrice(world, subscription, Math.max(0, product.price + billing.carried)),
    subscription: id,
    period: { start, end },
    description: 'Subscription payment',
  });
  const isBack = subscription.status !== 'active';
  changeBilling(world, id, { failures: 0, carried: 0 });
  changeSubscription(world, id, {
    status: 'active',
    current_period_start_date: isoOf(start),
    current_period_end_date: isoOf(end),
    next_transaction_date: isoOf(end),
    ...paidBy(transaction),
  });
  world.books.setDue(id, end);
  if (isBack) announceSubscription(world, 'subscription.active', id);
  announceSubscription(world, 'subscription.paid', id);
}

/** A price less the subscription's discount, which is over with this payment unless it is for ever. */
function discountedPrice(
  world: CreemWorld,
  { id, discount: shown }: Subscription,
  price: number,
): { amount: number; discountAmount: number; discount: string | null } {
  if (shown?.id === undefined) return { amount: price, discountAmount: 0, discount: null };
  const discount = world.get('discount', shown.id);
  if (discount.duration !== 'forever') changeSubscription(world, id, { discount: undefined });
  const discountAmount = amountOff(discount, price);
  return { amount: price - discountAmount, discountAmount, discount: discount.id };
}

/** What a subscription says of its last payment. */
export function paidBy(transaction: Transaction) {
  return {
    last_transaction_id: transaction.id,
    last_transaction_date: new Date(transaction.created_at).toISOString(),
  };
}

/** Ends a subscription at once. */
export function endSubscription(world: CreemWorld, id: string): Subscription {
  world.books.setDue(id, null);
  const now = isoOf(world.now());
  const ended = changeSubscription(world, id, { status: 'canceled', canceled_at: now });
  announceSubscription(world, 'subscription.canceled', id);
  return ended;
}

function endAsScheduled(world: CreemWorld, { id }: Subscription): void {
  if (!billingOf(world, id).pauses) {
    endSubscription(world, id);
    return;
  }
  changeSubscription(world, id, { status: 'paused' });
  announceSubscription(world, 'subscription.paused', id);
}

function fallBehind(world: CreemWorld, { id, status }: Subscription): void {
  const { failures } = billingOf(world, id);
  const wait = RETRY_AFTER[failures];
  if (wait === undefined) {
    announceSubscription(world, 'subscription.expired', id);
    endSubscription(world, id);
    return;
  }
  const next = world.now() + wait;
  changeBilling(world, id, { failures: failures + 1 });
  changeSubscription(world, id, { status: 'past_due', next_transaction_date: isoOf(next) });
  world.books.setDue(id, next);
  if (status !== 'past_due') announceSubscription(world, 'subscription.past_due', id);
}
