import type { WebhookHeaders } from '../../src/providers/payment-objects.ts';
import type { PaymentProvider } from '../../src/providers/payment-provider.ts';

export interface ReceivedWebhook {
  readonly rawBody: Uint8Array;
  readonly headers: WebhookHeaders;
}

type Effect = 'hang' | '500' | '502' | '429' | 'reset' | 'truncate';

/** What goes wrong: with everything that is asked next, or with the next request of this kind. */
export interface Fault {
  readonly effect: Effect;
  readonly of?: 'CREATE' | 'CANCEL' | 'CHANGE' | 'REFUND';
  readonly times: number;
  /** The provider does what it was asked, and only its answer is lost. */
  readonly after: boolean;
}

/** An adapter with the provider it talks to, and what a customer or a bad network does there. */
export interface ProviderUnderTest extends AsyncDisposable {
  readonly provider: PaymentProvider;
  /** Whether a page that nobody has paid on can be closed at the provider itself, which announces it. */
  readonly closesPages: boolean;
  /** The provider's time, which a test may have moved. */
  now(): Date;
  /** Fills in the hosted page as a customer would. */
  pay(pageUrl: string, card: 'GOOD' | 'DECLINED'): Promise<void>;
  /** Every webhook that has arrived, as it came. */
  readonly webhooks: readonly ReceivedWebhook[];
  breakDown(fault: Fault): Promise<void>;
  recover(): Promise<void>;
  /** How many objects of a kind the provider has. */
  count(kind: 'customer' | 'price' | 'checkout'): Promise<number>;
  /** What the provider has taken and given back for a subscription, in minor units. */
  moneyOf(subscriptionId: string): Promise<{ paidMinor: bigint; refundedMinor: bigint }>;
}
