import type { TransactionEntity$Outbound } from 'creem/models/components';
import type { ProviderInvoice } from '../payment-objects.ts';
import { UnknownCreemAnswer } from './creem-errors.ts';
import { priceIdOf, type WholeSubscription } from './translate-subscription.ts';
import { idOf, toDate, toMoney } from './translate-values.ts';

/** Creem's times of one period lie some seconds apart. */
const SLACK_MS = 3_600_000;
const DAY_MS = 86_400_000;

/**
 * What a `subscription.paid` says was paid, as an invoice: Creem has none, and its transaction stands for it. Its period is
 * the subscription's. Throws UnknownCreemAnswer when a field is missing.
 */
export function toPaidInvoice(subscription: WholeSubscription): ProviderInvoice {
  const { last_transaction_id: invoiceId, product } = subscription;
  if (invoiceId === undefined) throw missing(subscription, 'last_transaction_id');
  const period = periodOf(subscription);
  const payment = paymentOf(subscription, invoiceId);
  const paidAt = toDate(
    subscription.last_transaction_date ?? payment?.created_at ?? period.start.getTime(),
  );
  const currency = payment?.currency ?? product.currency;
  const discount = payment?.discount_amount ?? 0;
  const total = payment === null ? product.price : totalOf(payment, discount);
  return {
    invoiceId,
    customerId: idOf(subscription.customer),
    subscriptionId: subscription.id,
    number: null,
    status: 'PAID',
    reason: reasonOf(subscription, period.start, payment),
    total: toMoney(total, currency),
    amountPaidMinor: toMoney(payment?.amount_paid ?? total, currency).amountMinor,
    discountMinor: toMoney(discount, currency).amountMinor,
    period,
    providerPriceId: priceIdOf(subscription),
    createdAt: payment === null ? paidAt : toDate(payment.created_at),
    paidAt,
    hostedUrl: null,
    pdfUrl: null,
  };
}

/** Creem does not say whether a payment's amount is less its discount: what was paid tells, with its tax or without. */
function totalOf(
  { amount, amount_paid: paid, tax_amount: tax }: TransactionEntity$Outbound,
  discount: number,
): number {
  const isWhole = paid === amount - discount || paid === amount - discount + (tax ?? 0);
  return isWhole ? amount - discount : amount;
}

/** A payment whose own period begins within the subscription's is for a change; what a trial costs begins no month. */
function reasonOf(
  subscription: WholeSubscription,
  start: Date,
  payment: TransactionEntity$Outbound | null,
): ProviderInvoice['reason'] {
  if (subscription.status === 'trialing') return 'OTHER';
  const ownStart = payment?.period_start;
  if (ownStart !== undefined && toDate(ownStart).getTime() - start.getTime() > SLACK_MS) {
    return 'CHANGE';
  }
  const begun = toDate(subscription.created_at);
  return Math.abs(start.getTime() - begun.getTime()) < DAY_MS ? 'BEGIN' : 'RENEW';
}

/** The payment, where the event holds it whole: older ones do not. */
function paymentOf(
  { last_transaction: payment }: WholeSubscription,
  id: string,
): TransactionEntity$Outbound | null {
  return payment?.id === id ? payment : null;
}

function periodOf(subscription: WholeSubscription): { start: Date; end: Date } {
  const { current_period_start_date: start, current_period_end_date: end } = subscription;
  if (start === undefined || end === undefined) throw missing(subscription, 'current period');
  return { start: toDate(start), end: toDate(end) };
}

function missing({ id }: WholeSubscription, what: string): UnknownCreemAnswer {
  return new UnknownCreemAnswer(`Subscription ${id} was paid, but has no ${what}.`);
}
