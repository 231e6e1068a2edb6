import { defineEntity, p } from '@mikro-orm/postgresql';
import { instant } from '../../platform/database/columns.ts';
import type { AccountStatus } from './account.model.ts';

export const AccountSchema = defineEntity({
  name: 'Account',
  tableName: 'account',
  checks: [
    {
      name: 'account_status_known',
      expression: `status in ('TRIAL', 'PROMO', 'ACTIVE', 'READONLY', 'SUSPENDED', 'DELETED')`,
    },
  ],
  indexes: [
    { name: 'account_page', properties: ['status', 'id'] },
    {
      name: 'account_status_due',
      expression: `create index account_status_due on account (status_ends_at) where status in ('TRIAL', 'READONLY')`,
    },
  ],
  properties: {
    id: p.uuid().primary(),
    externalId: p.text().unique('account_external_id_unique'),
    name: p.text(),
    email: p.text().nullable(),
    timeZone: p.text(),
    currency: p.text(),
    status: p.text().$type<AccountStatus>(),
    statusSince: instant(),
    statusEndsAt: instant().nullable(),
    blockedAt: instant().nullable(),
    createdAt: instant(),
    updatedAt: instant(),
  },
});

/** The column that says whose row it is. */
export const accountReference = () =>
  p
    .manyToOne(AccountSchema)
    .mapToPk()
    .fieldName('account_id')
    .index(false)
    .deleteRule('no action')
    .updateRule('no action');
