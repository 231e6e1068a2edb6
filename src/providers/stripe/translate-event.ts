import type Stripe from 'stripe';
import { InvalidWebhook } from '../payment-errors.ts';
import type { ProviderEvent } from '../payment-objects.ts';
import { toCheckoutOutcome } from './translate-checkout.ts';
import { toProviderInvoice } from './translate-invoice.ts';
import { idOf, idOrNull } from './translate-values.ts';

/** What each event announces. `invoice.payment_succeeded` is left out on purpose: `invoice.paid` comes beside it. */
const ANNOUNCES: ReadonlyMap<string, ProviderEvent['kind']> = new Map([
  ['checkout.session.completed', 'checkoutChanged'],
  ['checkout.session.async_payment_succeeded', 'checkoutChanged'],
  ['checkout.session.expired', 'checkoutChanged'],
  ['checkout.session.async_payment_failed', 'checkoutPaymentFailed'],
  ['customer.subscription.created', 'subscriptionChanged'],
  ['customer.subscription.updated', 'subscriptionChanged'],
  ['customer.subscription.deleted', 'subscriptionChanged'],
  ['customer.subscription.paused', 'subscriptionChanged'],
  ['customer.subscription.resumed', 'subscriptionChanged'],
  ['invoice.created', 'invoiceChanged'],
  ['invoice.finalized', 'invoiceChanged'],
  ['invoice.updated', 'invoiceChanged'],
  ['invoice.paid', 'invoiceChanged'],
  ['invoice.voided', 'invoiceChanged'],
  ['invoice.marked_uncollectible', 'invoiceChanged'],
  ['invoice.payment_failed', 'invoicePaymentFailed'],
  ['payment_method.attached', 'paymentMethodChanged'],
  ['payment_method.automatically_updated', 'paymentMethodChanged'],
  ['payment_method.updated', 'paymentMethodChanged'],
  ['payment_method.detached', 'paymentMethodChanged'],
  ['setup_intent.succeeded', 'paymentMethodChanged'],
  ['customer.updated', 'paymentMethodChanged'],
  ['charge.refunded', 'paymentReversed'],
  ['charge.refund.updated', 'paymentReversed'],
  ['refund.created', 'paymentReversed'],
  ['refund.updated', 'paymentReversed'],
  ['refund.failed', 'paymentReversed'],
  ['charge.dispute.created', 'paymentReversed'],
  ['charge.dispute.updated', 'paymentReversed'],
  ['charge.dispute.closed', 'paymentReversed'],
  ['charge.dispute.funds_withdrawn', 'paymentReversed'],
  ['charge.dispute.funds_reinstated', 'paymentReversed'],
]);

/**
 * Says in the port's words what a verified Stripe event announces. An event of any API version is taken: a subscription is
 * only named and fetched again, a checkout session has kept its fields, and an invoice's older names are understood.
 * Throws InvalidWebhook when the payload is no event, UnknownStripeAnswer when it holds a value that Tollgate has no word for.
 */
export function translateStripeEvent(payload: unknown): ProviderEvent {
  const event = asEvent(payload);
  if (typeof event.account === 'string') {
    return { kind: 'ignored', reason: 'It belongs to a connected account.' };
  }
  const kind = ANNOUNCES.get(event.type);
  switch (kind) {
    case 'checkoutChanged':
    case 'checkoutPaymentFailed':
      return { kind, checkout: toCheckoutOutcome(event.data.object as Stripe.Checkout.Session) };
    case 'subscriptionChanged':
      return subscriptionChanged(event.data.object as Stripe.Subscription);
    case 'invoiceChanged':
    case 'invoicePaymentFailed':
      return invoiceEvent(kind, event.data.object as Stripe.Invoice);
    case 'paymentMethodChanged':
      return paymentMethodChanged(event);
    case 'paymentReversed':
      return paymentReversed(event.data.object as Reversal);
    default:
      return { kind: 'ignored', reason: `Tollgate does not act on ${event.type}.` };
  }
}

/** Whether Tollgate acts on events of this type, so that its webhook endpoint is asked for them. */
export function isAnnouncement(event: Stripe.EventBase): boolean {
  return ANNOUNCES.has(event.type) && typeof event.account !== 'string';
}

/** Whether a parsed body has the outside of a Stripe event: its id, type and object. */
export function isEvent(payload: unknown): payload is Stripe.EventBase {
  if (typeof payload !== 'object' || payload === null) return false;
  const { object, id, type, livemode, data } = payload as Record<string, unknown>;
  if (object !== 'event' || typeof type !== 'string' || typeof livemode !== 'boolean') return false;
  if (typeof id !== 'string' || id === '') return false;
  const subject = (data as { object?: unknown } | null | undefined)?.object;
  return typeof subject === 'object' && subject !== null;
}

function asEvent(payload: unknown): Stripe.EventBase {
  if (!isEvent(payload)) throw new InvalidWebhook('The payload is not a Stripe event.');
  return payload;
}

function subscriptionChanged(subscription: Stripe.Subscription): ProviderEvent {
  return {
    kind: 'subscriptionChanged',
    subscriptionId: subscription.id,
    customerId: idOf(subscription.customer),
  };
}

/** A detached card names its customer only in what it was before; of a customer's changes, only the default card counts. */
function paymentMethodChanged(event: Stripe.EventBase): ProviderEvent {
  const { object, previous_attributes: previous = {} } = event.data as CardNews;
  const setUpId = event.type === 'setup_intent.succeeded' ? idOrNull(object.payment_method) : null;
  if (event.type === 'customer.updated') {
    return previous.invoice_settings === undefined
      ? { kind: 'ignored', reason: "The customer's default card is the same." }
      : { kind: 'paymentMethodChanged', customerId: object.id, setUpId };
  }
  const customerId = idOrNull(object.customer ?? previous.customer);
  if (customerId === null) return { kind: 'ignored', reason: 'The card belongs to no customer.' };
  return { kind: 'paymentMethodChanged', customerId, setUpId };
}

/** What Tollgate reads of a payment method, a setup intent or a customer in an event. */
interface CardNews {
  readonly object: {
    readonly id: string;
    readonly customer?: string | { readonly id: string } | null;
    readonly payment_method?: string | { readonly id: string } | null;
  };
  readonly previous_attributes?: {
    readonly customer?: string | { readonly id: string } | null;
    readonly invoice_settings?: unknown;
  };
}

/** What Tollgate reads of a charge, a refund or a dispute in an event. */
interface Reversal {
  readonly id: string;
  readonly object: string;
  readonly payment_intent?: string | { readonly id: string } | null;
  readonly charge?: string | { readonly id: string } | null;
}

/** A charge that was made without a payment intent is named by itself. */
function paymentReversed(object: Reversal): ProviderEvent {
  const charge = object.object === 'charge' ? object.id : idOrNull(object.charge);
  const paymentId = idOrNull(object.payment_intent) ?? charge;
  if (paymentId === null) return { kind: 'ignored', reason: 'It is about no payment.' };
  return { kind: 'paymentReversed', paymentId };
}

function invoiceEvent(
  kind: 'invoiceChanged' | 'invoicePaymentFailed',
  object: Stripe.Invoice,
): ProviderEvent {
  const invoice = toProviderInvoice(object);
  if (invoice === null) return { kind: 'ignored', reason: 'The invoice belongs to no customer.' };
  return { kind, invoice };
}
