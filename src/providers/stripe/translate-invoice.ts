import type Stripe from 'stripe';
import type { InvoiceStatus, ProviderInvoice } from '../payment-objects.ts';
import { UnknownStripeAnswer } from './stripe-errors.ts';
import { idOf, idOrNull, toDate, toDateOrNull, toMinor, toMoney } from './translate-values.ts';

const STATUSES: ReadonlyMap<string, InvoiceStatus> = new Map([
  ['draft', 'DRAFT'],
  ['open', 'OPEN'],
  ['paid', 'PAID'],
  ['uncollectible', 'UNCOLLECTIBLE'],
  ['void', 'VOID'],
]);

const REASONS: ReadonlyMap<string | null, ProviderInvoice['reason']> = new Map([
  ['subscription_create', 'BEGIN'],
  ['subscription_cycle', 'RENEW'],
  ['subscription_update', 'CHANGE'],
]);

/**
 * Names that Stripe used before 2025-03-31. An endpoint made in Stripe's dashboard sends the account's own API version,
 * which may be an old one, and an invoice that is not understood would be money without credits.
 */
interface OlderInvoice {
  readonly subscription?: string | { readonly id: string } | null;
}

interface OlderLine {
  readonly type?: 'subscription' | 'invoiceitem';
  readonly proration?: boolean;
  readonly price?: { readonly id: string } | null;
}

type Line = Stripe.InvoiceLineItem & OlderLine;

/**
 * An invoice in the port's words; null for one that belongs to no customer. The period is that of the line that charges
 * the subscription itself: prorations and extra items have periods of their own, and a pure change has none.
 * Throws UnknownStripeAnswer for a status it has no word for.
 */
export function toProviderInvoice(invoice: Stripe.Invoice): ProviderInvoice | null {
  const customerId = idOrNull(invoice.customer);
  if (customerId === null) return null;
  const lines: readonly Line[] = invoice.lines.data;
  const planLine = lines.find((line) => isOfSubscription(line) && !isProration(line));
  return {
    invoiceId: invoice.id,
    customerId,
    subscriptionId: subscriptionOf(invoice),
    number: invoice.number,
    status: statusOf(invoice),
    reason: REASONS.get(invoice.billing_reason) ?? 'OTHER',
    total: toMoney(invoice.total, invoice.currency),
    amountPaidMinor: toMinor(invoice.amount_paid),
    discountMinor: discountOf(invoice),
    period:
      planLine === undefined
        ? null
        : { start: toDate(planLine.period.start), end: toDate(planLine.period.end) },
    providerPriceId: priceOf(planLine ?? lines.find(isChargeForChange)),
    createdAt: toDate(invoice.created),
    paidAt: toDateOrNull(invoice.status_transitions.paid_at),
    hostedUrl: invoice.hosted_invoice_url ?? null,
    pdfUrl: invoice.invoice_pdf ?? null,
  };
}

function discountOf(invoice: Stripe.Invoice): bigint {
  const amounts = invoice.total_discount_amounts ?? [];
  return amounts.reduce((sum, { amount }) => sum + toMinor(amount), 0n);
}

function subscriptionOf(invoice: Stripe.Invoice & OlderInvoice): string | null {
  return idOrNull(invoice.parent?.subscription_details?.subscription ?? invoice.subscription);
}

function statusOf(invoice: Stripe.Invoice): InvoiceStatus {
  const status = STATUSES.get(invoice.status ?? '');
  if (status === undefined) {
    throw new UnknownStripeAnswer(
      `Invoice ${invoice.id} has the unknown status "${invoice.status}".`,
    );
  }
  return status;
}

function isOfSubscription(line: Line): boolean {
  return (
    (line.parent?.type ?? line.type) ===
    (line.parent ? 'subscription_item_details' : 'subscription')
  );
}

function isProration(line: Line): boolean {
  const details = line.parent?.subscription_item_details ?? line.parent?.invoice_item_details;
  return details?.proration ?? line.proration ?? false;
}

/** Of a change's two lines, the one that charges: the other gives back what is left of the old price. */
function isChargeForChange(line: Line): boolean {
  return isProration(line) && line.amount > 0;
}

function priceOf(line: Line | undefined): string | null {
  const price = line?.pricing?.price_details?.price ?? line?.price;
  return price === null || price === undefined ? null : idOf(price);
}
