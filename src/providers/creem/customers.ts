import type { CustomerEntity$Outbound } from 'creem/models/components';
import { CustomerUnsuitable } from '../payment-errors.ts';
import type { NewCustomer } from '../payment-objects.ts';
import type { CreemApi, CreemClient } from './creem-client.ts';
import { isConflict, isMissing } from './creem-errors.ts';

type Customer = CustomerEntity$Outbound;

/**
 * The account's customer at Creem, which knows one per address: found by it, or made, with our account as its `external_id`.
 * One that somebody made without such an id is taken over. Throws CustomerUnsuitable for an account without an address, or
 * with another account's, ProviderUnavailable and ProviderRefused.
 */
export function createCustomer(
  client: CreemClient,
  { accountId, name, email }: NewCustomer,
): Promise<{ customerId: string }> {
  if (email === null) {
    const message = 'Creem sells to an e-mail address: give the account one first.';
    return Promise.reject(new CustomerUnsuitable(message, { channel: 'CREEM' }));
  }
  return client.command(async (api) => {
    const { id: customerId } = await api.once(
      () => findOwn(api, accountId, email),
      () => make(api, { accountId, name, email }),
    );
    return { customerId };
  });
}

/** Two who find none at the same moment make one: the second is told of a conflict, and finds it. */
async function make(
  api: CreemApi,
  { accountId, name, email }: NewCustomer & { readonly email: string },
): Promise<Customer> {
  const body = { email, name, external_id: accountId, metadata: { accountId } };
  try {
    return await api.send<Customer>('POST', '/customers', body, 'id');
  } catch (error) {
    const found = isConflict(error) ? await findOwn(api, accountId, email) : null;
    if (found === null) throw error;
    return found;
  }
}

async function findOwn(api: CreemApi, accountId: string, email: string): Promise<Customer | null> {
  const found = await findByEmail(api, email);
  if (found === null || found.external_id === accountId) return found;
  if (found.external_id != null) {
    const message = `At Creem the address ${email} belongs to another account: give this one its own.`;
    throw new CustomerUnsuitable(message, { channel: 'CREEM' });
  }
  const change = { customer_id: found.id, external_id: accountId };
  return api.send<Customer>('PATCH', '/customers', change, 'id');
}

async function findByEmail(api: CreemApi, email: string): Promise<Customer | null> {
  try {
    return await api.get<Customer>('/customers', { email }, 'id');
  } catch (error) {
    if (isMissing(error)) return null;
    throw error;
  }
}
