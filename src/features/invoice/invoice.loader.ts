import DataLoader from 'dataloader';
import type { Invoice } from './invoice.model.ts';
import type { InvoiceService } from './invoice.service.ts';

/** Invoices by id, many in one statement. */
export function invoiceLoader(invoices: InvoiceService): DataLoader<string, Invoice | null> {
  return new DataLoader(async (ids) => {
    const found = new Map(
      (await invoices.invoicesById(ids)).map((invoice) => [invoice.id, invoice]),
    );
    return ids.map((id) => found.get(id) ?? null);
  });
}
