import { defineEntity, p } from '@mikro-orm/postgresql';
import { amount, instant } from '../../platform/database/columns.ts';
import type { Channel, Interval } from '../../platform/money.ts';
import { accountReference } from '../account/account.entity.ts';
import { planReference } from '../catalog/catalog.entity.ts';
import type { StoredAllowance, StoredLimit } from '../catalog/catalog.model.ts';
import type { SubscriptionStatus } from './subscription.model.ts';

export const PlanSubscriptionSchema = defineEntity({
  name: 'PlanSubscription',
  tableName: 'plan_subscription',
  checks: [
    { name: 'plan_subscription_channel_known', expression: `channel in ('STRIPE', 'CREEM')` },
    {
      name: 'plan_subscription_status_known',
      expression: `status in ('ACTIVE', 'TRIALING', 'PAST_DUE', 'CANCELED', 'INCOMPLETE', 'INCOMPLETE_EXPIRED', 'UNPAID', 'PAUSED')`,
    },
    { name: 'plan_subscription_interval_known', expression: `interval in ('MONTH', 'YEAR')` },
  ],
  uniques: [
    {
      name: 'plan_subscription_provider_unique',
      properties: ['channel', 'providerSubscriptionId'],
    },
  ],
  indexes: [
    { name: 'plan_subscription_account', properties: ['accountId', 'createdAt'] },
    {
      name: 'plan_subscription_one_live',
      expression: `create unique index plan_subscription_one_live on plan_subscription (account_id) where status not in ('CANCELED', 'INCOMPLETE', 'INCOMPLETE_EXPIRED') and not is_refused`,
    },
  ],
  properties: {
    id: p.uuid().primary(),
    accountId: accountReference(),
    planId: planReference(),
    channel: p.text().$type<Channel>(),
    providerSubscriptionId: p.text(),
    providerCustomerId: p.text(),
    providerPriceId: p.text(),
    status: p.text().$type<SubscriptionStatus>(),
    interval: p.text().$type<Interval>(),
    monthlyCredits: p.json<StoredAllowance>(),
    rollover: p.json<StoredAllowance>(),
    limits: p.json<readonly StoredLimit[]>().nullable(),
    priceMinor: amount().nullable(),
    currency: p.text().nullable(),
    startedAt: instant().nullable(),
    currentPeriodStart: instant().nullable(),
    currentPeriodEnd: instant().nullable(),
    trialStart: instant().nullable(),
    trialEnd: instant().nullable(),
    cancelAtPeriodEnd: p.boolean(),
    isPromotion: p.boolean().default(false),
    cancelAt: instant().nullable(),
    endedAt: instant().nullable(),
    isRefused: p.boolean(),
    revision: p.bigint('bigint'),
    createdAt: instant(),
    updatedAt: instant(),
  },
});
