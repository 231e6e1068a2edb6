import type { PaymentProvider, WebhookHeaders } from '../../src/providers/payment-provider.ts';

export interface ReceivedWebhook {
  readonly rawBody: Uint8Array;
  readonly headers: WebhookHeaders;
}

/** An adapter with the provider it talks to, and what a customer or a bad network does there. */
export interface ProviderUnderTest extends AsyncDisposable {
  readonly provider: PaymentProvider;
  /** The provider's time, which a test may have moved. */
  now(): Date;
  /** Fills in the hosted page as a customer would. */
  pay(pageUrl: string, card: 'GOOD' | 'DECLINED'): Promise<void>;
  /** Every webhook that has arrived, as it came. */
  readonly webhooks: readonly ReceivedWebhook[];
  /** The provider does what the next request with this method says, and its answer never comes; only then it recovers. */
  loseAnswers(method: 'POST' | 'DELETE', effect: 'hang' | 'truncate', times: number): Promise<void>;
  /** What the provider has given back of a payment, in minor units. */
  refundedMinor(paymentOf: { subscriptionId: string }): Promise<bigint>;
}
