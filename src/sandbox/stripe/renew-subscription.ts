import type Stripe from 'stripe';
import { periodEnd } from '../billing-period.ts';
import { everyInWords, moneyInWords } from '../money-words.ts';
import { chargeInvoice, methodOf, restore } from './charge-invoice.ts';
import { discounted } from './discounts.ts';
import type { NewInvoiceLine } from './invoice-object.ts';
import { createOpenInvoice, markPaid, markPaymentFailed } from './invoices.ts';
import { enterDuePhase } from './schedules.ts';
import { idOf, type StripeWorld } from './stripe-world.ts';
import { endOfPeriod, openInvoices, scheduleSubscription } from './subscription-due.ts';
import { endSubscription } from './subscriptions.ts';

const DAY = 86_400;
/** How long after an attempt that failed the next one is made; after the last of them the subscription ends. */
const RETRY_AFTER = [3 * DAY, 5 * DAY, 7 * DAY];

/** A subscription's time has come: it ends as was promised, begins its next period, or its open invoice is tried again. */
export function continueSubscription(world: StripeWorld, id: string): void {
  const subscription = world.get('subscription', id);
  const now = world.now();
  if (subscription.cancel_at !== null && subscription.cancel_at <= now) {
    endSubscription(world, id, { reason: 'cancellation_requested' });
    return;
  }
  if (endOfPeriod(subscription) <= now) {
    enterDuePhase(world, id);
    renew(world, world.get('subscription', id));
  } else retry(world, subscription);
  if (world.get('subscription', id).status !== 'canceled') scheduleSubscription(world, id);
}

/** The next period begins where the last one ended, however late it is noticed. */
function renew(world: StripeWorld, before: Stripe.Subscription): void {
  const wasTrialing = before.status === 'trialing';
  if (wasTrialing && !canBeCharged(world, before) && !createsInvoice(before)) {
    giveUpTrial(world, before);
    return;
  }
  const items = before.items.data.map((item) => {
    const recurring = item.price.recurring ?? { interval: 'month', interval_count: 1 };
    const start = item.current_period_end;
    const end = periodEnd(before.billing_cycle_anchor, recurring, start);
    return { ...item, current_period_start: start, current_period_end: end };
  });
  const { object: renewed, previous } = world.change('subscription', before.id, {
    items: { ...before.items, data: items },
    ...(wasTrialing ? { status: 'active' as const } : {}),
  });
  const invoice = createOpenInvoice(world, {
    customer: world.get('customer', idOf(renewed.customer)),
    currency: renewed.currency,
    billingReason: 'subscription_cycle',
    subscription: renewed,
    lines: discounted(
      world,
      renewed,
      items.map((item) => lineOf(world, item)),
    ),
    metadata: {},
    defaultPaymentMethod: null,
  });
  const { object } = world.change('subscription', before.id, { latest_invoice: invoice.id });
  world.announce('customer.subscription.updated', object, {
    ...previous,
    latest_invoice: before.latest_invoice,
  });
  attempt(world, object, invoice);
}

function lineOf(world: StripeWorld, item: Stripe.SubscriptionItem): NewInvoiceLine {
  const { price, quantity = 1 } = item;
  const product = world.find('product', idOf(price.product));
  const unit = price.unit_amount ?? 0;
  const every = everyInWords(price.recurring ?? { interval: 'month', interval_count: 1 });
  const each = `${moneyInWords(unit, price.currency)} / ${every}`;
  return {
    amount: unit * quantity,
    description: `${quantity} × ${product?.name ?? 'Subscription'} (at ${each})`,
    price,
    quantity,
    period: { start: item.current_period_start, end: item.current_period_end },
    subscriptionItem: item.id,
  };
}

function retry(world: StripeWorld, subscription: Stripe.Subscription): void {
  const now = world.now();
  for (const invoice of openInvoices(world, subscription.id)) {
    const { next_payment_attempt: at } = invoice;
    if (at !== null && at <= now)
      attempt(world, world.get('subscription', subscription.id), invoice);
  }
}

/** Charges an invoice. What fails is tried again some days later, and after the last time the subscription ends. */
function attempt(
  world: StripeWorld,
  subscription: Stripe.Subscription,
  invoice: Stripe.Invoice,
): void {
  const method = methodOf(world, subscription);
  if (method === null && invoice.amount_due > 0) markPaymentFailed(world, invoice.id);
  else if (method === null || chargeInvoice(world, invoice, method) === null) {
    if (method === null) markPaid(world, invoice.id);
    restore(world, invoice);
    return;
  }
  const retries = invoice.attempt_count;
  const wait = RETRY_AFTER[retries];
  world.change('invoice', invoice.id, {
    next_payment_attempt: wait === undefined ? null : world.now() + wait,
  });
  if (wait === undefined) {
    endSubscription(world, subscription.id, { reason: 'payment_failed' });
    return;
  }
  const { object, previous } = world.change('subscription', subscription.id, {
    status: 'past_due',
  });
  if (Object.keys(previous).length > 0)
    world.announce('customer.subscription.updated', object, previous);
}

function canBeCharged(world: StripeWorld, subscription: Stripe.Subscription): boolean {
  return methodOf(world, subscription) !== null;
}

function createsInvoice({ trial_settings: settings }: Stripe.Subscription): boolean {
  const behavior = settings?.end_behavior.missing_payment_method ?? 'create_invoice';
  return behavior === 'create_invoice';
}

function giveUpTrial(world: StripeWorld, before: Stripe.Subscription): void {
  if (before.trial_settings?.end_behavior.missing_payment_method === 'cancel') {
    endSubscription(world, before.id, { reason: 'cancellation_requested' });
    return;
  }
  const { object, previous } = world.change('subscription', before.id, { status: 'paused' });
  world.announce('customer.subscription.paused', object, previous);
}
