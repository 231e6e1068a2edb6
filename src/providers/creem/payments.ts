import type {
  SubscriptionEntity$Outbound,
  TransactionEntity$Outbound,
  TransactionListEntity$Outbound,
} from 'creem/models/components';
import type {
  EventPage,
  EventWindow,
  ProviderInvoice,
  VerifiedWebhook,
} from '../payment-objects.ts';
import type { CreemApi, CreemClient } from './creem-client.ts';
import type { Product } from './products.ts';
import type { CreemEvent } from './translate-event.ts';
import { toPaidInvoice } from './translate-payment.ts';
import type { WholeSubscription } from './translate-subscription.ts';
import { idOf, toDate } from './translate-values.ts';

export type Transaction = TransactionEntity$Outbound;
type Subscription = SubscriptionEntity$Outbound;

const PAGE_SIZE = 100;
const MOST_PAGES = 50;
const SLACK_MS = 3_600_000;
/** Money that came, whatever became of it afterwards. */
const PAID: ReadonlySet<string> = new Set(['paid', 'refunded', 'partialRefund', 'chargedBack']);
const REVERSED: ReadonlySet<string> = new Set(['refunded', 'partialRefund', 'chargedBack']);

/**
 * Creem keeps no list of events that can be asked for: its payments say the same. Each is told as the webhook would have told
 * it, `subscription.paid` or `refund.created`, under an id made of the payment's own. The cursor is the number of a page.
 * Throws ProviderUnavailable, ProviderRefused.
 */
export function listEvents(
  client: CreemClient,
  { since, until }: EventWindow,
  cursor: string | null,
): Promise<EventPage> {
  return client.command(async (api) => {
    const { items, pagination } = await pageOf(api, {}, Number(cursor ?? 1));
    const events: VerifiedWebhook[] = [];
    for (const payment of items.filter((one) => isWithin(one, since, until))) {
      events.push(...(await announcementsOf(api, payment)));
    }
    const isLast = pagination.next_page === null || isOlder(items, since);
    return { events, nextCursor: isLast ? null : String(pagination.next_page) };
  });
}

/** What was paid for a subscription, newest first. Throws ProviderUnavailable, ProviderRefused. */
export function listInvoices(
  client: CreemClient,
  subscriptionId: string,
): Promise<ProviderInvoice[]> {
  return client.command(async (api) => {
    const subscription = await retrieveWhole(api, subscriptionId);
    const payments = await paymentsOf(api, subscription);
    return payments
      .filter(({ status }) => PAID.has(status))
      .map((payment) => toPaidInvoice(paidWith(subscription, payment)));
  });
}

/** Every payment of a subscription, the newest first. */
export async function paymentsOf(
  api: CreemApi,
  { id, customer }: Subscription,
): Promise<Transaction[]> {
  const found: Transaction[] = [];
  for (let page = 1; page <= MOST_PAGES; page += 1) {
    const { items, pagination } = await pageOf(api, { customer_id: idOf(customer) }, page);
    found.push(...items);
    if (pagination.next_page === null) break;
  }
  return found
    .filter(({ subscription }) => subscription === id)
    .toSorted((one, other) => other.created_at - one.created_at);
}

/** A subscription with its product whole. */
export async function retrieveWhole(
  api: CreemApi,
  subscriptionId: string,
): Promise<WholeSubscription> {
  const query = { subscription_id: subscriptionId };
  const subscription = await api.get<Subscription>('/subscriptions', query, 'id');
  const { product } = subscription;
  if (typeof product !== 'string') return { ...subscription, product };
  return { ...subscription, product: await api.get<Product>(`/products/${product}`, {}, 'id') };
}

function pageOf(
  api: CreemApi,
  filter: Readonly<Record<string, string>>,
  page: number,
): Promise<TransactionListEntity$Outbound> {
  const query = { ...filter, page_number: page, page_size: PAGE_SIZE };
  return api.get<TransactionListEntity$Outbound>('/transactions/search', query, 'items');
}

/** The subscription as it was when it was paid so: an earlier payment had an earlier period. */
function paidWith(subscription: WholeSubscription, payment: Transaction): WholeSubscription {
  const { period_start: start, period_end: end } = payment;
  const present = subscription.current_period_start_date;
  const isEarlier =
    start !== undefined &&
    end !== undefined &&
    present !== undefined &&
    toDate(present).getTime() - toDate(start).getTime() > SLACK_MS;
  return {
    ...subscription,
    ...(subscription.status === 'trialing' ? {} : { status: 'active' }),
    last_transaction_id: payment.id,
    last_transaction: payment,
    last_transaction_date: toDate(payment.created_at).toISOString(),
    ...(isEarlier
      ? {
          current_period_start_date: toDate(start).toISOString(),
          current_period_end_date: toDate(end).toISOString(),
        }
      : {}),
  };
}

/** What webhooks have told of a payment. */
async function announcementsOf(api: CreemApi, payment: Transaction): Promise<VerifiedWebhook[]> {
  const { status, subscription: subscriptionId } = payment;
  const told: VerifiedWebhook[] = [];
  if (PAID.has(status) && subscriptionId != null) {
    const subscription = await retrieveWhole(api, subscriptionId);
    told.push(announcement('subscription.paid', payment, paidWith(subscription, payment)));
  }
  if (REVERSED.has(status)) {
    told.push(announcement('refund.created', payment, { transaction: payment }));
  }
  return told;
}

function announcement(type: string, payment: Transaction, object: object): VerifiedWebhook {
  const { id, status, refunded_amount: refunded, created_at: createdAt } = payment;
  const isReversal = type === 'refund.created';
  const eventId = isReversal ? `${id}:${status}:${refunded ?? 0}` : `${id}:paid`;
  const payload: CreemEvent = {
    id: eventId,
    eventType: type,
    created_at: toDate(createdAt).getTime(),
    object,
  };
  return { eventId, type, text: JSON.stringify(payload) };
}

function isWithin({ created_at: createdAt }: Transaction, since: Date, until: Date): boolean {
  const at = toDate(createdAt);
  return at >= since && at < until;
}

/** Whether nothing after this page can be within the window: it runs from new to old, and is past its beginning. */
function isOlder(items: readonly Transaction[], since: Date): boolean {
  const times = items.map(({ created_at: createdAt }) => toDate(createdAt).getTime());
  const isSorted = times.every((at, index) => index === 0 || at <= (times[index - 1] ?? at));
  return isSorted && (times.at(-1) ?? 0) < since.getTime();
}
