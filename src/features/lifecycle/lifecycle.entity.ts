import { defineEntity, p } from '@mikro-orm/postgresql';
import { instant } from '../../platform/database/columns.ts';
import { accountReference } from '../account/account.entity.ts';
import type { AccountStatus } from '../account/account.model.ts';
import type { LifecycleCause } from './lifecycle.model.ts';

export const LifecycleTransitionSchema = defineEntity({
  name: 'LifecycleTransition',
  tableName: 'lifecycle_transition',
  properties: {
    accountId: accountReference().primary(),
    sequence: p.integer().primary(),
    fromStatus: p.text().$type<AccountStatus>().nullable(),
    toStatus: p.text().$type<AccountStatus>(),
    trigger: p.text().$type<LifecycleCause>(),
    at: instant(),
  },
});

export const PromotionSchema = defineEntity({
  name: 'Promotion',
  tableName: 'promotion',
  indexes: [
    {
      name: 'promotion_due',
      expression: 'create index promotion_due on promotion (check_at) where check_at is not null',
    },
  ],
  properties: {
    accountId: accountReference().primary(),
    startedAt: instant(),
    endsAt: instant(),
    providerSubscriptionId: p.text().nullable(),
    checkAt: instant().nullable(),
  },
});
