import { createHmac } from 'node:crypto';
import type { FastifyInstance } from 'fastify';
import type { DueEntry } from '../books.ts';
import type { PaymentReversalOrder, ProviderSandbox } from '../provider-sandbox.ts';
import { registerCheckoutPage } from './checkout-page.ts';
import { expireCheckout } from './checkouts.ts';
import { continueSubscription } from './continue-subscription.ts';
import { registerCreemApi } from './creem-api.ts';
import { CreemProblem } from './creem-problem.ts';
import type { CreemWorld } from './creem-world.ts';
import { registerPortalPage } from './portal-page.ts';
import { reversePayment } from './reverse-payment.ts';

export interface CreemKeys {
  readonly apiKey: string;
  readonly webhookSecrets: readonly string[];
}

/** What Creem itself shows to nobody. */
const PRIVATE = new Set(['billing', 'card', 'portal_link']);

/** Creem, as far as the sandbox plays it. */
export class CreemSandbox implements ProviderSandbox {
  readonly name = 'creem';
  readonly #world: CreemWorld;
  readonly #keys: CreemKeys;

  constructor(world: CreemWorld, keys: CreemKeys) {
    this.#world = world;
    this.#keys = keys;
  }

  owns(path: string): boolean {
    return path.startsWith('/creem/');
  }

  register(app: FastifyInstance): void {
    registerCreemApi(app, this.#world, this.#keys.apiKey);
    registerCheckoutPage(app, this.#world);
    registerPortalPage(app, this.#world);
  }

  fallDue(entry: DueEntry): void {
    this.#world.books.transaction(() => {
      if (entry.kind === 'checkout') expireCheckout(this.#world, entry.id);
      else if (entry.kind === 'subscription') continueSubscription(this.#world, entry.id);
      else this.#world.books.setDue(entry.id, null);
    });
  }

  /**
   * Both of Creem's schemes: Standard Webhooks, with one signature for each secret, at real time; and the older
   * `creem-signature`, which has room for one.
   */
  signWebhook(body: string): Record<string, string> {
    const { id } = JSON.parse(body) as { id: string };
    const timestamp = String(Math.floor(Date.now() / 1000));
    const [first = ''] = this.#keys.webhookSecrets;
    return {
      'webhook-id': id,
      'webhook-timestamp': timestamp,
      'webhook-signature': this.#keys.webhookSecrets
        .map((secret) => `v1,${standardSignature(secret, `${id}.${timestamp}.${body}`)}`)
        .join(' '),
      'creem-signature': createHmac('sha256', first).update(body).digest('hex'),
      'user-agent': 'Creem/1.0',
    };
  }

  settlePayment(): undefined {
    return undefined;
  }

  reversePayment(order: PaymentReversalOrder): object | undefined {
    try {
      return this.#world.books.transaction(() => reversePayment(this.#world, order));
    } catch (error) {
      if (error instanceof CreemProblem) return undefined;
      throw error;
    }
  }

  books(): Record<string, unknown> {
    const { books } = this.#world;
    const kept = Object.entries(books.everything()).filter(([kind]) => !PRIVATE.has(kind));
    return { ...Object.fromEntries(kept), event: books.everyEvent() };
  }
}

function standardSignature(secret: string, text: string): string {
  const key = Buffer.from(secret.replace(/^whsec_/, ''), 'base64');
  return createHmac('sha256', key).update(text).digest('base64');
}
