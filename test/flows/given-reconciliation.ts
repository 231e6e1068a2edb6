import type Stripe from 'stripe';
import type { TestGateway } from '../support/gateway.ts';
import { AdvanceClockDocument } from '../support/operations.generated.ts';
import { booksOf, control, sql } from './given-purchases.ts';

/** One type of each kind of news: none of these ever arrives. */
const LOST_TYPES = [
  'checkout.session.completed',
  'checkout.session.expired',
  'customer.subscription.updated',
  'customer.subscription.deleted',
  'invoice.paid',
  'invoice.payment_failed',
  'payment_method.attached',
  'payment_method.detached',
  'customer.updated',
];

/** Loses every webhook of some types, and 5 % of the others, for ever. */
export function loseWebhooks(gateway: TestGateway): Promise<unknown> {
  return control(gateway, 'webhooks', { dropTypes: LOST_TYPES, dropShare: 0.05 });
}

export async function advance(gateway: TestGateway, ms: number): Promise<void> {
  const to = new Date(gateway.app.services.clock.now().getTime() + ms).toISOString();
  await gateway.admin.request(AdvanceClockDocument, { to });
}

/** One interval of the reconciliation, and what follows from it. */
export async function reconcile(gateway: TestGateway) {
  await advance(gateway, 60_000);
  const repairs = await gateway.app.services.reconciliation.run();
  await gateway.settled();
  return repairs.get('STRIPE');
}

interface Account {
  readonly orders: Record<string, string>;
  readonly subscriptions: Record<string, string>;
  readonly invoices: Record<string, string>;
  readonly cards: readonly string[];
  readonly charged: string | null;
  readonly bought: number;
  readonly paidMonths: number;
}

const KNOWN = `
  select c.customer_id as customer, json_build_object(
    'orders', coalesce((select json_object_agg(provider_checkout_id, status) from purchase_order
      where account_id = c.account_id and provider_checkout_id is not null), '{}'),
    'subscriptions', coalesce((select json_object_agg(provider_subscription_id, concat_ws(' ', status, provider_price_id,
        extract(epoch from current_period_end)::bigint, cancel_at_period_end)) from plan_subscription
      where account_id = c.account_id), '{}'),
    'invoices', coalesce((select json_object_agg(provider_invoice_id, concat_ws(' ', status, amount_minor)) from invoice
      where account_id = c.account_id), '{}'),
    'cards', coalesce((select json_agg(provider_payment_method_id order by provider_payment_method_id) from payment_method
      where account_id = c.account_id and detached_at is null), '[]'),
    'charged', (select provider_payment_method_id from payment_method
      where account_id = c.account_id and detached_at is null and is_default),
    'bought', (select count(*) from credit_grant where account_id = c.account_id and cause_kind = 'order'),
    'paidMonths', (select count(*) from credit_grant where account_id = c.account_id and cause_kind = 'invoice')
  ) as account from provider_customer c where c.customer_id = any ($1)`;

/** What the gateway knows, by customer. */
export async function known(
  gateway: TestGateway,
  customers: readonly string[],
): Promise<Record<string, Account>> {
  const rows = await sql<{ customer: string; account: Account }>(gateway, KNOWN, [[...customers]]);
  return Object.fromEntries(rows.map(({ customer, account }) => [customer, account]));
}

/** The same by the provider's own books. */
export async function truth(gateway: TestGateway): Promise<Record<string, Account>> {
  const books = await booksOf(gateway);
  const methods = (books as unknown as { payment_method?: Stripe.PaymentMethod[] }).payment_method;
  return Object.fromEntries(
    books.customer.map((customer) => {
      const own = (one: { customer: unknown }) => one.customer === customer.id;
      const sessions = books['checkout.session'].filter(own);
      const subscriptions = books.subscription.filter(own);
      const invoices = books.invoice.filter(own);
      // Nothing is announced of cards when a subscription ends: what it was charged to stays known.
      const last = subscriptions.at(-1);
      const cards = (methods ?? []).filter(own).map(({ id }) => id);
      return [
        customer.id,
        {
          orders: Object.fromEntries(sessions.map((one) => [one.id, orderStatus(one)])),
          subscriptions: Object.fromEntries(subscriptions.map((one) => [one.id, stateOf(one)])),
          invoices: Object.fromEntries(
            invoices.map(({ id, status, total }) => [id, `${status?.toUpperCase()} ${total}`]),
          ),
          cards: cards.toSorted(),
          charged: chargedCard(customer, last),
          bought: sessions.filter(({ mode, status }) => mode === 'payment' && status === 'complete')
            .length,
          paidMonths: invoices.filter(
            ({ status, amount_paid: paid, billing_reason: reason }) =>
              status === 'paid' && paid > 0 && reason !== 'subscription_update',
          ).length,
        },
      ];
    }),
  );
}

function orderStatus({ status }: Stripe.Checkout.Session): string {
  return status === 'complete' ? 'PAID' : status === 'expired' ? 'EXPIRED' : 'PENDING';
}

function stateOf(one: Stripe.Subscription): string {
  const [item] = one.items.data;
  const ends = one.cancel_at_period_end ? 't' : 'f';
  return `${one.status.toUpperCase()} ${item?.price.id} ${item?.current_period_end} ${ends}`;
}

function chargedCard(customer: Stripe.Customer, last: Stripe.Subscription | undefined) {
  const card =
    customer.invoice_settings.default_payment_method ?? last?.default_payment_method ?? null;
  return typeof card === 'string' ? card : null;
}
