import { createServer, type Server } from 'node:http';
import Stripe from 'stripe';
import { onTestFinished } from 'vitest';
import { createLogger } from '../../src/platform/logger.ts';
import { type Sandbox, startSandbox } from '../../src/sandbox/sandbox.ts';

const SECRET_KEY = 'sk_test_sandbox';
export const WEBHOOK_SECRETS = ['whsec_first', 'whsec_second'];

export interface GivenSandbox {
  readonly sandbox: Sandbox;
  readonly stripe: Stripe;
  /** A request to the control door; answers its JSON. */
  control(
    method: string,
    path: string,
    body?: unknown,
  ): Promise<{ status: number; body: Record<string, unknown> }>;
  /** Submits the form of a checkout page, without following the redirect. */
  submit(checkoutUrl: string, form: Record<string, string>): Promise<Response>;
}

/** A running sandbox and the real SDK pointed at it; both are gone after the test. */
export async function givenSandbox(
  options: { booksFile?: string; webhookUrl?: string; clockOffsetMs?: number } = {},
): Promise<GivenSandbox> {
  const sandbox = await startSandbox({
    host: '127.0.0.1',
    port: 0,
    booksFile: options.booksFile ?? ':memory:',
    stripe: {
      secretKey: SECRET_KEY,
      publishableKey: 'pk_test_sandbox',
      webhookSecrets: WEBHOOK_SECRETS,
      webhookUrl: options.webhookUrl ?? null,
    },
    ...(options.clockOffsetMs === undefined ? {} : { clockOffsetMs: options.clockOffsetMs }),
    logger: createLogger('silent'),
  });
  onTestFinished(() => sandbox.close());
  return {
    sandbox,
    stripe: stripeAt(sandbox.url),
    control: async (method, path, body) => {
      const response = await fetch(`${sandbox.url}/_control/${path}`, {
        method,
        ...(body === undefined
          ? {}
          : { body: JSON.stringify(body), headers: { 'content-type': 'application/json' } }),
      });
      return {
        status: response.status,
        body: (await response.json()) as Record<string, unknown>,
      };
    },
    submit: (checkoutUrl, form) =>
      fetch(checkoutUrl, {
        method: 'POST',
        body: new URLSearchParams(form),
        redirect: 'manual',
      }),
  };
}

/** The SDK without retries of its own, so that a test sees each answer. */
export function stripeAt(url: string, config: Stripe.StripeConfig = {}): Stripe {
  const { hostname, port } = new URL(url);
  return new Stripe(SECRET_KEY, {
    host: hostname,
    port,
    protocol: 'http',
    maxNetworkRetries: 0,
    timeout: 5000,
    telemetry: false,
    ...config,
  });
}

export interface Receiver {
  readonly url: string;
  /** What came in, in order: the raw body, its signature and the event as the SDK verified it. */
  readonly received: { body: string; signature: string; event: Stripe.Event }[];
  /** The statuses of the next answers; 200 once they are used up. */
  readonly answers: number[];
  types(): string[];
}

/** A receiver of webhooks that verifies them as a gateway does, with the SDK and the second secret. */
export async function givenReceiver(): Promise<Receiver> {
  const received: Receiver['received'] = [];
  const answers: number[] = [];
  const server = createServer(async (request, response) => {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    const body = Buffer.concat(chunks).toString();
    const signature = String(request.headers['stripe-signature']);
    const event = new Stripe(SECRET_KEY).webhooks.constructEvent(
      body,
      signature,
      WEBHOOK_SECRETS[1] ?? '',
    );
    const status = answers.shift() ?? 200;
    if (status === 200) received.push({ body, signature, event });
    response.writeHead(status, status === 302 ? { location: '/elsewhere' } : {}).end();
  });
  await listen(server);
  const address = server.address();
  const port = typeof address === 'object' && address !== null ? address.port : 0;
  return {
    url: `http://127.0.0.1:${port}/webhooks/stripe`,
    received,
    answers,
    types: () => received.map(({ event }) => event.type),
  };
}

/** Listens on a free port until the test is over. */
export async function listen(server: Server): Promise<void> {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(
    () =>
      new Promise<void>((resolve) => {
        server.closeAllConnections();
        server.close(() => resolve());
      }),
  );
}

export const SUCCESS_URL = 'http://localhost:4100/done?session={CHECKOUT_SESSION_ID}';
export const CANCEL_URL = 'http://localhost:4100/cancelled';

/** A customer and a monthly price of 30 dollars. */
export async function givenPlan(stripe: Stripe) {
  const customer = await stripe.customers.create({
    email: 'ada@example.com',
    name: 'Ada',
    metadata: { accountId: 'acc_1' },
  });
  const product = await stripe.products.create({ name: 'Pro' });
  const price = await stripe.prices.create({
    product: product.id,
    currency: 'usd',
    unit_amount: 3000,
    recurring: { interval: 'month' },
    lookup_key: 'pro_month',
  });
  return { customer, product, price };
}

/** An open checkout of that price. */
export async function givenPlanCheckout(
  stripe: Stripe,
  more: Partial<Stripe.Checkout.SessionCreateParams> = {},
) {
  const plan = await givenPlan(stripe);
  const session = await stripe.checkout.sessions.create({
    mode: 'subscription',
    customer: plan.customer.id,
    line_items: [{ price: plan.price.id, quantity: 1 }],
    success_url: SUCCESS_URL,
    cancel_url: CANCEL_URL,
    client_reference_id: 'ord_1',
    metadata: { orderId: 'ord_1' },
    subscription_data: { metadata: { accountId: 'acc_1' } },
    ...more,
  });
  return { ...plan, session, url: session.url ?? '' };
}

/** An open checkout of 1,250 cents for credits. */
export async function givenCreditsCheckout(
  stripe: Stripe,
  more: Partial<Stripe.Checkout.SessionCreateParams> = {},
) {
  const customer = await stripe.customers.create({ email: 'ada@example.com' });
  const session = await stripe.checkout.sessions.create({
    mode: 'payment',
    customer: customer.id,
    line_items: [
      {
        quantity: 1,
        price_data: {
          currency: 'usd',
          unit_amount: 1250,
          product_data: { name: '100 credits' },
        },
      },
    ],
    success_url: SUCCESS_URL,
    cancel_url: CANCEL_URL,
    metadata: { orderId: 'ord_2' },
    payment_intent_data: { metadata: { accountId: 'acc_1' } },
    ...more,
  });
  return { customer, session, url: session.url ?? '' };
}

export const GOOD_CARD = '4242 4242 4242 4242';
