import { defineEntity, p } from '@mikro-orm/postgresql';
import { instant } from '../../platform/database/columns.ts';
import type { Channel } from '../../platform/money.ts';
import { accountReference } from '../account/account.entity.ts';

export const ProviderCustomerRequestSchema = defineEntity({
  name: 'ProviderCustomerRequest',
  tableName: 'provider_customer_request',
  checks: [
    {
      name: 'provider_customer_request_channel_known',
      expression: `channel in ('STRIPE', 'CREEM')`,
    },
  ],
  properties: {
    accountId: accountReference().primary(),
    channel: p.text().$type<Channel>().primary(),
    askedAt: instant(),
  },
});

export const ProviderCustomerSchema = defineEntity({
  name: 'ProviderCustomer',
  tableName: 'provider_customer',
  checks: [
    { name: 'provider_customer_channel_known', expression: `channel in ('STRIPE', 'CREEM')` },
  ],
  uniques: [{ name: 'provider_customer_unique', properties: ['channel', 'customerId'] }],
  properties: {
    accountId: accountReference().primary(),
    channel: p.text().$type<Channel>().primary(),
    customerId: p.text(),
    createdAt: instant(),
    cardsRevision: p.bigint('bigint').defaultRaw('0'),
  },
});
