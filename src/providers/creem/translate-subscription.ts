import type { ProductEntity$Outbound, SubscriptionEntity$Outbound } from 'creem/models/components';
import type { Interval } from '../../platform/money.ts';
import type { ProviderSubscription, SubscriptionStatus } from '../payment-objects.ts';
import { UnknownCreemAnswer } from './creem-errors.ts';
import { idOf, toDate, toDateOrNull, toMoney, toTexts } from './translate-values.ts';

type Product = ProductEntity$Outbound;

/** A subscription with its product whole. */
export type WholeSubscription = SubscriptionEntity$Outbound & { readonly product: Product };

/** `scheduled_cancel` is a state of its own at Creem: see `statusOf`. */
const STATUSES: ReadonlyMap<string, SubscriptionStatus> = new Map([
  ['active', 'ACTIVE'],
  ['trialing', 'TRIALING'],
  ['past_due', 'PAST_DUE'],
  ['unpaid', 'UNPAID'],
  ['paused', 'PAUSED'],
  ['canceled', 'CANCELED'],
  ['expired', 'CANCELED'],
]);

const DAY_MS = 86_400_000;

/** Our words in a checkout's metadata, which its subscription keeps. */
export const TRIAL_DAYS = 'trialDays';
/** The product with a trial that stands for a plan's own, and which that is. */
export const TRIAL_PRODUCT = 'trialProduct';
export const PLAN_PRODUCT = 'planProduct';

/**
 * A subscription in the port's words. Its price is its product. Throws UnknownCreemAnswer for a status, or a billing period
 * other than a month or a year, that it has no word for.
 */
export function toProviderSubscription(subscription: WholeSubscription): ProviderSubscription {
  const { product } = subscription;
  const periodEnd = toDateOrNull(subscription.current_period_end_date);
  const isEnding = subscription.status === 'scheduled_cancel';
  const trial = trialOf(subscription);
  const status = statusOf(subscription);
  return {
    subscriptionId: subscription.id,
    customerId: idOf(subscription.customer),
    status,
    providerPriceId: priceIdOf(subscription),
    price: toMoney(product.price, product.currency),
    interval: intervalOf(product),
    startedAt: toDate(subscription.created_at),
    currentPeriodStart: toDateOrNull(subscription.current_period_start_date),
    currentPeriodEnd: periodEnd,
    trialStart: trial?.start ?? null,
    trialEnd: trial?.end ?? null,
    cancelAtPeriodEnd: isEnding,
    cancelAt: isEnding ? periodEnd : null,
    endedAt: status === 'CANCELED' ? endOf(subscription) : null,
    isPromotion: false,
    metadata: toTexts(subscription.metadata),
  };
}

/** A subscription's state in the port's words; one that is to end is what it was before. Throws UnknownCreemAnswer. */
function statusOf(subscription: SubscriptionEntity$Outbound): SubscriptionStatus {
  if (subscription.status === 'scheduled_cancel') {
    const trial = trialOf(subscription);
    const end = toDateOrNull(subscription.current_period_end_date);
    return trial !== null && end !== null && end <= trial.end ? 'TRIALING' : 'ACTIVE';
  }
  const status = STATUSES.get(subscription.status);
  if (status === undefined) {
    throw new UnknownCreemAnswer(
      `Subscription ${subscription.id} has the unknown status "${subscription.status}".`,
    );
  }
  return status;
}

/** The product that was sold, whether or not it was sold with a trial. */
export function priceIdOf({ product, metadata }: WholeSubscription): string {
  const words = toTexts(metadata);
  return words[TRIAL_PRODUCT] === product.id ? (words[PLAN_PRODUCT] ?? product.id) : product.id;
}

/** Creem says nothing of a trial that is over: we do, in the metadata. */
function trialOf(subscription: SubscriptionEntity$Outbound): { start: Date; end: Date } | null {
  const { current_period_start_date: start, current_period_end_date: end } = subscription;
  if (subscription.status === 'trialing' && start !== undefined && end !== undefined) {
    return { start: toDate(start), end: toDate(end) };
  }
  const days = Number(toTexts(subscription.metadata)[TRIAL_DAYS] ?? 0);
  if (!Number.isSafeInteger(days) || days <= 0) return null;
  const begun = toDate(subscription.created_at);
  return { start: begun, end: new Date(begun.getTime() + days * DAY_MS) };
}

function endOf({ canceled_at: at, updated_at: changedAt }: WholeSubscription): Date {
  return toDate(at ?? changedAt);
}

function intervalOf(product: Product): Interval {
  const {
    billing_period: period,
    recurring_interval: unit,
    recurring_interval_count: count,
  } = product;
  if (period === 'every-month') return 'MONTH';
  if (period === 'every-year') return 'YEAR';
  if (unit === 'month' && count === 1) return 'MONTH';
  if ((unit === 'year' && count === 1) || (unit === 'month' && count === 12)) return 'YEAR';
  throw new UnknownCreemAnswer(
    `Product ${product.id} is charged neither by the month nor by the year.`,
  );
}
