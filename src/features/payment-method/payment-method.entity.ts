import { defineEntity, p } from '@mikro-orm/postgresql';
import { instant } from '../../platform/database/columns.ts';
import type { Channel } from '../../platform/money.ts';
import { accountReference } from '../account/account.entity.ts';
import type { CardOperation, CardRequest } from './payment-method.model.ts';

export const PaymentMethodSchema = defineEntity({
  name: 'PaymentMethod',
  tableName: 'payment_method',
  checks: [{ name: 'payment_method_channel_known', expression: `channel in ('STRIPE', 'CREEM')` }],
  uniques: [
    { name: 'payment_method_provider_unique', properties: ['channel', 'providerPaymentMethodId'] },
  ],
  indexes: [
    {
      name: 'payment_method_account',
      expression:
        'create index payment_method_account on payment_method (account_id, attached_at) where detached_at is null',
    },
    {
      name: 'payment_method_one_default',
      expression:
        'create unique index payment_method_one_default on payment_method (account_id, channel) where is_default',
    },
  ],
  properties: {
    id: p.uuid().primary(),
    accountId: accountReference(),
    channel: p.text().$type<Channel>(),
    providerPaymentMethodId: p.text(),
    type: p.text(),
    brand: p.text().nullable(),
    last4: p.text().nullable(),
    expMonth: p.integer().nullable(),
    expYear: p.integer().nullable(),
    isDefault: p.boolean(),
    attachedAt: instant(),
    announcedAt: instant().nullable(),
    detachedAt: instant().nullable(),
    updatedAt: instant(),
  },
});

export const CardRequestSchema = defineEntity({
  name: 'CardRequest',
  tableName: 'card_request',
  checks: [
    { name: 'card_request_channel_known', expression: `channel in ('STRIPE', 'CREEM')` },
    {
      name: 'card_request_progress_known',
      expression: `progress in ('OPEN', 'DONE', 'REFUSED')`,
    },
  ],
  uniques: [
    {
      name: 'card_request_key_unique',
      properties: ['accountId', 'operation', 'idempotencyKey'],
    },
  ],
  properties: {
    id: p.uuid().primary(),
    accountId: accountReference(),
    channel: p.text().$type<Channel>(),
    operation: p.text().$type<CardOperation>(),
    idempotencyKey: p.text(),
    requestHash: p.blob(),
    askedPaymentMethodId: p.text().nullable(),
    providerPaymentMethodId: p.text().nullable(),
    progress: p.text().$type<CardRequest['progress']>(),
    attempt: p.integer(),
    createdAt: instant(),
    updatedAt: instant(),
  },
});
