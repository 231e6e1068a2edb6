import { randomBytes } from 'node:crypto';
import { mkdtemp, readFile, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Client } from 'pg';
import Stripe from 'stripe';
import { expect } from 'vitest';
import type { TestAccount, TestGateway } from '../support/gateway.ts';
import {
  CreateCheckoutDocument,
  type CreateCheckoutInput,
  type CreateCheckoutMutation,
  RechargeDocument,
  type RechargeInput,
  type RechargeMutation,
} from '../support/operations.generated.ts';

export const WEBHOOK_SECRET = 'whsec_purchases';
export const SUCCESS_URL = 'http://localhost:3000/welcome';
export const CANCEL_URL = 'http://localhost:3000/pricing';

export type CheckoutAnswer = CreateCheckoutMutation['createCheckout'];
export type RechargeAnswer = RechargeMutation['recharge'];
type Page<Answer> = Extract<Answer, { checkoutUrl: string }>;

/** The catalogue of the product, changed; answers what CATALOGUE has to be. */
export async function givenCatalogue(
  change: (catalogue: {
    plans: Record<string, unknown>[];
    lifecycle: Record<string, unknown>;
    [key: string]: unknown;
  }) => void,
): Promise<string> {
  const catalogue = JSON.parse(await readFile('config.json', 'utf8'));
  change(catalogue);
  const file = join(await mkdtemp(join(tmpdir(), 'tollgate-test-')), 'config.json');
  await writeFile(file, JSON.stringify(catalogue));
  return file;
}

export function newKey(): string {
  return randomBytes(8).toString('hex');
}

export async function checkout(
  account: TestAccount,
  input: Partial<CreateCheckoutInput> = {},
): Promise<CheckoutAnswer> {
  const { createCheckout } = await account.client.request(CreateCheckoutDocument, {
    input: {
      planSlug: 'starter-pro',
      successUrl: SUCCESS_URL,
      cancelUrl: CANCEL_URL,
      idempotencyKey: newKey(),
      ...input,
    },
  });
  return createCheckout;
}

export async function recharge(
  account: TestAccount,
  input: Partial<RechargeInput> = {},
): Promise<RechargeAnswer> {
  const { recharge: answer } = await account.client.request(RechargeDocument, {
    input: {
      successUrl: SUCCESS_URL,
      cancelUrl: CANCEL_URL,
      idempotencyKey: newKey(),
      ...(input.packageId === undefined ? { amountMinorUnits: 1_500 } : {}),
      ...input,
    },
  });
  return answer;
}

/** The page that a purchase opened; throws when it was refused. */
export function pageOf<Answer extends CheckoutAnswer | RechargeAnswer>(
  answer: Answer,
): Page<Answer> {
  if (!('checkoutUrl' in answer)) throw new Error(JSON.stringify(answer));
  return answer as Page<Answer>;
}

/** Fills the hosted page in; answers its HTTP status, 303 when it was accepted. */
export async function pay(
  url: string,
  { action = 'pay', cardNumber = '4242424242424242' } = {},
): Promise<number> {
  const body = new URLSearchParams({ action, cardNumber });
  const response = await fetch(url, { method: 'POST', body, redirect: 'manual' });
  await response.arrayBuffer();
  return response.status;
}

/** Turns the sandbox's control door. */
export async function control(gateway: TestGateway, path: string, body?: object): Promise<unknown> {
  const response = await fetch(`${gateway.sandboxUrl}/_control/${path}`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(body ?? {}),
  });
  if (!response.ok) throw new Error(`${path}: ${await response.text()}`);
  return response.json();
}

export async function forgetFaults(gateway: TestGateway): Promise<void> {
  await fetch(`${gateway.sandboxUrl}/_control/faults`, { method: 'DELETE' });
}

interface Books {
  readonly customer: Stripe.Customer[];
  readonly 'checkout.session': Stripe.Checkout.Session[];
  readonly subscription: Stripe.Subscription[];
  readonly invoice: Stripe.Invoice[];
  readonly refund: Stripe.Refund[];
  readonly dispute: Stripe.Dispute[];
  readonly price: Stripe.Price[];
  readonly event: Stripe.Event[];
}

/** What the provider knows. */
export async function booksOf(gateway: Pick<TestGateway, 'sandboxUrl'>): Promise<Books> {
  const response = await fetch(`${gateway.sandboxUrl}/_control/books`);
  const { stripe } = (await response.json()) as { stripe: Partial<Books> };
  return {
    customer: [],
    'checkout.session': [],
    subscription: [],
    invoice: [],
    refund: [],
    dispute: [],
    price: [],
    event: [],
    ...stripe,
  };
}

/** The provider's events about one account. */
export function eventsAbout(books: Books, accountId: string): Stripe.Event[] {
  const customer = books.customer.find(({ metadata }) => metadata.accountId === accountId);
  return books.event.filter(({ data }) => {
    const object = data.object as { customer?: unknown; id?: string };
    return object.customer === customer?.id;
  });
}

const stripe = new Stripe('sk_test_only_signs');

