import type {
  RefundResponseEntity$Outbound,
  SubscriptionEntity$Outbound,
  TransactionEntity$Outbound,
  TransactionListEntity$Outbound,
} from 'creem/models/components';
import {
  type PriceChange,
  ProviderRefused,
  type ProviderSubscription,
} from '../payment-provider.ts';
import type { CreemApi, CreemClient } from './creem-client.ts';
import type { Product } from './products.ts';
import { toProviderSubscription, type WholeSubscription } from './translate-subscription.ts';
import { idOf } from './translate-values.ts';

type Subscription = SubscriptionEntity$Outbound;
type Transaction = TransactionEntity$Outbound;

const PAGE_SIZE = 100;
const MOST_PAGES = 50;
const REFUNDABLE: ReadonlySet<string> = new Set(['paid', 'partialRefund']);

/**
 * The subscription as it is now, an ended one too.
 * Throws ProviderUnavailable, ProviderRefused (no such subscription), UnknownCreemAnswer.
 */
export function retrieveSubscription(
  client: CreemClient,
  subscriptionId: string,
): Promise<ProviderSubscription> {
  return client.command(async (api) => {
    const subscription = await retrieve(api, subscriptionId);
    return toProviderSubscription(await withProduct(api, subscription));
  });
}

/** Lets a subscription end with its period; one that is ending, or over, is left so. Creem takes no reason. */
export function cancelAtPeriodEnd(client: CreemClient, subscriptionId: string): Promise<void> {
  return changed(
    client,
    subscriptionId,
    ({ status }) => status === 'scheduled_cancel' || isOver(status),
    { action: 'cancel', body: { mode: 'scheduled', onExecute: 'cancel' } },
  );
}

/** Ends a subscription at once; one that is over stays so. */
export function cancelNow(client: CreemClient, subscriptionId: string): Promise<void> {
  return changed(client, subscriptionId, ({ status }) => isOver(status), {
    action: 'cancel',
    body: { mode: 'immediate' },
  });
}

/** Takes back a promise to end; where there is none, nothing happens. */
export function resumeSubscription(client: CreemClient, subscriptionId: string): Promise<void> {
  return changed(
    client,
    subscriptionId,
    ({ status }) => status !== 'scheduled_cancel' && status !== 'paused',
    { action: 'resume', body: {} },
  );
}

/**
 * Moves a subscription to another product and charges the difference at once. The behaviour is always said: what Creem does
 * without it is a setting of the store's. Throws ProviderDeclined, ProviderUnavailable, ProviderRefused.
 */
export function changePlanNow(
  client: CreemClient,
  { subscriptionId, providerPriceId }: PriceChange,
): Promise<void> {
  return changed(client, subscriptionId, ({ product }) => idOf(product) === providerPriceId, {
    action: 'upgrade',
    body: { product_id: providerPriceId, update_behavior: 'proration-charge-immediately' },
  });
}

/**
 * Ends a subscription at once and gives back what its first payment took, if anything. Every step looks at what an earlier
 * call has done. Throws ProviderUnavailable, ProviderRefused (also when the refund itself failed).
 */
export async function cancelAndRefund(client: CreemClient, subscriptionId: string): Promise<void> {
  await cancelNow(client, subscriptionId);
  await client.command(async (api) => {
    const { customer } = await retrieve(api, subscriptionId);
    const payments = await paymentsOf(api, idOf(customer));
    const first = payments
      .filter(({ subscription }) => subscription === subscriptionId)
      .toSorted((one, other) => one.created_at - other.created_at)[0];
    if (first !== undefined) await refundOnce(api, first.id);
  });
}

/** Asks for something unless it is so already; after an unknown outcome only when another look says that it is not. */
function changed(
  client: CreemClient,
  subscriptionId: string,
  isSo: (subscription: Subscription) => boolean,
  { action, body }: { readonly action: string; readonly body: object },
): Promise<void> {
  return client.command(async (api) => {
    await api.once(
      async () => {
        const subscription = await retrieve(api, subscriptionId);
        return isSo(subscription) ? subscription : null;
      },
      () =>
        api.send<Subscription>('POST', `/subscriptions/${subscriptionId}/${action}`, body, 'id'),
    );
  });
}

function retrieve(api: CreemApi, subscriptionId: string): Promise<Subscription> {
  return api.get<Subscription>('/subscriptions', { subscription_id: subscriptionId }, 'id');
}

async function withProduct(api: CreemApi, subscription: Subscription): Promise<WholeSubscription> {
  const { product } = subscription;
  if (typeof product !== 'string') return { ...subscription, product };
  return { ...subscription, product: await api.get<Product>(`/products/${product}`, {}, 'id') };
}

function isOver(status: string): boolean {
  return status === 'canceled' || status === 'expired';
}

/** Every payment of a customer's. */
async function paymentsOf(api: CreemApi, customerId: string): Promise<Transaction[]> {
  const found: Transaction[] = [];
  for (let page = 1; page <= MOST_PAGES; page += 1) {
    const { items, pagination } = await api.get<TransactionListEntity$Outbound>(
      '/transactions/search',
      { customer_id: customerId, page_number: page, page_size: PAGE_SIZE },
      'items',
    );
    found.push(...items);
    if (pagination.next_page === null) break;
  }
  return found;
}

/** Creem gives back all that is left of a payment, or nothing. */
async function refundOnce(api: CreemApi, transactionId: string): Promise<void> {
  const outcome = await api.once<string>(
    async () => {
      const query = { transaction_id: transactionId };
      const { status } = await api.get<Transaction>('/transactions', query, 'status');
      return REFUNDABLE.has(status) ? null : 'succeeded';
    },
    async () => {
      const body = { transaction_id: transactionId };
      const made = await api.send<RefundResponseEntity$Outbound>(
        'POST',
        '/refunds',
        body,
        'status',
      );
      return made.status;
    },
  );
  if (outcome !== 'failed' && outcome !== 'canceled') return;
  throw new ProviderRefused('Creem could not give the money back.', {
    channel: 'CREEM',
    code: outcome,
    param: null,
  });
}
