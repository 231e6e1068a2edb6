import type Stripe from 'stripe';
import { type CardRefusal, readCard, type TestCard } from '../test-cards.ts';
import { billOnce } from './bill-once.ts';
import { planOf } from './checkout-sessions.ts';
import { countRedemption } from './coupons.ts';
import { createCustomer } from './customers.ts';
import { markPaid } from './invoices.ts';
import { attach, createBankAccount, createCard, type Payer } from './payment-methods.ts';
import { createPaymentIntent, decline, startDebit, succeed } from './payments.ts';
import { startSubscription } from './start-subscription.ts';
import { badRequest } from './stripe-problem.ts';
import { idOf, type StripeWorld } from './stripe-world.ts';

/** Whether the page may be completed without any payment method: nothing is due and none is asked for. */
export function needsNoCard(session: Stripe.Checkout.Session): boolean {
  return session.amount_total === 0 && session.payment_method_collection === 'if_required';
}

/**
 * Completes an open session with a card. Answers why the card was refused, or null when the session is complete.
 * A refused payment leaves its trace in payment mode: an intent that asks for another card.
 */
export function payByCard(
  world: StripeWorld,
  session: Stripe.Checkout.Session,
  cardNumber: string,
  payer: Payer,
): CardRefusal | null {
  if (needsNoCard(session) && cardNumber.trim() === '') {
    complete(world, session, payer, null);
    return null;
  }
  const card = readCard(cardNumber);
  if (!('number' in card)) return card;
  const refusal = card.refused ?? (session.amount_total === 0 ? null : card.chargeFails);
  if (refusal !== null) {
    if (session.mode === 'payment') recordRefusal(world, session, card, refusal, payer);
    return refusal;
  }
  complete(world, session, payer, createCard(world, card, payer));
  return null;
}

/** Completes an open session by bank debit: what is due stays unpaid until it is settled. */
export function payLater(world: StripeWorld, session: Stripe.Checkout.Session, payer: Payer): void {
  complete(world, session, payer, createBankAccount(world, payer));
}

/** The intent that pays what the session is about. */
function intentOf(world: StripeWorld, session: Stripe.Checkout.Session): Stripe.PaymentIntent {
  if (session.payment_intent !== null) {
    return world.get('payment_intent', idOf(session.payment_intent));
  }
  const plan = planOf(world, session.id);
  return createPaymentIntent(world, {
    amount: session.amount_total ?? 0,
    currency: session.currency ?? 'usd',
    customer: session.customer === null ? null : idOf(session.customer),
    description: plan.paymentDescription,
    metadata: plan.paymentMetadata,
    receiptEmail: plan.receiptEmail,
    setupFutureUsage: plan.setupFutureUsage,
    statementDescriptor: plan.statementDescriptor,
  });
}

function recordRefusal(
  world: StripeWorld,
  session: Stripe.Checkout.Session,
  card: TestCard,
  refusal: CardRefusal,
  payer: Payer,
): void {
  const intent = intentOf(world, session);
  world.change('checkout.session', session.id, { payment_intent: intent.id });
  decline(world, intent.id, createCard(world, card, payer), refusal);
}

function complete(
  world: StripeWorld,
  open: Stripe.Checkout.Session,
  payer: Payer,
  method: Stripe.PaymentMethod | null,
): void {
  if (open.status !== 'open') throw badRequest('This Checkout Session is no longer open.');
  const session = withCustomer(world, open, payer);
  const outcome =
    session.mode === 'subscription'
      ? startSubscription(world, session, method)
      : payOnce(world, session, method);
  const { coupon } = planOf(world, session.id);
  if (coupon !== null) countRedemption(world, coupon);
  world.books.setDue(session.id, null);
  const { object } = world.change('checkout.session', session.id, {
    ...outcome,
    status: 'complete',
    url: null,
    customer_details: detailsOf(world, session, payer),
  });
  world.announce('checkout.session.completed', object);
}

function payOnce(
  world: StripeWorld,
  session: Stripe.Checkout.Session,
  method: Stripe.PaymentMethod | null,
): Partial<Stripe.Checkout.Session> {
  if (method === null || session.amount_total === 0) {
    return { payment_status: 'no_payment_required', invoice: billOnce(world, session, null) };
  }
  const intent = intentOf(world, session);
  const customer = session.customer === null ? null : idOf(session.customer);
  if (customer !== null && intent.setup_future_usage !== null) attach(world, method.id, customer);
  const invoice = billOnce(world, session, intent.id);
  if (method.type === 'card') succeed(world, intent.id, method);
  else startDebit(world, intent.id, method);
  if (invoice !== null && method.type === 'card') markPaid(world, invoice);
  return {
    payment_intent: intent.id,
    invoice,
    payment_status: method.type === 'card' ? 'paid' : 'unpaid',
  };
}

/** Makes the customer that a subscription, an invoice or the session's settings need. */
function withCustomer(
  world: StripeWorld,
  session: Stripe.Checkout.Session,
  payer: Payer,
): Stripe.Checkout.Session {
  const wanted = session.customer_creation === 'always' || session.invoice_creation?.enabled;
  if (session.customer !== null || !wanted) return session;
  const customer = createCustomer(world, {
    ...(payer.email === null ? {} : { email: payer.email }),
    ...(payer.name === null ? {} : { name: payer.name }),
  });
  return world.change('checkout.session', session.id, { customer: customer.id }).object;
}

function detailsOf(
  world: StripeWorld,
  session: Stripe.Checkout.Session,
  payer: Payer,
): Stripe.Checkout.Session.CustomerDetails {
  const customer =
    session.customer === null ? undefined : world.find('customer', idOf(session.customer));
  return {
    address: null,
    business_name: null,
    email: customer?.email ?? payer.email,
    individual_name: null,
    name: customer?.name ?? payer.name,
    phone: null,
    tax_exempt: 'none',
    tax_ids: [],
  };
}
