import type { NewPortal } from '../payment-objects.ts';
import { itemOf } from './plan-changes.ts';
import type { StripeClient } from './stripe-client.ts';

/**
 * Opens Stripe's customer portal, at its first page or at the confirmation of a change of price. It needs a configuration
 * that somebody saved in the dashboard. Throws ProviderUnavailable, ProviderRefused.
 */
export function createPortalSession(
  client: StripeClient,
  { customerId, returnUrl, change }: NewPortal,
): Promise<{ url: string }> {
  return client.command(async (call) => {
    const flow = change === null ? {} : { flow_data: await confirmation() };
    const { url } = await call((limits) =>
      client.sdk.billingPortal.sessions.create(
        { customer: customerId, return_url: returnUrl, ...flow },
        limits,
      ),
    );
    return { url };

    async function confirmation() {
      const { subscriptionId: subscription = '', providerPriceId: price = '' } = change ?? {};
      const { id } = await itemOf(client, call, subscription);
      return {
        type: 'subscription_update_confirm' as const,
        subscription_update_confirm: { subscription, items: [{ id, price, quantity: 1 }] },
        after_completion: { type: 'redirect' as const, redirect: { return_url: returnUrl } },
      };
    }
  });
}
