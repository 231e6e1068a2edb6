import { LockMode } from '@mikro-orm/core';
import type { InferEntity } from '@mikro-orm/postgresql';
import type { Database } from '../../platform/database/database.ts';
import type { Transaction } from '../../platform/database/transaction.ts';
import type { Channel } from '../../platform/money.ts';
import {
  type Page,
  type PageRequest,
  pageOf,
  pageSize,
  readCursor,
  UUID_POSITION,
} from '../../platform/paging.ts';
import { InvoiceSchema } from './invoice.entity.ts';
import { INVOICE_CURSOR, type Invoice } from './invoice.model.ts';

type Row = InferEntity<typeof InvoiceSchema>;

/** Every query on the table of invoices. */
export class InvoiceStore {
  readonly #database: Database;

  constructor(database: Database) {
    this.#database = database;
  }

  async lock(
    tx: Transaction,
    channel: Channel,
    providerInvoiceId: string,
  ): Promise<Invoice | null> {
    const options = { lockMode: LockMode.PESSIMISTIC_WRITE, refresh: true } as const;
    return toInvoice(await tx.em.findOne(InvoiceSchema, { channel, providerInvoiceId }, options));
  }

  async lockById(tx: Transaction, id: string): Promise<Invoice | null> {
    const options = { lockMode: LockMode.PESSIMISTIC_WRITE, refresh: true } as const;
    return toInvoice(await tx.em.findOne(InvoiceSchema, { id }, options));
  }

  async save(tx: Transaction, invoice: Invoice): Promise<void> {
    const { amount, ...rest } = invoice;
    await tx.em.upsert(InvoiceSchema, {
      ...rest,
      amountMinor: amount.amountMinor,
      currency: amount.currency,
    });
  }

  async statusesOf(
    channel: Channel,
    providerInvoiceIds: readonly string[],
  ): Promise<Map<string, Invoice['status']>> {
    const rows = await this.#database.query<{ id: string; status: Invoice['status'] }>(
      {
        name: 'invoice_statuses',
        text: `select provider_invoice_id as id, status from invoice
          where channel = $1 and provider_invoice_id = any ($2)`,
      },
      [channel, [...providerInvoiceIds]],
    );
    return new Map(rows.map(({ id, status }) => [id, status]));
  }

  async byIds(ids: readonly string[]): Promise<Invoice[]> {
    const rows = await this.#database.read().find(InvoiceSchema, { id: { $in: [...ids] } });
    return rows.flatMap((row) => toInvoice(row) ?? []);
  }

  async page(accountId: string, request: PageRequest): Promise<Page<Invoice>> {
    const size = pageSize(request);
    const before = readCursor(INVOICE_CURSOR, request, UUID_POSITION);
    const where = { accountId, ...(before === null ? {} : { id: { $lt: before } }) };
    const rows = await this.#database
      .read()
      .find(InvoiceSchema, where, { orderBy: { id: 'desc' }, limit: size + 1 });
    return pageOf(
      rows.flatMap((row) => toInvoice(row) ?? []),
      size,
      before === null,
    );
  }

  async count(accountId: string): Promise<bigint> {
    const [row] = await this.#database.query<{ count: bigint }>(
      {
        name: 'invoice_count',
        text: 'select count(*) as count from invoice where account_id = $1',
      },
      [accountId],
    );
    return row?.count ?? 0n;
  }
}

function toInvoice(row: Row | null): Invoice | null {
  if (row === null) return null;
  const { amountMinor, currency, ...rest } = row;
  return { ...(rest as Omit<Invoice, 'amount'>), amount: { amountMinor, currency } };
}
