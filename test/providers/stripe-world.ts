import { pino } from 'pino';
import Stripe from 'stripe';
import { createStripeProvider } from '../../src/providers/stripe/stripe-provider.ts';
import { startSandbox } from '../../src/sandbox/sandbox.ts';
import type { Fault, ProviderUnderTest } from './provider-under-test.ts';
import { control, forgetFaults, openWebhookDoor, submit } from './webhook-door.ts';

const KEYS = {
  secretKey: 'sk_test_contract',
  publishableKey: 'pk_test_contract',
  webhookSecrets: ['whsec_contract', 'whsec_contract_older'],
};
const REQUESTS: Readonly<Record<NonNullable<Fault['of']>, object>> = {
  CREATE: { method: 'POST' },
  CANCEL: { method: 'DELETE' },
  CHANGE: { method: 'POST', path: '/v1/subscriptions/*' },
  REFUND: { method: 'POST', path: '/v1/refunds' },
};
const KINDS = { customer: 'customer', price: 'price', checkout: 'checkout.session' } as const;
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
    closesPages: true,
    breakDown: ({ of, ...fault }) =>
      control(sandbox.url, 'faults', { ...fault, ...(of === undefined ? {} : REQUESTS[of]) }),
    recover: () => forgetFaults(sandbox.url),
    count: async (kind) => (await booksOf(sandbox.url)).stripe[KINDS[kind]]?.length ?? 0,
    moneyOf: async (subscriptionId) => moneyOf(await booksOf(sandbox.url), subscriptionId),
    async [Symbol.asyncDispose]() {
      await sandbox.close();
      await door.close();
    },
  };
}

async function booksOf(sandboxUrl: string): Promise<Books> {
  return (await (await fetch(`${sandboxUrl}/_control/books`)).json()) as Books;
}

/** What the payments of the subscription's invoices took, and what was given back of them. */
function moneyOf({ stripe }: Books, subscriptionId: string) {
  const invoices = (stripe.invoice ?? []).filter((invoice) =>
    JSON.stringify(invoice.parent).includes(`"${subscriptionId}"`),
  );
  const invoiceIds = new Set(invoices.map(({ id }) => id));
  const payments = (stripe.invoice_payment ?? []).filter(({ invoice }) => invoiceIds.has(invoice));
  const intents = new Set(
    payments.map(({ payment }) => (payment as { payment_intent?: string }).payment_intent),
  );
  const refunds = (stripe.refund ?? []).filter(({ payment_intent }) =>
    intents.has(payment_intent as string),
  );
  return {
    paidMinor: sum(invoices.map(({ amount_paid }) => amount_paid)),
    refundedMinor: sum(refunds.map(({ amount }) => amount)),
  };
}

function sum(amounts: readonly unknown[]): bigint {
  return amounts.reduce<bigint>((total, amount) => total + BigInt(amount as number), 0n);
}
