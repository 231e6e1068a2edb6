import fastify, { type FastifyInstance } from 'fastify';
import { invariant } from '../platform/assert.ts';
import type { Logger } from '../platform/logger.ts';
import { Books } from './books.ts';
import { registerControlDoor } from './control-door.ts';
import { type CreemKeys, CreemSandbox } from './creem/creem-sandbox.ts';
import { CreemWorld } from './creem/creem-world.ts';
import { Faults } from './faults.ts';
import { ProviderBooks } from './provider-books.ts';
import type { PaymentReversalOrder, ProviderSandbox } from './provider-sandbox.ts';
import { SandboxClock } from './sandbox-clock.ts';
import { type StripeKeys, StripeSandbox } from './stripe/stripe-sandbox.ts';
import { StripeWorld } from './stripe/stripe-world.ts';
import { WebhookDeliverer } from './webhook-deliverer.ts';

export interface SandboxOptions {
  readonly host: string;
  /** 0 picks a free one. */
  readonly port: number;
  /** The SQLite file of its books, or `:memory:`. */
  readonly booksFile: string;
  /** Without its keys a provider is not played. */
  readonly stripe?: StripeKeys & { readonly webhookUrl: string | null };
  readonly creem?: CreemKeys & { readonly webhookUrl: string | null };
  /** How far domain time is ahead of the machine's; without it, as far as when the sandbox last stopped. */
  readonly clockOffsetMs?: number;
  readonly logger: Logger;
}

export interface Sandbox {
  /** Where it listens: the base of Stripe's API, and of the control door. Creem's API and pages are under `/creem`. */
  readonly url: string;
  /** Where a provider's webhooks go from now on; until one is given they wait. */
  setWebhookUrl(provider: 'stripe' | 'creem', url: string | null): void;
  /** Sends what waits, and resolves when it has arrived or `timeoutMs` is over; answers how many have not. */
  drain(timeoutMs?: number): Promise<{ undelivered: number }>;
  /** Domain time. */
  now(): Date;
  /** When something next falls due in the sandbox; null when nothing does. */
  nextDueAt(): Date | null;
  /** Moves domain time forward, letting everything happen, in order, that falls due on the way. Never backward. */
  moveClock(to: Date): void;
  close(): Promise<void>;
}

const SWEEP_MS = 1000;
const LARGEST_BODY = 1024 * 1024;

/**
 * Starts a local server that plays the payment providers: their APIs for the real SDKs, hosted pages, signed webhooks and a
 * control door. Its books survive a stop, and a kill. Throws when the port is taken or the file cannot be opened.
 */
export async function startSandbox(options: SandboxOptions): Promise<Sandbox> {
  const books = new Books(options.booksFile);
  const clock = new SandboxClock(books, options.clockOffsetMs);
  const deliverer = new WebhookDeliverer(books, options.logger);
  let origin = '';
  const providers = playedProviders(options, { books, clock, deliverer, origin: () => origin });
  const happenings = new Happenings(books, clock, providers);
  const faults = new Faults(providers);
  const app = createServer(options.logger);
  app.addHook('onRequest', async () => {
    happenings.catchUp();
  });
  faults.register(app);
  for (const provider of providers) {
    deliverer.addSender(provider);
    app.register((scope, _options, done) => {
      provider.register(scope);
      done();
    });
  }
  app.register((scope, _options, done) => {
    registerControlDoor(scope, controlsOf(providers, faults, deliverer, happenings));
    done();
  });
  try {
    await app.listen({ host: options.host, port: options.port });
  } catch (error) {
    books.close();
    throw error;
  }
  origin = originOf(app, options.host);
  books.moveOrigin(origin);
  deliverer.setUrl('stripe', options.stripe?.webhookUrl ?? null);
  deliverer.setUrl('creem', options.creem?.webhookUrl ?? null);
  const sweep = setInterval(() => sweepSafely(happenings, options.logger), SWEEP_MS);
  sweep.unref();
  const stop = async () => {
    clearInterval(sweep);
    await deliverer.close();
    await app.close();
    books.close();
  };
  let closing: Promise<void> | undefined;
  return {
    url: origin,
    setWebhookUrl: (provider, url) => deliverer.setUrl(provider, url),
    drain: (timeoutMs) => deliverer.drain(timeoutMs),
    now: () => clock.now(),
    nextDueAt: () => happenings.nextDueAt(),
    moveClock: (to) => happenings.moveClock(to),
    close: () => {
      closing ??= stop();
      return closing;
    },
  };
}

function sweepSafely(happenings: Happenings, logger: Logger): void {
  try {
    happenings.catchUp();
  } catch (error) {
    logger.error({ err: error }, 'what fell due in the sandbox did not happen');
  }
}

/** What happens by itself when its time comes, each at its own moment. */
class Happenings {
  readonly #books: Books;
  readonly #clock: SandboxClock;
  readonly #providers: readonly ProviderSandbox[];
  readonly #names: readonly string[];

