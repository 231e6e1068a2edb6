import type { ProviderInvoice } from '../payment-objects.ts';
import type { StripeClient } from './stripe-client.ts';
import { toProviderInvoice } from './translate-invoice.ts';

const MOST = 10;

/** The last invoices of a subscription, newest first. Throws ProviderUnavailable, ProviderRefused, UnknownStripeAnswer. */
export function listInvoices(
  client: StripeClient,
  subscription: string,
): Promise<ProviderInvoice[]> {
  return client.command(async (call) => {
    const { data } = await call((limits) =>
      client.sdk.invoices.list({ subscription, limit: MOST }, limits),
    );
    return data.flatMap((invoice) => toProviderInvoice(invoice) ?? []);
  });
}
