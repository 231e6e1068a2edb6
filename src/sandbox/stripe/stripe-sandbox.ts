import { createHmac } from 'node:crypto';
import type { FastifyInstance } from 'fastify';
import type { DueEntry } from '../books.ts';
import type { PaymentReversalOrder, ProviderSandbox } from '../provider-sandbox.ts';
import { registerCheckoutPage } from './checkout-page.ts';
import { expireSession } from './checkout-sessions.ts';
import { registerInvoicePage } from './invoice-page.ts';
import { registerPortalPage } from './portal-page.ts';
import { continueSubscription } from './renew-subscription.ts';
import { reversePayment } from './reverse-payment.ts';
import { enterNextPhase } from './schedules.ts';
import { settleCheckout } from './settle-checkout.ts';
import { registerSetupPage } from './setup-page.ts';
import { registerStripeApi } from './stripe-api.ts';
import { StripeProblem } from './stripe-problem.ts';
import type { StripeWorld } from './stripe-world.ts';

export interface StripeKeys {
  readonly secretKey: string;
  readonly publishableKey: string;
  readonly webhookSecrets: readonly string[];
}

/** Stripe, as far as the sandbox plays it. */
export class StripeSandbox implements ProviderSandbox {
  readonly name = 'stripe';
  readonly #world: StripeWorld;
  readonly #keys: StripeKeys;

  constructor(world: StripeWorld, keys: StripeKeys) {
    this.#world = world;
    this.#keys = keys;
  }

  owns(path: string): boolean {
    return /^\/(v1|checkout|invoices|setup|portal)(\/|$)/.test(path);
  }

  register(app: FastifyInstance): void {
    registerStripeApi(app, this.#world, this.#keys.secretKey);
    registerCheckoutPage(app, this.#world);
    registerInvoicePage(app, this.#world);
    registerSetupPage(app, this.#world);
    registerPortalPage(app, this.#world);
  }

  fallDue(entry: DueEntry): void {
    this.#world.act(null, () => {
      if (entry.kind === 'checkout.session') expireSession(this.#world, entry.id);
      else if (entry.kind === 'subscription') continueSubscription(this.#world, entry.id);
      else if (entry.kind === 'subscription_schedule') enterNextPhase(this.#world, entry.id);
      else this.#world.books.setDue(entry.id, null);
    });
  }

  /** `t=…,v1=…`, one `v1` for each secret; signed at real time. */
  signWebhook(body: string): Record<string, string> {
    const timestamp = Math.floor(Date.now() / 1000);
    const signatures = this.#keys.webhookSecrets.map(
      (secret) => `v1=${createHmac('sha256', secret).update(`${timestamp}.${body}`).digest('hex')}`,
    );
    return {
      'stripe-signature': [`t=${timestamp}`, ...signatures].join(','),
      'user-agent': 'Stripe/1.0 (+https://stripe.com/docs/webhooks)',
    };
  }

  settlePayment(checkoutId: string, outcome: 'succeed' | 'fail'): object | undefined {
    return this.#unlessRefused(() => settleCheckout(this.#world, checkoutId, outcome));
  }

  reversePayment(order: PaymentReversalOrder): object | undefined {
    return this.#unlessRefused(() => reversePayment(this.#world, order));
  }

  books(): Record<string, unknown> {
    return { ...this.#world.books.everything(), event: this.#world.books.everyEvent() };
  }

  #unlessRefused(work: () => object): object | undefined {
    try {
      return this.#world.act(null, work);
    } catch (error) {
      if (error instanceof StripeProblem) return undefined;
      throw error;
    }
  }
}