/** Posts a signed event to the gateway's door; answers the HTTP status. */
export async function deliver(gatewayUrl: string, event: object): Promise<number> {
  const payload = JSON.stringify(event);
  const signature = stripe.webhooks.generateTestHeaderString({ payload, secret: WEBHOOK_SECRET });
  const response = await fetch(`${gatewayUrl}/webhooks/stripe`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', 'stripe-signature': signature },
    body: payload,
  });
  await response.arrayBuffer();
  return response.status;
}

/** Does the work on every item, so many at a time. */
export async function each<Item, Outcome>(
  items: readonly Item[],
  work: (item: Item, index: number) => Promise<Outcome>,
  atOnce = 16,
): Promise<Outcome[]> {
  const outcomes: Outcome[] = new Array(items.length);
  let next = 0;
  const worker = async () => {
    for (let index = next++; index < items.length; index = next++)
      outcomes[index] = await work(items[index] as Item, index);
  };
  await Promise.all(Array.from({ length: atOnce }, worker));
  return outcomes;
}

export function permutations<Item>(items: readonly Item[]): Item[][] {
  if (items.length <= 1) return [[...items]];
  return items.flatMap((item, index) =>
    permutations(items.toSpliced(index, 1)).map((rest) => [item, ...rest]),
  );
}

const END_STATE = `
  select a.id, json_build_object(
    'account', json_build_object('status', a.status, 'endsAt', a.status_ends_at is null, 'blocked', a.blocked_at is not null),
    'orders', (select json_agg(json_build_object('kind', o.kind, 'status', o.status, 'paid', o.paid_at is not null,
        'amount', o.amount_minor, 'checkout', o.provider_checkout_id is not null,
        'payment', o.provider_payment_id is not null, 'subscription', o.provider_subscription_id is not null) order by o.id)
      from purchase_order o where o.account_id = a.id),
    'subscriptions', (select json_agg(json_build_object('status', s.status, 'plan', p.slug, 'price', s.price_minor,
        'credits', s.monthly_credits, 'refused', s.is_refused, 'ended', s.ended_at is not null) order by s.id)
      from plan_subscription s join plan p on p.id = s.plan_id where s.account_id = a.id),
    'invoices', (select json_agg(json_build_object('status', i.status, 'amount', i.amount_minor, 'number', i.number is not null,
        'paid', i.paid_at is not null, 'pages', i.hosted_url is not null and i.pdf_url is not null) order by i.id)
      from invoice i where i.account_id = a.id),
    'grants', (select json_agg(json_build_object('source', g.source, 'amount', g.amount_micro, 'remaining', g.remaining_micro,
        'status', g.status, 'cause', g.cause_kind, 'expires', g.expires_at is not null) order by g.id)
      from credit_grant g where g.account_id = a.id),
    'balance', (select json_build_object('total', b.total_micro, 'plan', b.plan_micro, 'bought', b.purchased_micro,
        'owed', b.owed_micro, 'entries', b.sequence)
      from credit_balance b where b.account_id = a.id)
  ) as state from account a where a.id = any ($1)`;

export interface EndState {
  readonly account: object;
  readonly orders: object[] | null;
  readonly subscriptions: object[] | null;
  readonly invoices: object[] | null;
  readonly grants: object[] | null;
  readonly balance: object;
}

/** Everything that buying left behind, ids and instants apart, by account. */
export async function endStates(
  gateway: TestGateway,
  accountIds: readonly string[],
): Promise<Map<string, EndState>> {
  const rows = await sql<{ id: string; state: EndState }>(gateway, END_STATE, [[...accountIds]]);
  return new Map(rows.map(({ id, state }) => [id, state]));
}

/** Asks the gateway's database as its owner. */
export async function sql<Row>(
  gateway: TestGateway,
  text: string,
  values: unknown[] = [],
): Promise<Row[]> {
  const client = new Client({ connectionString: gateway.database.ownerUrl });
  await client.connect();
  try {
    return (await client.query(text, values)).rows as Row[];
  } finally {
    await client.end();
  }
}

/** Sends the mutation as a client would that knows no types; it has to be refused with this code. */
export async function expectRefused(
  account: TestAccount,
  mutation: string,
  input: object,
  code = 'BAD_USER_INPUT',
): Promise<void> {
  const variables = { input: { successUrl: SUCCESS_URL, cancelUrl: CANCEL_URL, ...input } };
  const { errors } = await account.client.post({ query: mutation, variables });
  expect(errors.map(({ extensions }) => extensions.code)).toEqual([code]);
}

/** Holds what the provider has of an account against these numbers. */
export async function expectAtProvider(
  gateway: TestGateway,
  { id }: TestAccount,
  expected: { customers?: number; sessions?: number; open?: number },
): Promise<void> {
  const books = await booksOf(gateway);
  const own = ({ metadata }: { metadata: Record<string, string> | null }) =>
    metadata?.accountId === id;
  const sessions = books['checkout.session'].filter(own);
  expect({
    customers: books.customer.filter(own).length,
    sessions: sessions.length,
    open: sessions.filter(({ status }) => status === 'open').length,
  }).toMatchObject(expected);
}
