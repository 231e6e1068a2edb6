import type Stripe from 'stripe';
import { chargeInvoice, methodOf, restore } from './charge-invoice.ts';
import { ownPaymentMethod } from './customers.ts';
import { endpoint } from './endpoint.ts';
import { createOpenInvoice, markPaid, markPaymentFailed } from './invoices.ts';
import { badRequest, missingParameter, refuseUnplayed } from './stripe-problem.ts';
import { mergeMetadata, orNull, type StripeWorld } from './stripe-world.ts';
import { scheduleSubscription } from './subscription-due.ts';
import { createSubscription } from './subscription-object.ts';

type Params = Stripe.SubscriptionCreateParams;

const DAY = 86_400;
const LONGEST_TRIAL = 730 * DAY;
const UNPLAYED = [
  'add_invoice_items',
  'backdate_start_date',
  'billing_cycle_anchor',
  'billing_cycle_anchor_config',
  'billing_schedules',
  'collection_method',
  'discounts',
  'trial_from_plan',
];

/** Beginning a subscription without a page, on a card that is saved already. */
export const subscriptionCreation = [
  endpoint('POST /v1/subscriptions', 'subscription', 'create', ({ world, params }) => {
    refuseUnplayed(params, UNPLAYED);
    const customerId = params.customer;
    if (customerId === undefined) throw missingParameter('customer');
    const customer = world.get('customer', customerId, 'customer');
    const card = orNull(params.default_payment_method);
    if (card !== null) ownPaymentMethod(world, customerId, card, 'default_payment_method');
    const subscription = createSubscription(world, {
      customer: customerId,
      items: itemsOf(world, params),
      metadata: mergeMetadata({}, params.metadata),
      description: orNull(params.description),
      defaultPaymentMethod: card,
      trialEnd: trialEndOf(world, params),
      missingPaymentMethod:
        params.trial_settings?.end_behavior.missing_payment_method ?? 'create_invoice',
    });
    const invoice = billFirstPeriod(world, customer, subscription);
    const { object } = world.change('subscription', subscription.id, {
      latest_invoice: invoice.id,
    });
    world.announce('customer.subscription.created', object);
    collectFirst(world, object, invoice);
    scheduleSubscription(world, object.id);
    return world.get('subscription', object.id);
  }),
];

function itemsOf(world: StripeWorld, { items = [] }: Params) {
  if (items.length === 0) throw missingParameter('items');
  return items.map((item, index) => {
    const param = `items[${index}][price]`;
    if (item.price === undefined) throw missingParameter(param);
    const price = world.get('price', item.price, param);
    if (price.recurring === null)
      throw badRequest('The price specified is set to `type=one_time`.', { param });
    return { price, quantity: item.quantity ?? 1 };
  });
}

function trialEndOf(world: StripeWorld, params: Params): number | null {
  const now = world.now();
  if (params.trial_period_days !== undefined) return now + params.trial_period_days * DAY;
  if (params.trial_end === undefined || params.trial_end === 'now') return null;
  const end = Number(params.trial_end);
  if (end <= now || end > now + LONGEST_TRIAL) {
    throw badRequest('The trial has to end in the future, and within two years.', {
      param: 'trial_end',
    });
  }
  return end;
}

function billFirstPeriod(
  world: StripeWorld,
  customer: Stripe.Customer,
  subscription: Stripe.Subscription,
): Stripe.Invoice {
  const isTrial = subscription.trial_end !== null;
  return createOpenInvoice(world, {
    customer,
    currency: subscription.currency,
    billingReason: 'subscription_create',
    subscription,
    lines: subscription.items.data.map((item) => ({
      amount: isTrial ? 0 : (item.price.unit_amount ?? 0) * (item.quantity ?? 1),
      description: isTrial ? 'Trial period' : 'Subscription',
      price: item.price,
      quantity: item.quantity ?? 1,
      period: { start: item.current_period_start, end: item.current_period_end },
      subscriptionItem: item.id,
    })),
    metadata: {},
    defaultPaymentMethod: null,
  });
}

function collectFirst(
  world: StripeWorld,
  subscription: Stripe.Subscription,
  invoice: Stripe.Invoice,
): void {
  const method = methodOf(world, subscription);
  if (invoice.amount_due === 0) markPaid(world, invoice.id);
  else if (method === null) markPaymentFailed(world, invoice.id);
  else if (chargeInvoice(world, invoice, method) === null) restore(world, invoice);
}
