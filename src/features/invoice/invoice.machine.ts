import type { InvoiceStatus } from './invoice.model.ts';

/** How far an invoice has come; it never goes back, in whatever order its news arrive. */
const RANK: Readonly<Record<InvoiceStatus, number>> = {
  DRAFT: 0,
  OPEN: 1,
  UNCOLLECTIBLE: 2,
  VOID: 3,
  PAID: 4,
};

/** Whether news of a status are newer than what is stored, as far as statuses tell. */
export function supersedes(news: InvoiceStatus, stored: InvoiceStatus): boolean {
  return RANK[news] > RANK[stored];
}
