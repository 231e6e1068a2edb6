import type {
  CheckoutEntity$Outbound,
  DisputeEntity$Outbound,
  RefundEntity$Outbound,
  SubscriptionEntity$Outbound,
} from 'creem/models/components';
import { InvalidWebhook } from '../payment-errors.ts';
import type { ProviderEvent } from '../payment-objects.ts';
import { toCheckoutOutcome } from './translate-checkout.ts';
import { toPaidInvoice } from './translate-payment.ts';
import type { WholeSubscription } from './translate-subscription.ts';
import { idOf, toMoney } from './translate-values.ts';

/** The outside of what Creem sends. */
export interface CreemEvent {
  readonly id: string;
  readonly eventType: string;
  /** Milliseconds. */
  readonly created_at: number;
  readonly object: object;
}

const LIFECYCLE: ReadonlySet<string> = new Set([
  'subscription.active',
  'subscription.trialing',
  'subscription.update',
  'subscription.scheduled_cancel',
  'subscription.canceled',
  'subscription.expired',
  'subscription.past_due',
  'subscription.unpaid',
  'subscription.paused',
]);

/**
 * Says in the port's words what a verified event of Creem announces. A subscription is only named and fetched again; what
 * was paid is taken from the event, under the id of its transaction.
 * Throws InvalidWebhook when the payload is no event, UnknownCreemAnswer when it holds a value that Tollgate has no word for.
 */
export function translateCreemEvent(payload: unknown): ProviderEvent {
  if (!isEvent(payload)) throw new InvalidWebhook('The payload is not an event of Creem.');
  const { eventType, object } = payload;
  if (eventType === 'checkout.completed') {
    return {
      kind: 'checkoutChanged',
      checkout: toCheckoutOutcome(object as CheckoutEntity$Outbound),
    };
  }
  if (eventType === 'subscription.paid') {
    return { kind: 'invoiceChanged', invoice: toPaidInvoice(object as WholeSubscription) };
  }
  if (LIFECYCLE.has(eventType)) {
    const { id: subscriptionId, customer } = object as SubscriptionEntity$Outbound;
    return { kind: 'subscriptionChanged', subscriptionId, customerId: idOf(customer) };
  }
  if (eventType === 'refund.created') {
    const { transaction } = object as RefundEntity$Outbound;
    return { kind: 'paymentReversed', paymentId: idOf(transaction) };
  }
  if (eventType === 'dispute.created') {
    const { transaction, amount, currency } = object as DisputeEntity$Outbound;
    const { amountMinor: contestedMinor } = toMoney(amount, currency);
    return { kind: 'paymentReversed', paymentId: idOf(transaction), contestedMinor };
  }
  return { kind: 'ignored', reason: `Tollgate does not act on ${eventType}.` };
}

/** Whether a parsed body has the outside of an event of Creem's. */
export function isEvent(payload: unknown): payload is CreemEvent {
  if (typeof payload !== 'object' || payload === null) return false;
  const { id, eventType, created_at: createdAt, object } = payload as Record<string, unknown>;
  if (typeof id !== 'string' || id === '' || typeof eventType !== 'string') return false;
  return typeof createdAt === 'number' && typeof object === 'object' && object !== null;
}
