import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { buffer } from 'node:stream/consumers';
import { pino } from 'pino';
import Stripe from 'stripe';
import { createStripeProvider } from '../../src/providers/stripe/stripe-provider.ts';
import { startSandbox } from '../../src/sandbox/sandbox.ts';
import type { ProviderUnderTest, ReceivedWebhook } from './provider-under-test.ts';

const KEYS = {
  secretKey: 'sk_test_contract',
  publishableKey: 'pk_test_contract',
  webhookSecrets: ['whsec_contract', 'whsec_contract_older'],
};
const CARDS = { GOOD: '4242424242424242', DECLINED: '4000000000000002' };

interface Books {
  readonly stripe: Readonly<Record<string, readonly Readonly<Record<string, unknown>>[]>>;
}

export interface StripeWorldUnderTest extends ProviderUnderTest {
  /** Pays by a means whose money comes later, such as a bank transfer. */
  payLater(pageUrl: string): Promise<void>;
  /** The money of such a payment comes, or does not. */
  settle(checkoutId: string, outcome: 'succeed' | 'fail'): Promise<void>;
  /** What an operator does in the dashboard, or a customer's bank, to a payment. */
  reverse(payment: string, action: string, amount?: number): Promise<void>;
  moveClock(to: Date): void;
  /** Stripe's own client, for what somebody does in the dashboard. */
  readonly dashboard: Stripe;
}

/** The Stripe adapter with the sandbox, over HTTP as in production, and a door for its webhooks. */
export async function startStripeWorld(): Promise<StripeWorldUnderTest> {
  const door = await openWebhookDoor();
  const sandbox = await startSandbox({
    host: '127.0.0.1',
    port: 0,
    booksFile: ':memory:',
    stripe: { ...KEYS, webhookUrl: door.url },
    logger: pino({ level: 'silent' }),
  });
  return {
    provider: createStripeProvider({
      ...KEYS,
      webhookSecrets: ['whsec_contract_older'],
      apiBase: sandbox.url,
      now: () => sandbox.now(),
      timeoutMs: 2000,
    }),
    dashboard: new Stripe(KEYS.secretKey, {
      host: '127.0.0.1',
      port: new URL(sandbox.url).port,
      protocol: 'http',
    }),
    webhooks: door.webhooks,
    now: () => sandbox.now(),
    moveClock: (to) => sandbox.moveClock(to),
    pay: (pageUrl, card) => submit(pageUrl, { action: 'pay', cardNumber: CARDS[card] }),
    payLater: (pageUrl) => submit(pageUrl, { action: 'pay_later' }),
    settle: (checkout, outcome) => control(sandbox.url, 'payments', { checkout, outcome }),
    reverse: (payment, action, amount) =>
      control(sandbox.url, 'reversals', { payment, action, amount }),
    loseAnswers: (method, effect, times) =>
      control(sandbox.url, 'faults', { method, effect, times, after: true }),
    refundedMinor: async ({ subscriptionId }) =>
      refundedOf(await booksOf(sandbox.url), subscriptionId),
    async [Symbol.asyncDispose]() {
      await sandbox.close();
      await door.close();
    },
  };
}

async function openWebhookDoor() {
  const webhooks: ReceivedWebhook[] = [];
  const server = createServer(async (request, response) => {
    webhooks.push({ rawBody: await buffer(request), headers: request.headers });
    response.end();
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    webhooks,
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/webhooks/stripe`,
    async close() {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
}

/** A declined card is 402: the page again, with what went wrong. */
async function submit(pageUrl: string, form: Record<string, string>): Promise<void> {
  const body = new URLSearchParams(form);
  const answer = await fetch(pageUrl, { method: 'POST', body, redirect: 'manual' });
  if (answer.status !== 303 && answer.status !== 402) {
    throw new Error(`The page answered ${answer.status}: ${await answer.text()}`);
  }
  await answer.body?.cancel();
}

async function control(sandboxUrl: string, what: string, order: object): Promise<void> {
  const answer = await fetch(`${sandboxUrl}/_control/${what}`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(order),
  });
  if (!answer.ok)
    throw new Error(`The control door answered ${answer.status}: ${await answer.text()}`);
  await answer.body?.cancel();
}

async function booksOf(sandboxUrl: string): Promise<Books> {
  return (await (await fetch(`${sandboxUrl}/_control/books`)).json()) as Books;
}

/** The sandbox's refunds of the payments of the subscription's invoices, added up from its own books. */
function refundedOf({ stripe }: Books, subscriptionId: string): bigint {
  const invoices = (stripe.invoice ?? []).filter((invoice) =>
    JSON.stringify(invoice.parent).includes(`"${subscriptionId}"`),
  );
  const invoiceIds = new Set(invoices.map(({ id }) => id));
  const payments = (stripe.invoice_payment ?? []).filter(({ invoice }) => invoiceIds.has(invoice));
  const intents = new Set(
    payments.map(({ payment }) => (payment as { payment_intent?: string }).payment_intent),
  );
  return (stripe.refund ?? [])
    .filter(({ payment_intent }) => intents.has(payment_intent as string))
    .reduce((sum, { amount }) => sum + BigInt(amount as number), 0n);
}
