import type { WebhookEventType } from 'creem/models/components';
import { periodEnd } from '../billing-period.ts';
import { randomId } from '../random-id.ts';
import {
  type Billing,
  type CreemWorld,
  isoOf,
  MODE,
  type Product,
  type Subscription,
  secondsOf,
} from './creem-world.ts';

const DAY = 86_400;

interface Period {
  /** Unix seconds. */
  readonly start: number;
  readonly end: number;
}

/** A new subscription, in its trial where the product has one. Nothing is charged here. */
export function createSubscription(
  world: CreemWorld,
  { product, customer, metadata }: { product: Product; customer: string; metadata: object },
): Subscription {
  const now = world.now();
  const trialDays = product.trial_period_days ?? 0;
  const end = trialDays > 0 ? now + trialDays * DAY : endOfPeriod(product, now, now);
  const id = randomId('sub_', 22);
  const subscription: Subscription = {
    id,
    mode: MODE,
    object: 'subscription',
    product: product.id,
    customer,
    items: [itemOf(product)],
    collection_method: 'charge_automatically',
    status: trialDays > 0 ? 'trialing' : 'active',
    next_transaction_date: isoOf(end),
    current_period_start_date: isoOf(now),
    current_period_end_date: isoOf(end),
    canceled_at: null,
    created_at: isoOf(now),
    updated_at: isoOf(now),
    metadata: { ...metadata },
  };
  const anchor = trialDays > 0 ? end : now;
  world.add('subscription', subscription);
  world.add('billing', { id: billingId(id), anchor, failures: 0, carried: 0, pauses: false });
  world.books.setDue(id, end);
  return subscription;
}

/** The end of the period that holds `at`, when periods are counted from `anchor`; all in Unix seconds. */
export function endOfPeriod(product: Product, anchor: number, at: number): number {
  const interval = product.recurring_interval ?? 'month';
  const count = product.recurring_interval_count ?? 1;
  return periodEnd(anchor, { interval, interval_count: count }, at);
}

export function periodOf(subscription: Subscription): Period {
  return {
    start: secondsOf(subscription.current_period_start_date),
    end: secondsOf(subscription.current_period_end_date),
  };
}

export function billingOf(world: CreemWorld, subscriptionId: string): Billing {
  return world.get('billing', billingId(subscriptionId));
}

export function changeBilling(
  world: CreemWorld,
  subscriptionId: string,
  changes: Partial<Billing>,
): void {
  world.change('billing', billingId(subscriptionId), changes);
}

/** Changes a subscription, now. */
export function changeSubscription(
  world: CreemWorld,
  id: string,
  changes: Partial<Subscription>,
): Subscription {
  return world.change('subscription', id, { ...changes, updated_at: isoOf(world.now()) });
}

/** What Creem calls the only thing that a subscription consists of here. */
export function itemOf(product: Product) {
  return {
    id: randomId('sitem_', 22),
    mode: MODE,
    object: 'subscription_item',
    product_id: product.id,
    units: 1,
  };
}

/** As an answer and a webhook show it: with its product, its customer and its last payment whole. */
export function shown(world: CreemWorld, subscription: Subscription) {
  const { product, customer, last_transaction_id: last } = subscription;
  return {
    ...subscription,
    product: world.get('product', product),
    customer: world.get('customer', customer),
    ...(last === undefined ? {} : { last_transaction: world.get('transaction', last) }),
  };
}

/** Announces a subscription as it is now. */
export function announceSubscription(
  world: CreemWorld,
  eventType: WebhookEventType,
  id: string,
): void {
  world.announce(eventType, shown(world, world.get('subscription', id)));
}

function billingId(subscriptionId: string): string {
  return `billing_${subscriptionId}`;
}
