import { paidBy } from './continue-subscription.ts';
import { badRequest, paymentFailed } from './creem-problem.ts';
import { type CreemWorld, isoOf, type Product, type Subscription } from './creem-world.ts';
import type { CreemWire } from './parameters.ts';
import { recordPayment, whyUnchargeable } from './payments.ts';
import {
  announceSubscription,
  changeBilling,
  changeSubscription,
  endOfPeriod,
  itemOf,
  periodOf,
} from './subscription-object.ts';

/**
 * Moves a subscription to another product. Within one billing period the running period stays and what is left of it is
 * reckoned; under another one a new period begins at once. A payment that fails leaves everything as it was (402).
 */
export function upgradeSubscription(
  world: CreemWorld,
  id: string,
  params: CreemWire['upgradeSubscription'],
): void {
  const before = world.get('subscription', id);
  const next = world.get('product', params.product_id);
  check(before, next);
  const present = world.get('product', before.product);
  changeSubscription(world, id, { product: next.id, items: [itemOf(next)] });
  if (before.status === 'active') settle(world, before, { present, next }, params.update_behavior);
  announceSubscription(world, 'subscription.update', id);
  if (world.get('subscription', id).last_transaction_id !== before.last_transaction_id) {
    announceSubscription(world, 'subscription.paid', id);
  }
}

function check(before: Subscription, next: Product): void {
  if (before.status !== 'active' && before.status !== 'trialing') {
    throw badRequest(`Subscription is ${before.status}`);
  }
  if (next.billing_type !== 'recurring') throw badRequest('Product is not recurring');
  if (next.status !== 'active') throw badRequest('Product is archived');
  if (next.id === before.product) throw badRequest('Subscription has this product already');
}

function settle(
  world: CreemWorld,
  before: Subscription,
  products: { readonly present: Product; readonly next: Product },
  behavior: string,
): void {
  const { present, next } = products;
  const period = nextPeriod(world, before, products);
  const { start, end } = periodOf(before);
  const now = world.now();
  const left = (end - now) / (end - start);
  const paid = present.price * paidShare(world, before);
  const isSamePeriod = period.end === end;
  const amount = Math.round(isSamePeriod ? (next.price - paid) * left : next.price - paid * left);
  if (!isSamePeriod) {
    changeBilling(world, before.id, { anchor: period.start });
    changeSubscription(world, before.id, {
      current_period_start_date: isoOf(period.start),
      current_period_end_date: isoOf(period.end),
      next_transaction_date: isoOf(period.end),
    });
    world.books.setDue(before.id, period.end);
  }
  if (behavior === 'proration-none') return;
  if (behavior === 'proration-charge') changeBilling(world, before.id, { carried: amount });
  else if (amount > 0) charge(world, before, next, amount, { start: now, end: period.end });
}

/** Which part of its price the last payment was: less than 1 where a discount took something off. */
function paidShare(world: CreemWorld, { last_transaction_id: id }: Subscription): number {
  if (id === undefined) return 1;
  const { amount, discount_amount: off } = world.get('transaction', id);
  return off == null || off === 0 ? 1 : amount / (amount + off);
}

function nextPeriod(
  world: CreemWorld,
  before: Subscription,
  { present, next }: { readonly present: Product; readonly next: Product },
) {
  if (next.billing_period === present.billing_period) return periodOf(before);
  const start = world.now();
  return { start, end: endOfPeriod(next, start, start) };
}

function charge(
  world: CreemWorld,
  { id, customer }: Subscription,
  product: Product,
  amount: number,
  period: { readonly start: number; readonly end: number },
): void {
  const refusal = whyUnchargeable(world, customer);
  if (refusal !== null) throw paymentFailed(refusal);
  const { transaction } = recordPayment(world, {
    customer,
    product,
    amount,
    discountAmount: 0,
    discount: null,
    subscription: id,
    period,
    description: 'Subscription update',
  });
  changeSubscription(world, id, paidBy(transaction));
}
