import { defineEntity, p } from '@mikro-orm/postgresql';
import { amount, instant } from '../../platform/database/columns.ts';
import type { Channel } from '../../platform/money.ts';
import { accountReference } from '../account/account.entity.ts';

export const ReversalSchema = defineEntity({
  name: 'Reversal',
  tableName: 'payment_reversal',
  checks: [
    { name: 'payment_reversal_channel_known', expression: `channel in ('STRIPE', 'CREEM')` },
    { name: 'payment_reversal_paid_something', expression: 'paid_minor > 0' },
    {
      name: 'payment_reversal_not_negative',
      expression: 'refunded_minor >= 0 and contested_minor >= 0 and lost_minor >= 0',
    },
  ],
  indexes: [
    {
      name: 'payment_reversal_invoice',
      expression:
        'create index payment_reversal_invoice on payment_reversal (channel, provider_invoice_id) where provider_invoice_id is not null',
    },
    {
      name: 'payment_reversal_subscription',
      expression:
        'create index payment_reversal_subscription on payment_reversal (channel, provider_subscription_id) where is_first_invoice',
    },
    {
      name: 'payment_reversal_due',
      expression:
        'create index payment_reversal_due on payment_reversal (check_at) where check_at is not null',
    },
  ],
  properties: {
    channel: p.text().$type<Channel>().primary(),
    providerPaymentId: p.text().primary(),
    accountId: accountReference(),
    providerInvoiceId: p.text().nullable(),
    providerSubscriptionId: p.text().nullable(),
    isFirstInvoice: p.boolean(),
    paidMinor: amount(),
    currency: p.text(),
    refundedMinor: amount(),
    contestedMinor: amount(),
    lostMinor: amount(),
    revision: amount(),
    checkAt: instant().nullable(),
    createdAt: instant(),
    updatedAt: instant(),
  },
});
