import { LockMode } from '@mikro-orm/core';
import type { InferEntity } from '@mikro-orm/postgresql';
import { invariant } from '../../platform/assert.ts';
import type { Database } from '../../platform/database/database.ts';
import type { Statement } from '../../platform/database/statement.ts';
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
import { INVOICE_CURSOR, type Invoice, type InvoiceStatus } from './invoice.model.ts';

type Row = InferEntity<typeof InvoiceSchema>;

/** What an invoice keeps from when it was new. */
type SavedRow = Pick<Invoice, 'id' | 'accountId'>;

const SAVE: Statement = {
  name: 'invoice_save',
  text: `
    insert into invoice (id, account_id, channel, provider_invoice_id, provider_subscription_id, number, status,
        amount_minor, currency, hosted_url, pdf_url, paid_at, created_at, updated_at)
      values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14)
      on conflict (channel, provider_invoice_id) do update set provider_subscription_id = excluded.provider_subscription_id,
        number = excluded.number, status = excluded.status, amount_minor = excluded.amount_minor,
        currency = excluded.currency, hosted_url = excluded.hosted_url, pdf_url = excluded.pdf_url,
        paid_at = excluded.paid_at, created_at = excluded.created_at, updated_at = excluded.updated_at
      where invoice.status = any ($15::text[])
      returning id, account_id as "accountId"`,
};

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

  /**
   * Stores an invoice that is new, or the news of one that is stored in one of these statuses; answers with what is stored
   * then, locked.
   */
  async save(
    tx: Transaction,
    invoice: Invoice,
    superseded: readonly InvoiceStatus[],
  ): Promise<Invoice> {
    const [row] = await tx.query<SavedRow>(SAVE, [
      invoice.id,
      invoice.accountId,
      invoice.channel,
      invoice.providerInvoiceId,
      invoice.providerSubscriptionId,
      invoice.number,
      invoice.status,
      invoice.amount.amountMinor,
      invoice.amount.currency,
      invoice.hostedUrl,
      invoice.pdfUrl,
      invoice.paidAt,
      invoice.createdAt,
      invoice.updatedAt,
      superseded,
    ]);
    if (row !== undefined) return { ...invoice, ...row };
    const stored = await this.lock(tx, invoice.channel, invoice.providerInvoiceId);
    invariant(stored !== null, `invoice ${invoice.providerInvoiceId} is stored`);
    return stored;
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
