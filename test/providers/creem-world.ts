import { pino } from 'pino';
import { createCreemProvider } from '../../src/providers/creem/creem-provider.ts';
import { startSandbox } from '../../src/sandbox/sandbox.ts';
import type { Fault, ProviderUnderTest } from './provider-under-test.ts';
import { control, forgetFaults, openWebhookDoor, submit } from './webhook-door.ts';

const KEYS = {
  apiKey: 'creem_test_contract',
  webhookSecrets: [
    `whsec_${Buffer.from('the newer secret of the contract').toString('base64')}`,
    `whsec_${Buffer.from('the older secret of the contract').toString('base64')}`,
  ],
};
/** The secret with which the sandbox signs first. */
export const [WEBHOOK_SECRET = ''] = KEYS.webhookSecrets;
const CARDS = { GOOD: '4242424242424242', DECLINED: '4000000000000002' };
const REQUESTS: Readonly<Record<NonNullable<Fault['of']>, object>> = {
  CREATE: { method: 'POST' },
  CANCEL: { method: 'POST', path: '/creem/v1/subscriptions/*/cancel' },
  CHANGE: { method: 'POST', path: '/creem/v1/subscriptions/*' },
  REFUND: { method: 'POST', path: '/creem/v1/refunds' },
};
const KINDS = { customer: 'customer', price: 'product', checkout: 'checkout' } as const;

interface Books {
  readonly creem: Readonly<Record<string, readonly Readonly<Record<string, unknown>>[]>>;
}

export interface CreemWorldUnderTest extends ProviderUnderTest {
  /** Where the sandbox plays Creem. */
  readonly apiBase: string;
  readonly apiKey: string;
  moveClock(to: Date): void;
  /** Presses a button of a page. */
  press(pageUrl: string, form: Record<string, string>): Promise<void>;
  books(): Promise<Books['creem']>;
}

/** The Creem adapter with the sandbox, over HTTP as in production, and a door for its webhooks. */
export async function startCreemWorld(): Promise<CreemWorldUnderTest> {
  const door = await openWebhookDoor();
  const sandbox = await startSandbox({
    host: '127.0.0.1',
    port: 0,
    booksFile: ':memory:',
    creem: { ...KEYS, webhookUrl: door.url },
    logger: pino({ level: 'silent' }),
  });
  const apiBase = `${sandbox.url}/creem`;
  const books = async () =>
    ((await (await fetch(`${sandbox.url}/_control/books`)).json()) as Books).creem;
  return {
    provider: createCreemProvider({
      apiKey: KEYS.apiKey,
      webhookSecrets: KEYS.webhookSecrets.slice(1),
      apiBase,
      now: () => sandbox.now(),
      timeoutMs: 2000,
    }),
    apiBase,
    apiKey: KEYS.apiKey,
    closesPages: false,
    webhooks: door.webhooks,
    now: () => sandbox.now(),
    moveClock: (to) => sandbox.moveClock(to),
    pay: (pageUrl, card) => submit(pageUrl, { action: 'pay', cardNumber: CARDS[card] }),
    press: submit,
    breakDown: ({ of, ...fault }) =>
      control(sandbox.url, 'faults', { ...fault, ...(of === undefined ? {} : REQUESTS[of]) }),
    recover: () => forgetFaults(sandbox.url),
    count: async (kind) => (await books())[KINDS[kind]]?.length ?? 0,
    moneyOf: async (subscriptionId) => moneyOf(await books(), subscriptionId),
    books,
    async [Symbol.asyncDispose]() {
      await sandbox.close();
      await door.close();
    },
  };
}

function moneyOf(books: Books['creem'], subscriptionId: string) {
  const payments = (books.transaction ?? []).filter(
    ({ subscription }) => subscription === subscriptionId,
  );
  const refunds = (books.refund ?? []).filter(
    ({ subscription }) => subscription === subscriptionId,
  );
  return {
    paidMinor: sum(payments.map(({ amount_paid }) => amount_paid)),
    refundedMinor: sum(refunds.map(({ refund_amount }) => refund_amount)),
  };
}

function sum(amounts: readonly unknown[]): bigint {
  return amounts.reduce<bigint>((total, amount) => total + BigInt(amount as number), 0n);
}
