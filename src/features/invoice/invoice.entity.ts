import { defineEntity, p } from '@mikro-orm/postgresql';
import { amount, instant } from '../../platform/database/columns.ts';
import type { Channel } from '../../platform/money.ts';
import { accountReference } from '../account/account.entity.ts';
import type { InvoiceStatus } from './invoice.model.ts';

export const InvoiceSchema = defineEntity({
  name: 'Invoice',
  tableName: 'invoice',
  checks: [
    { name: 'invoice_channel_known', expression: `channel in ('STRIPE', 'CREEM')` },
    {
      name: 'invoice_status_known',
      expression: `status in ('DRAFT', 'OPEN', 'PAID', 'UNCOLLECTIBLE', 'VOID')`,
    },
  ],
  uniques: [{ name: 'invoice_provider_unique', properties: ['channel', 'providerInvoiceId'] }],
  indexes: [{ name: 'invoice_account', properties: ['accountId', 'id'] }],
  properties: {
    id: p.uuid().primary(),
    accountId: accountReference(),
    channel: p.text().$type<Channel>(),
    providerInvoiceId: p.text(),
    providerSubscriptionId: p.text().nullable(),
    number: p.text().nullable(),
    status: p.text().$type<InvoiceStatus>(),
    amountMinor: amount(),
    currency: p.text(),
    hostedUrl: p.text().nullable(),
    pdfUrl: p.text().nullable(),
    paidAt: instant().nullable(),
    createdAt: instant(),
    updatedAt: instant(),
  },
});
