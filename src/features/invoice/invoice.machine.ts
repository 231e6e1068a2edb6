import type { InvoiceStatus } from './invoice.model.ts';

/** How far an invoice has come; it never goes back, in whatever order its news arrive. */
const RANK: Readonly<Record<InvoiceStatus, number>> = {
  DRAFT: 0,
  OPEN: 1,
  UNCOLLECTIBLE: 2,
  VOID: 3,
  PAID: 4,
};

const STATUSES = Object.keys(RANK) as InvoiceStatus[];

/** The stored statuses that news of this one go beyond. */
export function supersededBy(news: InvoiceStatus): InvoiceStatus[] {
  return STATUSES.filter((stored) => RANK[news] > RANK[stored]);
}
