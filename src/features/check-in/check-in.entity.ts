import { defineEntity, p } from '@mikro-orm/postgresql';
import { amount, instant } from '../../platform/database/columns.ts';
import { accountReference } from '../account/account.entity.ts';

export const CheckInSchema = defineEntity({
  name: 'CheckIn',
  tableName: 'check_in',
  checks: [
    { name: 'check_in_streak_positive', expression: 'streak >= 1' },
    { name: 'check_in_has_credits', expression: 'credits_micro > 0' },
  ],
  uniques: [{ name: 'check_in_once_a_day', properties: ['accountId', 'localDate'] }],
  properties: {
    id: p.uuid().primary(),
    accountId: accountReference(),
    localDate: p.date(),
    streak: p.integer(),
    creditsMicro: amount(),
    createdAt: instant(),
  },
});

export const CheckInConfigSchema = defineEntity({
  name: 'CheckInConfig',
  tableName: 'check_in_config',
  checks: [
    { name: 'check_in_config_is_one', expression: 'id = 1' },
    { name: 'check_in_config_credits_not_negative', expression: 'credits_micro >= 0' },
  ],
  properties: {
    id: p.integer().primary().autoincrement(false),
    enabled: p.boolean(),
    creditsMicro: amount(),
    streakBonuses: p.json<{ days: number; creditsMicro: string }[]>(),
    expiresAfterDays: p.integer().nullable(),
    updatedAt: instant(),
  },
});
