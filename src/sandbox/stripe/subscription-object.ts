import type Stripe from 'stripe';
import { periodEnd } from '../billing-period.ts';
import { randomId } from '../random-id.ts';
import { idOf, type StripeWorld } from './stripe-world.ts';

export interface NewSubscription {
  readonly customer: string;
  readonly items: readonly { readonly price: Stripe.Price; readonly quantity: number }[];
  readonly metadata: Stripe.Metadata;
  readonly description: string | null;
  readonly defaultPaymentMethod: string | null;
  /** Unix seconds; null without a trial. */
  readonly trialEnd: number | null;
  readonly missingPaymentMethod: Stripe.Subscription.TrialSettings.EndBehavior.MissingPaymentMethod;
}

/** What is the same on every new subscription. */
const UNTOUCHED = {
  application: null,
  application_fee_percent: null,
  automatic_tax: { disabled_reason: null, enabled: false, liability: null },
  billing_cycle_anchor_config: null,
  billing_mode: { flexible: { proration_discounts: 'included' }, type: 'flexible' },
  billing_schedules: [],
  billing_thresholds: null,
  cancel_at: null,
  cancel_at_period_end: false,
  canceled_at: null,
  cancellation_details: { comment: null, feedback: null, feedback_option: null, reason: null },
  collection_method: 'charge_automatically',
  customer_account: null,
  days_until_due: null,
  default_source: null,
  default_tax_rates: [],
  discounts: [],
  ended_at: null,
  invoice_settings: {
    account_tax_ids: null,
    custom_fields: null,
    description: null,
    footer: null,
    issuer: { type: 'self' },
  },
  latest_invoice: null,
  livemode: false,
  managed_payments: null,
  next_pending_invoice_item_invoice: null,
  on_behalf_of: null,
  pause_collection: null,
  payment_settings: {
    payment_method_options: null,
    payment_method_types: null,
    save_default_payment_method: 'off',
  },
  pending_invoice_item_interval: null,
  pending_setup_intent: null,
  pending_update: null,
  schedule: null,
  test_clock: null,
  transfer_data: null,
} satisfies Partial<Stripe.Subscription>;

/** A subscription that begins now, in its trial or waiting for its first payment. The caller announces it. */
export function createSubscription(
  world: StripeWorld,
  given: NewSubscription,
): Stripe.Subscription {
  const id = randomId('sub_1');
  const now = world.now();
  const anchor = given.trialEnd ?? now;
  const currency = given.items[0]?.price.currency ?? 'usd';
  const subscription = {
    ...UNTOUCHED,
    id,
    object: 'subscription',
    billing_cycle_anchor: anchor,
    created: now,
    currency,
    customer: given.customer,
    default_payment_method: given.defaultPaymentMethod,
    description: given.description,
    items: {
      object: 'list',
      data: given.items.map((item) => subscriptionItem(id, item, anchor, now, given.trialEnd)),
      has_more: false,
      url: `/v1/subscription_items?subscription=${id}`,
    },
    metadata: given.metadata,
    start_date: now,
    status: given.trialEnd === null ? 'incomplete' : 'trialing',
    trial_end: given.trialEnd,
    trial_settings: {
      end_behavior: {
        billing_cycle_anchor: null,
        missing_payment_method: given.missingPaymentMethod,
      },
    },
    trial_start: given.trialEnd === null ? null : now,
  } satisfies Stripe.Subscription;
  return world.add('subscription', subscription);
}

function subscriptionItem(
  subscription: string,
  item: { readonly price: Stripe.Price; readonly quantity: number },
  anchor: number,
  now: number,
  trialEnd: number | null,
): Stripe.SubscriptionItem {
  const recurring = item.price.recurring ?? { interval: 'month', interval_count: 1 };
  return {
    id: randomId('si_', 14),
    object: 'subscription_item',
    billing_thresholds: null,
    created: now,
    current_period_end: trialEnd ?? periodEnd(anchor, recurring, now),
    current_period_start: now,
    current_trial: null,
    discounts: [],
    metadata: {},
    plan: planOf(item.price),
    price: item.price,
    quantity: item.quantity,
    subscription,
    tax_rates: [],
  } satisfies Stripe.SubscriptionItem;
}

/** A recurring price in the older words that items still carry. */
export function planOf(price: Stripe.Price): Stripe.Plan {
  return {
    id: price.id,
    object: 'plan',
    active: price.active,
    amount: price.unit_amount,
    amount_decimal: price.unit_amount_decimal,
    billing_scheme: 'per_unit',
    created: price.created,
    currency: price.currency,
    interval: price.recurring?.interval ?? 'month',
    interval_count: price.recurring?.interval_count ?? 1,
    livemode: false,
    metadata: price.metadata,
    meter: null,
    nickname: price.nickname,
    product: idOf(price.product),
    tiers_mode: null,
    transform_usage: null,
    trial_period_days: null,
    usage_type: 'licensed',
  } satisfies Stripe.Plan;
}
