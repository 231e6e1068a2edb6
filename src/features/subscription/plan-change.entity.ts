import { defineEntity, p } from '@mikro-orm/postgresql';
import { amount, instant } from '../../platform/database/columns.ts';
import type { Interval } from '../../platform/money.ts';
import { accountReference } from '../account/account.entity.ts';
import { planReference } from '../catalog/catalog.entity.ts';
import type { ChangeTiming, PlanChange } from './plan-change.model.ts';
import { PlanSubscriptionSchema } from './subscription.entity.ts';

const subscriptionReference = () =>
  p
    .manyToOne(PlanSubscriptionSchema)
    .mapToPk()
    .fieldName('subscription_id')
    .index(false)
    .deleteRule('no action')
    .updateRule('no action');

export const PlanChangeQuoteSchema = defineEntity({
  name: 'PlanChangeQuote',
  tableName: 'plan_change_quote',
  checks: [
    { name: 'plan_change_quote_timing_known', expression: `timing in ('NOW', 'PERIOD_END')` },
  ],
  properties: {
    id: p.uuid().primary(),
    accountId: accountReference(),
    subscriptionId: subscriptionReference(),
    planId: planReference(),
    interval: p.text().$type<Interval>(),
    fromPriceId: p.text(),
    periodEnd: instant(),
    toPriceId: p.text(),
    timing: p.text().$type<ChangeTiming>(),
    reckonedAt: instant(),
    amountDueMinor: amount(),
    currency: p.text(),
    creditsDeltaMicro: amount(),
    effectiveAt: instant(),
    expiresAt: instant(),
    createdAt: instant(),
  },
});

export const PlanChangeSchema = defineEntity({
  name: 'PlanChange',
  tableName: 'plan_change',
  checks: [
    { name: 'plan_change_timing_known', expression: `timing in ('NOW', 'PERIOD_END')` },
    { name: 'plan_change_progress_known', expression: `progress in ('OPEN', 'DONE', 'REFUSED')` },
  ],
  uniques: [{ name: 'plan_change_key_unique', properties: ['accountId', 'idempotencyKey'] }],
  indexes: [{ name: 'plan_change_subscription', properties: ['subscriptionId', 'createdAt'] }],
  properties: {
    id: p.uuid().primary(),
    accountId: accountReference(),
    subscriptionId: subscriptionReference(),
    toPriceId: p.text(),
    timing: p.text().$type<ChangeTiming>(),
    reckonedAt: instant(),
    effectiveAt: instant(),
    idempotencyKey: p.text(),
    requestHash: p.blob(),
    progress: p.text().$type<PlanChange['progress']>(),
    attempt: p.integer(),
    createdAt: instant(),
    updatedAt: instant(),
  },
});
