import type Stripe from 'stripe';
import { periodEnd } from '../billing-period.ts';
import { chargeInvoice, methodOf } from './charge-invoice.ts';
import { paidShare } from './discounts.ts';
import { draftInvoice, type NewInvoiceLine } from './invoice-object.ts';
import { createOpenInvoice } from './invoices.ts';
import { badRequest, cardRefused } from './stripe-problem.ts';
import { idOf, type StripeWorld } from './stripe-world.ts';
import { planOf } from './subscription-object.ts';

export interface PriceChange {
  /** The items as they will be. */
  readonly items: readonly Stripe.SubscriptionItem[];
  /** What the change gives back and charges; empty in a trial, and when nothing is prorated. */
  readonly lines: readonly NewInvoiceLine[];
  /** Where the period now begins, when the interval is another one; null: it goes on. */
  readonly anchor: number | null;
}

type AskedItem = NonNullable<Stripe.SubscriptionUpdateParams['items']>[number];

interface AskedChange {
  readonly items: readonly Pick<AskedItem, 'id' | 'price' | 'quantity'>[];
  readonly behavior: string | undefined;
  /** Unix seconds; now when not given. */
  readonly date: number | undefined;
}

/**
 * What becomes of a subscription whose items get other prices, and what that costs now. A price of another interval begins a
 * new period. Throws a 400 for an item that is not the subscription's and for a price that is not recurring.
 */
export function priceChange(
  world: StripeWorld,
  subscription: Stripe.Subscription,
  asked: AskedChange,
): PriceChange {
  if (asked.behavior !== undefined && !['always_invoice', 'none'].includes(asked.behavior)) {
    throw badRequest('This sandbox prorates at once (`always_invoice`) or not at all (`none`).', {
      param: 'proration_behavior',
    });
  }
  const at = asked.date ?? world.now();
  const isTrial = subscription.status === 'trialing';
  const prorates = asked.behavior === 'always_invoice' && !isTrial;
  const lines: NewInvoiceLine[] = [];
  let anchor: number | null = null;
  const items = subscription.items.data.map((item) => {
    const wanted = asked.items.find(({ id }) => id === item.id);
    if (wanted === undefined) return item;
    const price = recurringPrice(world, wanted.price ?? item.price.id);
    const next = { ...item, price, plan: planOf(price), quantity: wanted.quantity ?? 1 };
    const isReset = intervalOf(price) !== intervalOf(item.price) && !isTrial;
    if (isReset) {
      anchor = at;
      next.current_period_start = at;
      next.current_period_end = periodEnd(at, recurringOf(price), at);
    }
    const share = prorates ? paidShare(world, subscription, item) : 1;
    if (prorates) lines.push(...prorations(world, item, next, { at, isReset, share }));
    return next;
  });
  const unknown = asked.items.find(({ id }) => !items.some((item) => item.id === id));
  if (unknown !== undefined) {
    throw badRequest('This sandbox changes the items that a subscription has: name them by `id`.', {
      param: 'items[0][id]',
    });
  }
  return { items, lines, anchor };
}

/**
 * Makes the change: invoices what it costs and charges that at once. Answers what is new on the subscription. Throws a 402
 * when the card is refused, so that nothing has changed.
 */
export function carryOut(
  world: StripeWorld,
  subscription: Stripe.Subscription,
  change: PriceChange,
): Partial<Stripe.Subscription> {
  const changes: Partial<Stripe.Subscription> = {
    items: { ...subscription.items, data: [...change.items] },
    ...(change.anchor === null ? {} : { billing_cycle_anchor: change.anchor }),
  };
  if (change.lines.length === 0) return changes;
  const invoice = createOpenInvoice(world, invoiceOf(world, subscription, change));
  const method = methodOf(world, subscription);
  if (invoice.amount_due > 0 && method === null) {
    throw badRequest('This customer has no attached payment source or default payment method.', {
      code: 'resource_missing',
    });
  }
  const refusal = method === null ? null : chargeInvoice(world, invoice, method);
  if (refusal !== null) throw cardRefused(refusal);
  return { ...changes, latest_invoice: invoice.id };
}

/** The invoice that a change would make, without making it. */
export function previewOf(
  world: StripeWorld,
  subscription: Stripe.Subscription,
  change: PriceChange,
): Stripe.Invoice {
  return draftInvoice(world, invoiceOf(world, subscription, change));
}

function invoiceOf(world: StripeWorld, subscription: Stripe.Subscription, change: PriceChange) {
  return {
    customer: world.get('customer', idOf(subscription.customer)),
    currency: subscription.currency,
    billingReason: 'subscription_update' as const,
    subscription,
    lines: change.lines,
    metadata: {},
    defaultPaymentMethod: null,
  };
}

/** Gives back what is left of what was paid (a `share` of the old price), and charges the same time (or a new period) at the new one. */
function prorations(
  world: StripeWorld,
  before: Stripe.SubscriptionItem,
  after: Stripe.SubscriptionItem,
  { at, isReset, share }: { at: number; isReset: boolean; share: number },
): NewInvoiceLine[] {
  const { current_period_start: start, current_period_end: end } = before;
  const left = Math.max(0, Math.min(1, (end - at) / (end - start)));
  const unused = Math.round(amountOf(before) * share * left);
  const charged = isReset ? amountOf(after) : Math.round(amountOf(after) * left);
  const nameOf = (item: Stripe.SubscriptionItem) =>
    world.get('product', idOf(item.price.product)).name;
  const common = { subscriptionItem: before.id };
  return [
    {
      ...common,
      amount: -unused,
      description: `Unused time on ${nameOf(before)}`,
      price: before.price,
      quantity: before.quantity ?? 1,
      period: { start: at, end },
      isProration: true,
    },
    {
      ...common,
      amount: charged,
      description: isReset ? `1 × ${nameOf(after)}` : `Remaining time on ${nameOf(after)}`,
      price: after.price,
      quantity: after.quantity ?? 1,
      period: isReset ? { start: at, end: after.current_period_end } : { start: at, end },
      isProration: !isReset,
    },
  ];
}

function amountOf({ price, quantity }: Stripe.SubscriptionItem): number {
  return (price.unit_amount ?? 0) * (quantity ?? 1);
}

function recurringPrice(world: StripeWorld, id: string): Stripe.Price {
  const price = world.get('price', id, 'items[0][price]');
  if (price.recurring !== null && price.active) return price;
  throw badRequest('The price specified is inactive or not recurring.', {
    param: 'items[0][price]',
  });
}

function recurringOf(price: Stripe.Price) {
  return price.recurring ?? { interval: 'month', interval_count: 1 };
}

function intervalOf(price: Stripe.Price): string {
  const { interval, interval_count: count } = recurringOf(price);
  return `${count} ${interval}`;
}
