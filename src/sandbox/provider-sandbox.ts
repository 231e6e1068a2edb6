import type { FastifyInstance } from 'fastify';
import type { DueEntry } from './books.ts';

/** What an operator, or a customer's bank, does to a payment that was made. */
export interface PaymentReversalOrder {
  /** The provider's id of the payment, or of the checkout that it paid. */
  readonly payment: string;
  readonly action: 'refund' | 'failRefund' | 'dispute' | 'winDispute' | 'loseDispute';
  /** Minor units; all that is left when not given. */
  readonly amount?: number;
}

/** One provider as the sandbox plays it. The core gives it books, a clock and a way to send webhooks. */
export interface ProviderSandbox {
  readonly name: string;
  /** Whether a request for this path is for this provider. */
  owns(path: string): boolean;
  /** Puts its endpoints and pages on the server. */
  register(app: FastifyInstance): void;
  /** An object's time has come: a checkout expires, a subscription renews. Must move or clear what was due. */
  fallDue(entry: DueEntry): void;
  /** The headers that sign a webhook's raw body, with every secret that is configured. */
  signWebhook(body: string): Record<string, string>;
  /** Ends a payment that is on its way; answers its checkout, or undefined when the checkout is not this provider's. */
  settlePayment(checkoutId: string, outcome: 'succeed' | 'fail'): object | undefined;
  /** Refunds or disputes a payment, or ends that; answers what came of it, or undefined when that cannot be done here. */
  reversePayment(order: PaymentReversalOrder): object | undefined;
  /** What it holds, for somebody who compares. */
  books(): Record<string, unknown>;
}
