import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Apply } from '../../../src/platform/provider-effect.ts';
import type { InvoiceStatus, ProviderInvoice } from '../../../src/providers/payment-objects.ts';
import { startGateway, type TestGateway } from '../../support/gateway.ts';

let gateway: TestGateway;
beforeAll(async () => {
  gateway = await startGateway();
});
afterAll(() => gateway?.close());

const CREATED_AT = new Date('2026-01-01T00:00:00Z');

/** News of an invoice beside a subscription. */
function newsOf(customerId: string, overrides: Partial<ProviderInvoice> = {}): ProviderInvoice {
  return {
    invoiceId: `in_${randomUUID()}`,
    customerId,
    subscriptionId: null,
    number: null,
    status: 'PAID',
    reason: 'OTHER',
    total: { amountMinor: 2_400n, currency: 'USD' },
    amountPaidMinor: 2_400n,
    discountMinor: 0n,
    period: null,
    providerPriceId: null,
    createdAt: CREATED_AT,
    paidAt: null,
    hostedUrl: null,
    pdfUrl: null,
    ...overrides,
  };
}

async function givenCustomer(): Promise<{ accountId: string; customerId: string }> {
  const { id: accountId } = await gateway.createAccount();
  const customerId = `cus_${accountId}`;
  await gateway.app.services.database.pool.query(
    `insert into provider_customer (account_id, channel, customer_id, created_at) values ($1, 'STRIPE', $2, now())`,
    [accountId, customerId],
  );
  return { accountId, customerId };
}

/** Does the first steps, and then the second ones in one transaction, all at once. */
async function applyTogether(...news: readonly ProviderInvoice[]): Promise<void> {
  const { invoices, database } = gateway.app.services;
  const steps: Apply[] = [];
  for (const one of news) steps.push(await invoices.invoiceChanged('STRIPE', one));
  const kinds = new Set(steps.map((step) => step.applyTogether));
  expect(kinds.size).toBe(1);
  const [together] = kinds;
  await database.transaction(async (tx) => together?.(tx, steps));
}

async function stored(invoiceIds: readonly string[]) {
  const { rows } = await gateway.app.services.database.pool.query(
    `select account_id, provider_invoice_id, status, number, amount_minor, currency, hosted_url, pdf_url, paid_at, created_at
     from invoice where provider_invoice_id = any ($1)`,
    [invoiceIds],
  );
  return new Map(rows.map((row) => [row.provider_invoice_id as string, row]));
}

describe('invoices whose news come together', () => {
  it('are each stored as they are, for the account that each is of', async () => {
    const customers = [await givenCustomer(), await givenCustomer()];
    const tricky = `"quoted", \\ {braces} 'and' NULL\n東京 🙂`;
    const news = [
      newsOf(customers[0]?.customerId ?? '', { number: tricky, paidAt: CREATED_AT }),
      newsOf(customers[1]?.customerId ?? '', { status: 'OPEN', hostedUrl: 'https://a/?b={"c"}' }),
      newsOf(customers[0]?.customerId ?? '', {
        total: { amountMinor: -(2n ** 40n), currency: 'EUR' },
      }),
      newsOf(customers[1]?.customerId ?? '', { number: 'NULL', pdfUrl: '' }),
    ];

    await applyTogether(...news);

    const rows = await stored(news.map(({ invoiceId }) => invoiceId));
    for (const [n, one] of news.entries()) {
      expect(rows.get(one.invoiceId)).toMatchObject({
        account_id: customers[n % 2]?.accountId,
        status: one.status,
        number: one.number,
        amount_minor: one.total.amountMinor,
        currency: one.total.currency,
        hosted_url: one.hostedUrl,
        pdf_url: one.pdfUrl,
        paid_at: one.paidAt,
        created_at: one.createdAt,
      });
    }
  });

  it.each<InvoiceStatus[]>([
    ['OPEN', 'PAID'],
    ['PAID', 'OPEN'],
    ['DRAFT', 'PAID', 'OPEN', 'VOID'],
    ['PAID', 'PAID', 'OPEN', 'OPEN'],
  ])('of one invoice end where the furthest is: %s, %s', async (...statuses) => {
    const { customerId } = await givenCustomer();
    const { invoiceId } = newsOf(customerId);
    const told = statuses.map((status, n) =>
      newsOf(customerId, { invoiceId, status, number: `${status} ${n}` }),
    );

    await applyTogether(...told, newsOf(customerId));

    // The first of those that say so: what says the same again changes nothing.
    const row = (await stored([invoiceId])).get(invoiceId);
    expect(row).toMatchObject({ status: 'PAID', number: `PAID ${statuses.indexOf('PAID')}` });
  });

  it('do not take back what is stored, nor give it to another account', async () => {
    const [one, other] = [await givenCustomer(), await givenCustomer()];
    const { invoiceId } = newsOf(one.customerId);
    await applyTogether(newsOf(one.customerId, { invoiceId, number: 'first' }));

    await applyTogether(
      newsOf(one.customerId, { invoiceId, number: 'again' }),
      newsOf(one.customerId, { invoiceId, status: 'OPEN' }),
      newsOf(other.customerId, { invoiceId, status: 'VOID' }),
    );

    expect((await stored([invoiceId])).get(invoiceId)).toMatchObject({
      account_id: one.accountId,
      status: 'PAID',
      number: 'first',
    });
  });

  it('are told to each of their accounts', async () => {
    const customers = [await givenCustomer(), await givenCustomer()];
    const steps: Apply[] = [];
    for (const { customerId } of customers)
      steps.push(await gateway.app.services.invoices.invoiceChanged('STRIPE', newsOf(customerId)));

    const told: string[] = [];
    await gateway.app.services.database.transaction(async (tx) => {
      tx.hintAll = (topic, ids) => told.push(...ids.map((id) => `${topic} ${id}`));
      await steps[0]?.applyTogether?.(tx, steps);
    });

    expect(told).toEqual(customers.map(({ accountId }) => `account ${accountId}`));
  });
});
