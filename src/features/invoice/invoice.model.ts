import type { Channel, Money } from '../../platform/money.ts';

/** What the cursors of this list begin with. */
export const INVOICE_CURSOR = 'invoice';

export type InvoiceStatus = 'DRAFT' | 'OPEN' | 'PAID' | 'UNCOLLECTIBLE' | 'VOID';

/** A provider's invoice, mirrored. */
export interface Invoice {
  readonly id: string;
  readonly accountId: string;
  readonly channel: Channel;
  readonly providerInvoiceId: string;
  readonly providerSubscriptionId: string | null;
  readonly number: string | null;
  readonly status: InvoiceStatus;
  readonly amount: Money;
  readonly hostedUrl: string | null;
  readonly pdfUrl: string | null;
  readonly paidAt: Date | null;
  readonly createdAt: Date;
  readonly updatedAt: Date;
}
