import type Stripe from 'stripe';
import { ProviderRefused } from '../payment-errors.ts';
import type { Call, StripeClient } from './stripe-client.ts';

const MOST_INVOICES = 100;

/**
 * Charges what a subscription owes, the oldest invoice first, to the payment method that its next invoice would be charged
 * to. An invoice that somebody pays at the same moment counts as paid. Answers whether nothing is owed any more.
 * Throws ProviderDeclined, ProviderUnavailable, ProviderRefused.
 */
export function payOpenInvoice(
  client: StripeClient,
  subscriptionId: string,
  idempotencyKey: string,
): Promise<{ isPaid: boolean }> {
  return client.command(async (call) => {
    const { data } = await call((limits) =>
      client.sdk.invoices.list(
        { subscription: subscriptionId, status: 'open', limit: MOST_INVOICES },
        limits,
      ),
    );
    for (const invoice of data.toReversed()) {
      const { status } = await pay(client, call, invoice.id, `${idempotencyKey}:${invoice.id}`);
      if (status === 'open') return { isPaid: false };
    }
    return { isPaid: true };
  });
}

async function pay(
  { sdk }: StripeClient,
  call: Call,
  invoiceId: string,
  idempotencyKey: string,
): Promise<Stripe.Invoice> {
  try {
    return await call((limits) =>
      sdk.invoices.pay(invoiceId, { off_session: true }, { ...limits, idempotencyKey }),
    );
  } catch (error) {
    if (!(error instanceof ProviderRefused)) throw error;
    const present = await call((limits) => sdk.invoices.retrieve(invoiceId, {}, limits));
    if (present.status === 'open') throw error;
    return present;
  }
}
