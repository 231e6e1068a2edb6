import type Stripe from 'stripe';
import { randomId } from '../random-id.ts';
import { endpoint } from './endpoint.ts';
import { draftInvoice, type NewInvoice } from './invoice-object.ts';
import { createdWithin, equals, type StripeWorld } from './stripe-world.ts';

/** An invoice that is made and finalized at once, so open: both announced. */
export function createOpenInvoice(world: StripeWorld, given: NewInvoice): Stripe.Invoice {
  const draft = world.add('invoice', draftInvoice(world, given));
  world.announce('invoice.created', draft);
  const sequence = given.customer.next_invoice_sequence ?? 1;
  world.change('customer', given.customer.id, { next_invoice_sequence: sequence + 1 });
  const { object, previous } = world.change('invoice', draft.id, {
    status: 'open',
    number: `${given.customer.invoice_prefix}-${String(sequence).padStart(4, '0')}`,
    hosted_invoice_url: world.pageUrl(`/invoices/${draft.id}`),
    invoice_pdf: world.pageUrl(`/invoices/${draft.id}/pdf`),
    status_transitions: { ...draft.status_transitions, finalized_at: world.now() },
    effective_at: world.now(),
    ending_balance: 0,
    automatically_finalizes_at: null,
    webhooks_delivered_at: world.now(),
  });
  world.announce('invoice.finalized', object, previous);
  return object;
}

/** Records what an intent is about to pay of an invoice. */
export function expectPayment(
  world: StripeWorld,
  invoice: Stripe.Invoice,
  intentId: string,
): Stripe.InvoicePayment {
  const payment = {
    id: randomId('inpay_1'),
    object: 'invoice_payment',
    amount_paid: null,
    amount_requested: invoice.amount_due,
    created: world.now(),
    currency: invoice.currency,
    invoice: invoice.id,
    is_default: true,
    livemode: false,
    payment: { type: 'payment_intent', payment_intent: intentId },
    status: 'open',
    status_transitions: { canceled_at: null, paid_at: null },
  } satisfies Stripe.InvoicePayment;
  return world.add('invoice_payment', payment);
}

/** The invoice is paid, by its expected payment where there is one; all of it announced. */
export function markPaid(world: StripeWorld, id: string): Stripe.Invoice {
  const invoice = world.get('invoice', id);
  const { object, previous } = world.change('invoice', id, {
    status: 'paid',
    amount_paid: invoice.amount_due,
    amount_remaining: 0,
    attempted: true,
    attempt_count: invoice.amount_due > 0 ? invoice.attempt_count + 1 : invoice.attempt_count,
    next_payment_attempt: null,
    status_transitions: { ...invoice.status_transitions, paid_at: world.now() },
  });
  world.announce('invoice.updated', object, previous);
  world.announce('invoice.paid', object);
  world.announce('invoice.payment_succeeded', object);
  for (const payment of paymentsOf(world, id).filter((candidate) => candidate.status === 'open')) {
    const paid = world.change('invoice_payment', payment.id, {
      status: 'paid',
      amount_paid: payment.amount_requested,
      status_transitions: { ...payment.status_transitions, paid_at: world.now() },
    });
    world.announce('invoice_payment.paid', paid.object);
  }
  return object;
}

/** An attempt to pay failed; the invoice stays open. */
export function markPaymentFailed(world: StripeWorld, id: string): Stripe.Invoice {
  const invoice = world.get('invoice', id);
  const { object, previous } = world.change('invoice', id, {
    attempted: true,
    attempt_count: invoice.attempt_count + 1,
  });
  world.announce('invoice.updated', object, previous);
  world.announce('invoice.payment_failed', object);
  return object;
}

/** The payments of an invoice, the newest first. */
export function paymentsOf(world: StripeWorld, invoiceId: string): Stripe.InvoicePayment[] {
  return world.books.all<Stripe.InvoicePayment>('invoice_payment', equals({ invoice: invoiceId }));
}

export const invoiceEndpoints = [
  endpoint('GET /v1/invoices', 'invoice', 'list', ({ world, params, path }) =>
    world.list('invoice', path, params, [
      ...equals({
        customer: params.customer,
        status: params.status,
        collection_method: params.collection_method,
        'parent.subscription_details.subscription': params.subscription,
      }),
      ...createdWithin(params.due_date, 'due_date'),
    ]),
  ),
  endpoint('GET /v1/invoices/:id', 'invoice', 'retrieve', ({ world, id }) =>
    world.get('invoice', id),
  ),
  endpoint('GET /v1/invoice_payments', 'invoicePayment', 'list', ({ world, params, path }) =>
    world.list(
      'invoice_payment',
      path,
      params,
      equals({
        invoice: params.invoice,
        status: params.status,
        'payment.type': params.payment?.type,
        'payment.payment_intent': params.payment?.payment_intent,
      }),
    ),
  ),
  endpoint('GET /v1/invoice_payments/:id', 'invoicePayment', 'retrieve', ({ world, id }) =>
    world.get('invoice_payment', id),
  ),
];
