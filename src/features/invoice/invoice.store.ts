import { LockMode } from '@mikro-orm/core';
import type { InferEntity } from '@mikro-orm/postgresql';
import { GatheredList } from '../../live/gathered-list.ts';
import { invariant } from '../../platform/assert.ts';
import type { Database } from '../../platform/database/database.ts';
import type { Statement } from '../../platform/database/statement.ts';
import type { Transaction } from '../../platform/database/transaction.ts';
import type { Channel } from '../../platform/money.ts';
import { LAST_ID, type Page, type PageRequest, UUID_POSITION } from '../../platform/paging.ts';
import { InvoiceSchema } from './invoice.entity.ts';
import { INVOICE_CURSOR, type Invoice, type InvoiceStatus } from './invoice.model.ts';

type InvoiceRow = InferEntity<typeof InvoiceSchema>;

const COLUMNS = `id, account_id as "accountId", channel, provider_invoice_id as "providerInvoiceId",
  provider_subscription_id as "providerSubscriptionId", number, status, amount_minor as "amountMinor", currency,
  hosted_url as "hostedUrl", pdf_url as "pdfUrl", paid_at as "paidAt", created_at as "createdAt", updated_at as "updatedAt"`;

const BY_IDS: Statement = {
  name: 'invoices',
  text: `select ${COLUMNS} from invoice where id = any ($1)`,
};
const PAGE: Statement = {
  name: 'invoice_page',
  text: `select w.n::int, i.* from unnest($1::uuid[], $2::uuid[], $3::int[]) with ordinality as w (account, before, size, n)
    cross join lateral (
      select ${COLUMNS} from invoice where account_id = w.account and id < coalesce(w.before, '${LAST_ID}'::uuid)
      order by id desc limit w.size
    ) i order by w.n, i.id desc`,
};
const COUNT: Statement = {
  name: 'invoice_count',
  text: `select w.n::int, (select count(*) from invoice where account_id = w.account) as count
    from unnest($1::uuid[]) with ordinality as w (account, n)`,
};

/** What an invoice keeps from when it was new. */
type SavedRow = Pick<Invoice, 'id' | 'accountId'>;

const SAVE: Statement = {
  name: 'invoice_save',
  text: `
    insert into invoice (status, id, account_id, channel, provider_invoice_id, provider_subscription_id, number,
        amount_minor, currency, hosted_url, pdf_url, paid_at, created_at, updated_at)
      select $1, news.* from unnest($3::uuid[], $4::uuid[], $5::text[], $6::text[], $7::text[], $8::text[],
        $9::bigint[], $10::text[], $11::text[], $12::text[], $13::timestamptz[], $14::timestamptz[], $15::timestamptz[]) as news
      on conflict (channel, provider_invoice_id) do update set provider_subscription_id = excluded.provider_subscription_id,
        number = excluded.number, status = excluded.status, amount_minor = excluded.amount_minor,
        currency = excluded.currency, hosted_url = excluded.hosted_url, pdf_url = excluded.pdf_url,
        paid_at = excluded.paid_at, created_at = excluded.created_at, updated_at = excluded.updated_at
      where invoice.status = any ($2::text[])
      returning id, account_id as "accountId"`,
};

/** Every query on the table of invoices. */
export class InvoiceStore {
  readonly #database: Database;
  readonly #pages: GatheredList<InvoiceRow>;

  constructor(database: Database) {
    this.#database = database;
    this.#pages = new GatheredList({
      database,
      page: PAGE,
      count: COUNT,
      cursorKind: INVOICE_CURSOR,
      position: UUID_POSITION,
    });
  }

  async lock(
    tx: Transaction,
    channel: Channel,
    providerInvoiceId: string,
  ): Promise<Invoice | null> {
    const options = { lockMode: LockMode.PESSIMISTIC_WRITE, refresh: true } as const;
    const row = await tx.em.findOne(InvoiceSchema, { channel, providerInvoiceId }, options);
    return row === null ? null : toInvoice(row);
  }

  async lockById(tx: Transaction, id: string): Promise<Invoice | null> {
    const options = { lockMode: LockMode.PESSIMISTIC_WRITE, refresh: true } as const;
    const row = await tx.em.findOne(InvoiceSchema, { id }, options);
    return row === null ? null : toInvoice(row);
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
    const [row] = await this.saveAll(tx, [invoice], invoice.status, superseded);
    if (row !== undefined) return { ...invoice, ...row };
    const stored = await this.lock(tx, invoice.channel, invoice.providerInvoiceId);
    invariant(stored !== null, `invoice ${invoice.providerInvoiceId} is stored`);
    return stored;
  }

  /**
   * Stores several invoices of one status in the same way, each of them named once; answers with those that were not stored in
   * a status beyond it, in no order.
   */
  saveAll(
    tx: Transaction,
    invoices: readonly Invoice[],
    status: InvoiceStatus,
    superseded: readonly InvoiceStatus[],
  ): Promise<SavedRow[]> {
    return tx.query<SavedRow>(SAVE, [
      status,
      superseded,
      invoices.map(({ id }) => id),
      invoices.map(({ accountId }) => accountId),
      invoices.map(({ channel }) => channel),
      invoices.map(({ providerInvoiceId }) => providerInvoiceId),
      invoices.map(({ providerSubscriptionId }) => providerSubscriptionId),
      invoices.map(({ number }) => number),
      invoices.map(({ amount }) => amount.amountMinor),
      invoices.map(({ amount }) => amount.currency),
      invoices.map(({ hostedUrl }) => hostedUrl),
      invoices.map(({ pdfUrl }) => pdfUrl),
      invoices.map(({ paidAt }) => paidAt),
      invoices.map(({ createdAt }) => createdAt),
      invoices.map(({ updatedAt }) => updatedAt),
    ]);
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
    return (await this.#database.query<InvoiceRow>(BY_IDS, [[...ids]])).map(toInvoice);
  }

  async page(accountId: string, request: PageRequest): Promise<Page<Invoice>> {
    const page = await this.#pages.page(accountId, request);
    return { ...page, items: page.items.map(toInvoice) };
  }

  count(accountId: string): Promise<bigint> {
    return this.#pages.count(accountId);
  }
}

/** An entity has what a row has, and more; what is not set may be undefined in it. */
function toInvoice({ amountMinor, currency, ...rest }: InvoiceRow): Invoice {
  return { ...(rest as Omit<Invoice, 'amount'>), amount: { amountMinor, currency } };
}
