import type { Channel } from '../../platform/money.ts';

/** What went back of a provider's payment, and what is contested of it, as it was taken over last. */
export interface Reversal {
  readonly channel: Channel;
  readonly providerPaymentId: string;
  readonly accountId: string;
  /** What it paid, where that is an invoice. */
  readonly providerInvoiceId: string | null;
  readonly providerSubscriptionId: string | null;
  /** Whether a subscription began with that invoice, so that it paid the subscription's order. */
  readonly isFirstInvoice: boolean;
  readonly currency: string;
  readonly paidMinor: bigint;
  readonly refundedMinor: bigint;
  readonly contestedMinor: bigint;
  readonly lostMinor: bigint;
  readonly revision: bigint;
  /** When to ask again how the dispute stands; null when none is open. */
  readonly checkAt: Date | null;
  readonly createdAt: Date;
  readonly updatedAt: Date;
}
