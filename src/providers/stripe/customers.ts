import type { NewCustomer } from '../payment-objects.ts';
import type { StripeClient } from './stripe-client.ts';

/** Makes a customer, once per key. Throws ProviderUnavailable, ProviderRefused. */
export function createCustomer(
  client: StripeClient,
  { accountId, name, email }: NewCustomer,
  idempotencyKey: string,
): Promise<{ customerId: string }> {
  const params = { name, ...(email === null ? {} : { email }), metadata: { accountId } };
  return client.command(async (call) => {
    const { id } = await call((limits) =>
      client.sdk.customers.create(params, { ...limits, idempotencyKey }),
    );
    return { customerId: id };
  });
}

/**
 * The first customer that was made for an account, by its metadata. Stripe's search knows what is older than a minute.
 * Throws ProviderUnavailable, ProviderRefused.
 */
export function findCustomer(client: StripeClient, accountId: string): Promise<string | null> {
  const query = `metadata['accountId']:'${accountId}'`;
  return client.command(async (call) => {
    const { data } = await call((limits) =>
      client.sdk.customers.search({ query, limit: 100 }, limits),
    );
    return data.toSorted((a, b) => a.created - b.created)[0]?.id ?? null;
  });
}
