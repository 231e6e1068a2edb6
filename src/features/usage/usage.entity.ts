import { defineEntity, p } from '@mikro-orm/postgresql';
import { amount, instant } from '../../platform/database/columns.ts';
import { accountReference } from '../account/account.entity.ts';
import type { Allowance, Enforcement } from '../catalog/catalog.model.ts';

export const UsageAnchorSchema = defineEntity({
  name: 'UsageAnchor',
  tableName: 'usage_anchor',
  checks: [{ name: 'usage_anchor_whole_after_start', expression: 'whole_until > starts_at' }],
  properties: {
    accountId: accountReference().primary(),
    startsAt: instant().primary(),
    anchorAt: instant(),
    wholeUntil: instant().nullable(),
    timeZone: p.text(),
    subscriptionId: p.uuid().nullable(),
  },
});

export const UsageCounterSchema = defineEntity({
  name: 'UsageCounter',
  tableName: 'usage_counter',
  checks: [
    {
      name: 'usage_counter_allowance_known',
      expression: `allowance in ('FINITE', 'UNLIMITED', 'CUSTOM')`,
    },
    { name: 'usage_counter_enforcement_known', expression: `enforcement in ('HARD', 'SOFT')` },
    {
      name: 'usage_counter_used_in_range',
      expression: 'used >= 0 and used <= 9007199254740991',
    },
    {
      name: 'usage_counter_limit_by_allowance',
      expression: `(allowance = 'FINITE') = (limit_units is not null)`,
    },
  ],
  properties: {
    accountId: p.uuid().primary(),
    metric: p.text().primary(),
    periodStart: instant().primary(),
    periodEnd: instant(),
    used: amount(),
    allowance: p.text().$type<Allowance['kind']>(),
    limitUnits: amount().nullable(),
    enforcement: p.text().$type<Enforcement>(),
  },
});

export const UsageEventSchema = defineEntity({
  name: 'UsageEvent',
  tableName: 'usage_event',
  checks: [{ name: 'usage_event_counts', expression: 'quantity <> 0' }],
  properties: {
    accountId: p.uuid().primary(),
    idempotencyKey: p.text().primary(),
    metric: p.text(),
    quantity: amount(),
    occurredAt: instant().nullable(),
    periodStart: instant(),
    localDate: p.date(),
    recordedAt: instant(),
  },
});

export const UsageDailySchema = defineEntity({
  name: 'UsageDaily',
  tableName: 'usage_daily',
  properties: {
    accountId: p.uuid().primary(),
    metric: p.text().primary(),
    localDate: p.date().primary(),
    count: amount(),
  },
});
