import type Stripe from 'stripe';
import { everyInWords, moneyInWords } from '../money-words.ts';
import type { CheckoutLine } from './checkout-lines.ts';
import { planOf } from './checkout-sessions.ts';
import { discounted, startDiscount } from './discounts.ts';
import type { NewInvoiceLine } from './invoice-object.ts';
import { createOpenInvoice, expectPayment, markPaid } from './invoices.ts';
import { attach } from './payment-methods.ts';
import { createPaymentIntent, startDebit, succeed } from './payments.ts';
import { idOf, type StripeWorld } from './stripe-world.ts';
import { scheduleSubscription } from './subscription-due.ts';
import { createSubscription } from './subscription-object.ts';

const DAY = 86_400;

/**
 * Begins the subscription that a session sells: saves the payment method, bills the first period (or a trial of nothing)
 * and charges it. Answers what that changes on the session.
 */
export function startSubscription(
  world: StripeWorld,
  session: Stripe.Checkout.Session,
  method: Stripe.PaymentMethod | null,
): Partial<Stripe.Checkout.Session> {
  const plan = planOf(world, session.id);
  const customer = world.get('customer', idOf(session.customer ?? ''));
  if (method !== null) attach(world, method.id, customer.id);
  const created = createSubscription(world, {
    customer: customer.id,
    items: plan.lines.filter((line) => line.price.recurring !== null),
    metadata: plan.subscriptionMetadata,
    description: plan.subscriptionDescription,
    defaultPaymentMethod: method?.id ?? null,
    trialEnd: plan.trialEnd ?? (plan.trialDays && world.now() + plan.trialDays * DAY),
    missingPaymentMethod: plan.missingPaymentMethod,
  });
  const subscription = withDiscount(world, created, session, plan.coupon);
  const lines = plan.lines.map((line) => invoiceLineOf(world, line, subscription));
  const invoice = createOpenInvoice(world, {
    customer,
    currency: subscription.currency,
    billingReason: 'subscription_create',
    subscription,
    lines: discounted(world, subscription, lines),
    metadata: {},
    defaultPaymentMethod: null,
  });
  announceCreated(world, subscription, invoice);
  const paymentStatus = collect(world, subscription, invoice, method);
  scheduleSubscription(world, subscription.id);
  return { subscription: subscription.id, invoice: invoice.id, payment_status: paymentStatus };
}

function withDiscount(
  world: StripeWorld,
  subscription: Stripe.Subscription,
  session: Stripe.Checkout.Session,
  couponId: string | null,
): Stripe.Subscription {
  const coupon = couponId === null ? undefined : world.find('coupon', couponId);
  if (coupon === undefined) return subscription;
  const { id, customer } = subscription;
  const on = { session: session.id, customer: idOf(customer), subscription: id };
  const discount = startDiscount(world, coupon, on);
  return world.change('subscription', id, { discounts: [discount.id] }).object;
}

function invoiceLineOf(
  world: StripeWorld,
  line: CheckoutLine,
  subscription: Stripe.Subscription,
): NewInvoiceLine {
  const now = world.now();
  const common = { price: line.price, quantity: line.quantity, amount: line.item.amount_subtotal };
  const item = subscription.items.data.find((candidate) => candidate.price.id === line.price.id);
  if (item === undefined || line.price.recurring === null) {
    const period = { start: now, end: now };
    return { ...common, description: line.name, period, subscriptionItem: null };
  }
  const each = moneyInWords(line.price.unit_amount ?? 0, line.price.currency);
  return {
    ...common,
    description:
      subscription.trial_end === null
        ? `${line.quantity} × ${line.name} (at ${each} / ${everyInWords(line.price.recurring)})`
        : `Trial period for ${line.name}`,
    period: { start: item.current_period_start, end: item.current_period_end },
    subscriptionItem: item.id,
  };
}

function announceCreated(
  world: StripeWorld,
  subscription: Stripe.Subscription,
  invoice: Stripe.Invoice,
): void {
  const { object } = world.change('subscription', subscription.id, { latest_invoice: invoice.id });
  world.announce('customer.subscription.created', object);
}

/** Charges the first invoice; one of nothing is paid by itself. Answers the session's payment status. */
function collect(
  world: StripeWorld,
  subscription: Stripe.Subscription,
  invoice: Stripe.Invoice,
  method: Stripe.PaymentMethod | null,
): Stripe.Checkout.Session.PaymentStatus {
  if (invoice.amount_due === 0 || method === null) {
    markPaid(world, invoice.id);
    activate(world, subscription);
    return 'no_payment_required';
  }
  const intent = createPaymentIntent(world, {
    amount: invoice.amount_due,
    currency: invoice.currency,
    customer: idOf(subscription.customer),
    description: 'Subscription creation',
    metadata: {},
    receiptEmail: null,
    setupFutureUsage: 'off_session',
    statementDescriptor: null,
  });
  expectPayment(world, invoice, intent.id);
  if (method.type === 'card') {
    succeed(world, intent.id, method);
    markPaid(world, invoice.id);
  } else {
    startDebit(world, intent.id, method);
  }
  activate(world, subscription);
  return method.type === 'card' ? 'paid' : 'unpaid';
}

function activate(world: StripeWorld, subscription: Stripe.Subscription): void {
  if (subscription.status !== 'incomplete') return;
  const { object, previous } = world.change('subscription', subscription.id, { status: 'active' });
  world.announce('customer.subscription.updated', object, previous);
}
