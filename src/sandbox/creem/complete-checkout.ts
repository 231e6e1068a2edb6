import { type CardRefusal, readCard } from '../test-cards.ts';
import { dueNow, usedDiscount } from './checkouts.ts';
import { paidBy } from './continue-subscription.ts';
import type { Checkout, CreemWorld, Customer, Order } from './creem-world.ts';
import { createCustomer, customerByEmail } from './customers.ts';
import { redeem, shownDiscount } from './discounts.ts';
import { keepCard, recordOrder, recordPayment } from './payments.ts';
import { openDispute } from './reverse-payment.ts';
import {
  announceSubscription,
  changeSubscription,
  createSubscription,
  periodOf,
  shown,
} from './subscription-object.ts';

/**
 * Completes an open checkout with a card, for this address where the checkout names no customer. Answers why the card was
 * refused, or null when the checkout is complete.
 */
export function payByCard(
  world: CreemWorld,
  checkout: Checkout,
  cardNumber: string,
  email: string,
): CardRefusal | null {
  const card = readCard(cardNumber);
  if (!('number' in card)) return card;
  const refusal = card.refused ?? (dueNow(world, checkout).amount === 0 ? null : card.chargeFails);
  if (refusal !== null) return refusal;
  const customer = customerFor(world, checkout, email);
  keepCard(world, customer.id, card.number, card.brand);
  const { billing_type: type } = world.get('product', checkout.product);
  if (type === 'onetime') payOnce(world, checkout, customer);
  else subscribe(world, checkout, customer);
  const paid = world.get('checkout', checkout.id).order?.transaction;
  if (card.isDisputed && paid != null) openDispute(world, world.get('transaction', paid));
  return null;
}

function payOnce(world: CreemWorld, checkout: Checkout, customer: Customer): void {
  const product = world.get('product', checkout.product);
  const { order } = recordPayment(world, {
    customer: customer.id,
    product,
    ...dueNow(world, checkout),
    discount: usedDiscount(world, checkout)?.id ?? null,
    subscription: null,
    period: null,
    description: 'One-time payment',
  });
  complete(world, checkout, customer, order, null);
}

function subscribe(world: CreemWorld, checkout: Checkout, customer: Customer): void {
  const product = world.get('product', checkout.product);
  const metadata = checkout.metadata ?? {};
  const discount = usedDiscount(world, checkout);
  const subscription = createSubscription(world, { product, customer: customer.id, metadata });
  const isTrial = subscription.status === 'trialing';
  if (discount !== null && (isTrial || discount.duration === 'forever'))
    changeSubscription(world, subscription.id, { discount: shownDiscount(discount) });
  const payment = {
    customer: customer.id,
    product,
    ...dueNow(world, checkout),
    discount: discount?.id ?? null,
    subscription: subscription.id,
    period: periodOf(subscription),
    description: 'Subscription payment',
  };
  if (isTrial) {
    complete(world, checkout, customer, recordOrder(world, payment, null), subscription.id);
    announceSubscription(world, 'subscription.trialing', subscription.id);
    return;
  }
  const { transaction, order } = recordPayment(world, payment);
  changeSubscription(world, subscription.id, paidBy(transaction));
  complete(world, checkout, customer, order, subscription.id);
  announceSubscription(world, 'subscription.active', subscription.id);
  announceSubscription(world, 'subscription.paid', subscription.id);
}

function complete(
  world: CreemWorld,
  { id }: Checkout,
  customer: Customer,
  order: Order,
  subscription: string | null,
): void {
  world.books.setDue(id, null);
  const used = usedDiscount(world, world.get('checkout', id));
  if (used !== null) redeem(world, used);
  const checkout = world.change('checkout', id, {
    status: 'completed',
    customer: customer.id,
    order,
    ...(subscription === null ? {} : { subscription }),
  });
  world.announce('checkout.completed', {
    ...checkout,
    customer,
    product: world.get('product', checkout.product),
    ...(subscription === null
      ? {}
      : { subscription: shown(world, world.get('subscription', subscription)) }),
  });
}

function customerFor(world: CreemWorld, checkout: Checkout, email: string): Customer {
  if (checkout.customer !== undefined) return world.get('customer', checkout.customer);
  const fresh = { email, name: null, external_id: null, metadata: null };
  return customerByEmail(world, email) ?? createCustomer(world, fresh);
}
