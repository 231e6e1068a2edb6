import type Stripe from 'stripe';
import type { PaymentReversal } from '../payment-objects.ts';
import type { Call, StripeClient } from './stripe-client.ts';
import { UnknownStripeAnswer } from './stripe-errors.ts';
import { idOf, idOrNull, toMinor, toMoney } from './translate-values.ts';

type Target = { readonly payment_intent: string } | { readonly charge: string };

const MOST = 100;
const FIRST_INVOICE = 'subscription_create';
/** A refund that will not arrive: the money is the merchant's again. */
const NO_REFUND: ReadonlySet<string> = new Set(['failed', 'canceled']);
/** A dispute that took nothing in the end, or never will. */
const NO_DISPUTE: ReadonlySet<string> = new Set(['won', 'warning_closed', 'prevented']);

/**
 * What went back of a payment, reckoned from its refunds and disputes as they are now: the events that tell of them come in
 * any order, and a charge's own `amount_refunded` says nothing of disputes.
 * Throws ProviderUnavailable, ProviderRefused (no such payment), UnknownStripeAnswer.
 */
export function retrieveReversal(
  client: StripeClient,
  paymentId: string,
): Promise<PaymentReversal> {
  const isIntent = paymentId.startsWith('pi_');
  const target = isIntent ? { payment_intent: paymentId } : { charge: paymentId };
  return client.command(async (call) => {
    const [charge, refunds, disputes, invoice] = await Promise.all([
      isIntent ? paidCharge(client, call, paymentId) : plainCharge(client, call, paymentId),
      refundsOf(client, call, target),
      disputesOf(client, call, target),
      isIntent ? invoiceOf(client, call, paymentId) : null,
    ]);
    const { amount, currency } = charge;
    return {
      paymentId,
      customerId: idOrNull(charge.customer),
      paid: toMoney(amount, currency),
      refundedMinor: refunds,
      contestedMinor: sum(
        disputes.filter(({ status }) => isOpen(status)),
        amount,
      ),
      lostMinor: sum(
        disputes.filter(({ status }) => status === 'lost'),
        amount,
      ),
      invoice,
    };
  });
}

async function paidCharge(
  { sdk }: StripeClient,
  call: Call,
  intentId: string,
): Promise<Stripe.Charge> {
  const { latest_charge: charge } = await call((limits) =>
    sdk.paymentIntents.retrieve(intentId, { expand: ['latest_charge'] }, limits),
  );
  if (charge !== null && typeof charge === 'object') return charge;
  throw new UnknownStripeAnswer(`Payment ${intentId} was reversed and has no charge.`);
}

function plainCharge({ sdk }: StripeClient, call: Call, chargeId: string): Promise<Stripe.Charge> {
  return call((limits) => sdk.charges.retrieve(chargeId, {}, limits));
}

async function refundsOf({ sdk }: StripeClient, call: Call, target: Target): Promise<bigint> {
  const { data } = await call((limits) => sdk.refunds.list({ ...target, limit: MOST }, limits));
  return data
    .filter(({ status }) => !NO_REFUND.has(status ?? ''))
    .reduce((total, { amount }) => total + toMinor(amount), 0n);
}

async function disputesOf(
  { sdk }: StripeClient,
  call: Call,
  target: Target,
): Promise<readonly Stripe.Dispute[]> {
  const { data } = await call((limits) => sdk.disputes.list({ ...target, limit: MOST }, limits));
  return data;
}

async function invoiceOf(
  { sdk }: StripeClient,
  call: Call,
  intentId: string,
): Promise<PaymentReversal['invoice']> {
  const { data } = await call((limits) =>
    sdk.invoicePayments.list(
      {
        payment: { type: 'payment_intent', payment_intent: intentId },
        expand: ['data.invoice'],
        limit: 1,
      },
      limits,
    ),
  );
  const invoice = data[0]?.invoice;
  if (invoice === undefined) return null;
  if (typeof invoice === 'string' || 'deleted' in invoice)
    throw new UnknownStripeAnswer(`The invoice of payment ${intentId} was not shown.`);
  return {
    invoiceId: idOf(invoice),
    subscriptionId: idOrNull(invoice.parent?.subscription_details?.subscription),
    isFirst: invoice.billing_reason === FIRST_INVOICE,
  };
}

/** Also an inquiry, which may still become a dispute, and any state that is newer than this. */
function isOpen(status: string): boolean {
  return status !== 'lost' && !NO_DISPUTE.has(status);
}

/** A dispute may say more than was charged, when the card's currency has moved meanwhile. */
function sum(disputes: readonly Stripe.Dispute[], charged: number): bigint {
  const total = disputes.reduce((some, { amount }) => some + toMinor(amount), 0n);
  if (total > toMinor(charged)) return toMinor(charged);
  return total;
}
