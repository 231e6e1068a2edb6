import type {
  RefundResponseEntity$Outbound,
  SubscriptionEntity$Outbound,
} from 'creem/models/components';
import { ProviderRefused } from '../payment-errors.ts';
import type { PriceChange, ProviderSubscription } from '../payment-objects.ts';
import type { CreemApi, CreemClient } from './creem-client.ts';
import { paymentsOf, retrieveWhole, type Transaction } from './payments.ts';
import { toProviderSubscription } from './translate-subscription.ts';
import { idOf } from './translate-values.ts';

type Subscription = SubscriptionEntity$Outbound;

const REFUNDABLE: ReadonlySet<string> = new Set(['paid', 'partialRefund']);

/**
 * The subscription as it is now, an ended one too.
 * Throws ProviderUnavailable, ProviderRefused (no such subscription), UnknownCreemAnswer.
 */
export function retrieveSubscription(
  client: CreemClient,
  subscriptionId: string,
): Promise<ProviderSubscription> {
  return client.command(async (api) =>
    toProviderSubscription(await retrieveWhole(api, subscriptionId)),
  );
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
    const payments = await paymentsOf(api, await retrieve(api, subscriptionId));
    const first = payments.at(-1);
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

function isOver(status: string): boolean {
  return status === 'canceled' || status === 'expired';
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
