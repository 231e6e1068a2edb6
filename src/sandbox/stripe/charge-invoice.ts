import type Stripe from 'stripe';
import type { CardRefusal } from '../test-cards.ts';
import { endpoint } from './endpoint.ts';
import { expectPayment, markPaid, markPaymentFailed } from './invoices.ts';
import { cardOf, readMethod } from './payment-methods.ts';
import { createPaymentIntent, decline, succeed } from './payments.ts';
import { badRequest, cardRefused, refuseUnplayed } from './stripe-problem.ts';
import { idOf, type StripeWorld } from './stripe-world.ts';

/** Charges what an open invoice asks for. Answers why the card was refused, or null when the invoice is paid. */
export function chargeInvoice(
  world: StripeWorld,
  invoice: Stripe.Invoice,
  method: Stripe.PaymentMethod,
): CardRefusal | null {
  if (invoice.amount_due <= 0) {
    markPaid(world, invoice.id);
    return null;
  }
  const intent = createPaymentIntent(world, {
    amount: invoice.amount_due,
    currency: invoice.currency,
    customer: invoice.customer === null ? null : idOf(invoice.customer),
    description: `Payment for invoice ${invoice.number ?? invoice.id}`,
    metadata: {},
    receiptEmail: null,
    setupFutureUsage: null,
    statementDescriptor: null,
  });
  const refusal = cardOf(world, method.id)?.chargeFails ?? null;
  if (refusal !== null) {
    decline(world, intent.id, method, refusal);
    markPaymentFailed(world, invoice.id);
    return refusal;
  }
  expectPayment(world, invoice, intent.id);
  succeed(world, intent.id, method);
  markPaid(world, invoice.id);
  return null;
}

/** What a subscription's invoices are charged to: its own payment method, or else its customer's default. */
export function methodOf(
  world: StripeWorld,
  subscription: Pick<Stripe.Subscription, 'customer' | 'default_payment_method'>,
): Stripe.PaymentMethod | null {
  const own = subscription.default_payment_method;
  const customer = world.get('customer', idOf(subscription.customer));
  const id = own ?? customer.invoice_settings.default_payment_method;
  return id === null ? null : world.get('payment_method', idOf(id));
}

export const invoicePayEndpoint = endpoint(
  'POST /v1/invoices/:id/pay',
  'invoice',
  'pay',
  ({ world, params, id }) => {
    refuseUnplayed(params, ['forgive', 'mandate', 'paid_out_of_band', 'source']);
    const invoice = world.get('invoice', id);
    if (invoice.status === 'paid') throw badRequest('Invoice is already paid');
    if (invoice.status !== 'open') {
      throw badRequest(`This invoice can no longer be paid: it is ${invoice.status}.`);
    }
    const method = methodFor(world, invoice, params.payment_method);
    if (method === null) {
      throw badRequest(
        'There is no `default_payment_method` set on this Customer or Invoice. Please set a `default_payment_method` prior to making this call.',
        { code: 'missing' },
      );
    }
    const refusal = chargeInvoice(world, invoice, method);
    // Answered rather than thrown: the attempt that failed stays in the books.
    if (refusal !== null) return cardRefused(refusal);
    restore(world, invoice);
    return world.get('invoice', id);
  },
);

function methodFor(
  world: StripeWorld,
  invoice: Stripe.Invoice,
  asked: string | undefined,
): Stripe.PaymentMethod | null {
  const payer = { email: invoice.customer_email ?? null, name: invoice.customer_name ?? null };
  if (asked !== undefined) return readMethod(world, asked, payer, 'payment_method');
  const subscription = subscriptionOf(world, invoice);
  if (subscription !== undefined) return methodOf(world, subscription);
  if (invoice.customer === null) return null;
  return methodOf(world, { customer: idOf(invoice.customer), default_payment_method: null });
}

function subscriptionOf(
  world: StripeWorld,
  invoice: Stripe.Invoice,
): Stripe.Subscription | undefined {
  const id = invoice.parent?.subscription_details?.subscription;
  return id === undefined ? undefined : world.find('subscription', idOf(id));
}

/** A subscription that owes nothing any more is in good order again. */
export function restore(world: StripeWorld, invoice: Stripe.Invoice): void {
  const subscription = subscriptionOf(world, invoice);
  if (subscription === undefined) return;
  const owes = world.books.all('invoice', [
    ['status', '=', 'open'],
    ['parent.subscription_details.subscription', '=', subscription.id],
  ]);
  const wasBehind = ['past_due', 'unpaid', 'incomplete'].includes(subscription.status);
  if (!wasBehind || owes.length > 0) return;
  const { object, previous } = world.change('subscription', subscription.id, { status: 'active' });
  world.announce('customer.subscription.updated', object, previous);
}
