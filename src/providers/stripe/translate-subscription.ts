import type Stripe from 'stripe';
import type { Interval } from '../../platform/money.ts';
import type { ProviderSubscription, SubscriptionStatus } from '../payment-objects.ts';
import { UnknownStripeAnswer } from './stripe-errors.ts';
import { idOf, toDate, toDateOrNull, toMoney } from './translate-values.ts';

const STATUSES: ReadonlyMap<string, SubscriptionStatus> = new Map([
  ['active', 'ACTIVE'],
  ['trialing', 'TRIALING'],
  ['past_due', 'PAST_DUE'],
  ['canceled', 'CANCELED'],
  ['incomplete', 'INCOMPLETE'],
  ['incomplete_expired', 'INCOMPLETE_EXPIRED'],
  ['unpaid', 'UNPAID'],
  ['paused', 'PAUSED'],
]);

/** The metadata by which a promotion's own subscription is known; its value is the account's id. */
export const PROMOTION = 'promotionOf';

/**
 * A subscription in the port's words. Price and period are those of its first item: Tollgate sells one per subscription.
 * Throws UnknownStripeAnswer for a status, or an interval other than a month or a year, that it has no word for.
 */
export function toProviderSubscription(subscription: Stripe.Subscription): ProviderSubscription {
  const item = subscription.items.data[0];
  if (item === undefined) {
    throw new UnknownStripeAnswer(`Subscription ${subscription.id} has no item.`);
  }
  const { price } = item;
  return {
    subscriptionId: subscription.id,
    customerId: idOf(subscription.customer),
    status: statusOf(subscription),
    providerPriceId: price.id,
    price: price.unit_amount === null ? null : toMoney(price.unit_amount, price.currency),
    interval: intervalOf(price),
    startedAt: toDate(subscription.start_date),
    currentPeriodStart: toDateOrNull(item.current_period_start),
    currentPeriodEnd: toDateOrNull(item.current_period_end),
    trialStart: toDateOrNull(subscription.trial_start),
    trialEnd: toDateOrNull(subscription.trial_end),
    cancelAtPeriodEnd: endsWithItsPeriod(subscription, item),
    cancelAt: toDateOrNull(subscription.cancel_at),
    endedAt: toDateOrNull(subscription.ended_at),
    isPromotion: PROMOTION in subscription.metadata,
    metadata: subscription.metadata,
  };
}

/** A subscription's state in the port's words. Throws UnknownStripeAnswer. */
export function statusOf(subscription: Stripe.Subscription): SubscriptionStatus {
  const status = STATUSES.get(subscription.status);
  if (status === undefined) {
    throw new UnknownStripeAnswer(
      `Subscription ${subscription.id} has the unknown status "${subscription.status}".`,
    );
  }
  return status;
}

function intervalOf(price: Stripe.Price): Interval {
  const { interval, interval_count: count } = price.recurring ?? {};
  if (interval === 'month' && count === 1) return 'MONTH';
  if (interval === 'year' && count === 1) return 'YEAR';
  if (interval === 'month' && count === 12) return 'YEAR';
  throw new UnknownStripeAnswer(
    `Price ${price.id} is charged neither by the month nor by the year.`,
  );
}

/** The portal cancels with a date instead of the flag when billing is flexible; a date at the period's end means the same. */
function endsWithItsPeriod(
  subscription: Stripe.Subscription,
  item: Stripe.SubscriptionItem,
): boolean {
  return subscription.cancel_at_period_end || subscription.cancel_at === item.current_period_end;
}
