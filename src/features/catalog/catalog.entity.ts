import { defineEntity, p } from '@mikro-orm/postgresql';
import { amount, instant } from '../../platform/database/columns.ts';
import type { Interval } from '../../platform/money.ts';
import type { PlanManager, PlanPrice, StoredAllowance, StoredLimit } from './catalog.model.ts';

export const PlanSchema = defineEntity({
  name: 'Plan',
  tableName: 'plan',
  checks: [
    { name: 'plan_trial_days_positive', expression: 'trial_days >= 0' },
    {
      name: 'plan_managed_by_known',
      expression: `managed_by in ('FILE', 'ADMINISTRATOR')`,
    },
  ],
  indexes: [
    {
      name: 'plan_one_default',
      expression: 'create unique index plan_one_default on plan (is_default) where is_default',
    },
  ],
  properties: {
    id: p.uuid().primary(),
    slug: p.text().unique('plan_slug_unique'),
    name: p.text(),
    description: p.text().nullable(),
    monthlyCredits: p.json<StoredAllowance>(),
    rollover: p.json<StoredAllowance>(),
    limits: p.json<readonly StoredLimit[]>(),
    features: p.array(),
    maxConcurrentAgents: p.json<StoredAllowance>(),
    maxDurationHours: p.json<StoredAllowance>(),
    allowedChannels: p.array().nullable(),
    canBuyCreditPackages: p.boolean(),
    trialDays: p.integer(),
    isActive: p.boolean(),
    isDefault: p.boolean(),
    sortOrder: p.integer(),
    managedBy: p.text().$type<PlanManager>().default('FILE'),
    stripeProductId: p.text().nullable(),
    creemProductId: p.text().nullable(),
    createdAt: instant(),
    updatedAt: instant(),
  },
});

/** The column that says which plan a row is about. */
export const planReference = () =>
  p
    .manyToOne(PlanSchema)
    .mapToPk()
    .fieldName('plan_id')
    .index(false)
    .deleteRule('no action')
    .updateRule('no action');

export const PlanPriceSchema = defineEntity({
  name: 'PlanPrice',
  tableName: 'plan_price',
  checks: [
    { name: 'plan_price_interval_known', expression: `"interval" in ('MONTH', 'YEAR')` },
    { name: 'plan_price_kind_known', expression: `kind in ('FINITE', 'CUSTOM')` },
    { name: 'plan_price_not_negative', expression: 'amount_minor >= 0' },
    {
      name: 'plan_price_money_by_kind',
      expression: `(kind = 'FINITE') = (amount_minor is not null) and (kind = 'FINITE') = (currency is not null)`,
    },
  ],
  indexes: [
    {
      name: 'plan_price_one_offered',
      expression:
        'create unique index plan_price_one_offered on plan_price (plan_id, interval) where is_active',
    },
  ],
  properties: {
    id: p.uuid().primary(),
    planId: planReference(),
    interval: p.text().$type<Interval>(),
    kind: p.text().$type<PlanPrice['kind']>(),
    amountMinor: amount().nullable(),
    currency: p.text().nullable(),
    isActive: p.boolean(),
    stripePriceId: p.text().nullable().unique('plan_price_stripe_unique'),
    creemProductId: p.text().nullable().unique('plan_price_creem_unique'),
    createdAt: instant(),
  },
});

export const CreditPackageSchema = defineEntity({
  name: 'CreditPackage',
  tableName: 'credit_package',
  checks: [
    { name: 'credit_package_has_credits', expression: 'credits_micro > 0' },
    { name: 'credit_package_bonus_not_negative', expression: 'bonus_credits_micro >= 0' },
    { name: 'credit_package_has_price', expression: 'price_minor > 0' },
  ],
  properties: {
    id: p.uuid().primary(),
    slug: p.text().unique('credit_package_slug_unique'),
    name: p.text(),
    creditsMicro: amount(),
    bonusCreditsMicro: amount(),
    priceMinor: amount(),
    currency: p.text(),
    isActive: p.boolean(),
    sortOrder: p.integer(),
    createdAt: instant(),
    updatedAt: instant(),
  },
});
