import type {
  SubscriptionEntity$Outbound,
  TransactionEntity$Outbound,
} from 'creem/models/components';
import type { PaymentReversal } from '../payment-objects.ts';
import type { CreemApi, CreemClient } from './creem-client.ts';
import { idOf, toDate, toMoney } from './translate-values.ts';

type Transaction = TransactionEntity$Outbound;

/** Two times of one beginning lie some seconds apart. */
const SLACK_MS = 3_600_000;

/**
 * What went back of a payment, as its transaction says. Of a dispute it says nothing before it is lost.
 * Throws ProviderUnavailable, ProviderRefused (no such payment).
 */
export function retrieveReversal(client: CreemClient, paymentId: string): Promise<PaymentReversal> {
  return client.command(async (api) => {
    const payment = await api.get<Transaction>(
      '/transactions',
      { transaction_id: paymentId },
      'status',
    );
    const paid = toMoney(payment.amount_paid ?? payment.amount, payment.currency);
    const refundedMinor = refundedOf(payment, paid.amountMinor);
    const isLost = payment.status === 'chargedBack';
    return {
      paymentId,
      customerId: payment.customer ?? null,
      paid,
      refundedMinor,
      contestedMinor: isLost ? 0n : null,
      lostMinor: isLost ? paid.amountMinor - refundedMinor : 0n,
      invoice: await invoiceOf(api, payment),
    };
  });
}

function refundedOf(
  { status, refunded_amount: amount, currency }: Transaction,
  paid: bigint,
): bigint {
  if (amount != null) return toMoney(amount, currency).amountMinor;
  return status === 'refunded' ? paid : 0n;
}

/** A payment of a subscription is its own invoice here. */
async function invoiceOf(api: CreemApi, payment: Transaction): Promise<PaymentReversal['invoice']> {
  const { id: invoiceId, subscription: subscriptionId } = payment;
  if (subscriptionId == null) return null;
  const { created_at: begun } = await api.get<SubscriptionEntity$Outbound>(
    '/subscriptions',
    { subscription_id: idOf(subscriptionId) },
    'created_at',
  );
  const start = toDate(payment.period_start ?? payment.created_at).getTime();
  const isFirst = Math.abs(start - toDate(begun).getTime()) < SLACK_MS;
  return { invoiceId, subscriptionId, isFirst };
}