  constructor(books: Books, clock: SandboxClock, providers: readonly ProviderSandbox[]) {
    this.#books = books;
    this.#clock = clock;
    this.#providers = providers;
    this.#names = providers.map(({ name }) => name);
  }

  catchUp(): void {
    for (;;) {
      const next = this.#books.firstDueBy(this.#clock.seconds(), this.#names);
      if (next === undefined) return;
      const provider = this.#providers.find((candidate) => candidate.name === next.provider);
      invariant(provider, `a sandbox for ${next.provider}`);
      this.#clock.at(new Date(next.dueAt * 1000), () => provider.fallDue(next));
    }
  }

  moveClock(to: Date): void {
    if (to > this.#clock.now()) this.#clock.moveTo(to);
    this.catchUp();
  }

  nextDueAt(): Date | null {
    const dueAt = this.#books.nextDueAt(this.#names);
    return dueAt === null ? null : new Date(dueAt * 1000);
  }

  clock(): { now: string; offsetMs: number; nextDueAt: string | null } {
    return {
      now: this.#clock.now().toISOString(),
      offsetMs: this.#clock.offsetMs,
      nextDueAt: this.nextDueAt()?.toISOString() ?? null,
    };
  }
}

function playedProviders(
  { stripe, creem }: SandboxOptions,
  core: { books: Books; clock: SandboxClock; deliverer: WebhookDeliverer; origin: () => string },
): ProviderSandbox[] {
  const partsFor = (provider: string) => ({
    books: new ProviderBooks(core.books, provider),
    clock: core.clock,
    origin: core.origin,
    queueWebhook: (eventId: string) => {
      core.deliverer.outbox.queue(provider, eventId);
      core.deliverer.wake();
    },
  });
  return [
    ...(stripe ? [new StripeSandbox(new StripeWorld(partsFor('stripe')), stripe)] : []),
    ...(creem ? [new CreemSandbox(new CreemWorld(partsFor('creem')), creem)] : []),
  ];
}

function controlsOf(
  providers: readonly ProviderSandbox[],
  faults: Faults,
  deliverer: WebhookDeliverer,
  happenings: Happenings,
) {
  return {
    providers: providers.map((provider) => provider.name),
    faults,
    webhooks: {
      flow: () => deliverer.outbox.flow,
      setFlow: (flow: Parameters<typeof deliverer.outbox.setFlow>[0]) => {
        deliverer.outbox.setFlow(flow);
        deliverer.wake();
      },
      release: () => {
        const released = deliverer.outbox.release();
        deliverer.wake();
        return released;
      },
    },
    settlePayment: (checkoutId: string, outcome: 'succeed' | 'fail') => {
      for (const provider of providers) {
        const settled = provider.settlePayment(checkoutId, outcome);
        if (settled !== undefined) return settled;
      }
      return undefined;
    },
    reversePayment: (order: PaymentReversalOrder) => {
      for (const provider of providers) {
        const reversed = provider.reversePayment(order);
        if (reversed !== undefined) return reversed;
      }
      return undefined;
    },
    moveClock: (to: Date) => happenings.moveClock(to),
    clock: () => happenings.clock(),
    books: () => Object.fromEntries(providers.map((provider) => [provider.name, provider.books()])),
  };
}

function createServer(logger: Logger): FastifyInstance {
  const app = fastify({
    forceCloseConnections: true,
    bodyLimit: LARGEST_BODY,
    ajv: { customOptions: { removeAdditional: false, coerceTypes: false } },
  });
  app.addContentTypeParser(
    'application/x-www-form-urlencoded',
    { parseAs: 'string' },
    (_request, body, done) => done(null, body),
  );
  app.removeContentTypeParser('application/json');
  app.addContentTypeParser('application/json', { parseAs: 'string' }, (_request, body, done) => {
    try {
      done(null, body === '' ? {} : JSON.parse(String(body)));
    } catch {
      done(Object.assign(new Error('The body is not JSON.'), { statusCode: 400 }));
    }
  });
  app.setErrorHandler((error: { statusCode?: number; message: string }, _request, reply) => {
    const status = error.statusCode ?? 500;
    if (status >= 500) logger.error({ err: error }, 'the sandbox could not answer');
    const type = status >= 500 ? 'api_error' : 'invalid_request_error';
    return reply.code(status).send({ error: { type, message: error.message } });
  });
  app.setNotFoundHandler((request, reply) =>
    reply.code(404).send({
      error: {
        type: 'invalid_request_error',
        message: `Unrecognized request URL (${request.method}: ${request.url.split('?', 1)[0]}).`,
      },
    }),
  );
  return app;
}

function originOf(app: FastifyInstance, host: string): string {
  const address = app.server.address();
  const port = typeof address === 'object' && address !== null ? address.port : 0;
  const everywhere = host === '0.0.0.0' || host === '::';
  const name = everywhere ? '127.0.0.1' : host.includes(':') ? `[${host}]` : host;
  return `http://${name}:${port}`;
}
