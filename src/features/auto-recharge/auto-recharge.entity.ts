import { defineEntity, p } from '@mikro-orm/postgresql';
import { amount, instant } from '../../platform/database/columns.ts';
import { accountReference } from '../account/account.entity.ts';

export const AutoRechargeSchema = defineEntity({
  name: 'AutoRecharge',
  tableName: 'auto_recharge',
  checks: [
    { name: 'auto_recharge_has_threshold', expression: 'threshold_micro > 0' },
    { name: 'auto_recharge_has_amount', expression: 'amount_minor > 0' },
    { name: 'auto_recharge_cap_allows_one', expression: 'monthly_cap_minor >= amount_minor' },
  ],
  indexes: [
    {
      name: 'auto_recharge_due',
      expression:
        'create index auto_recharge_due on auto_recharge (check_at) where check_at is not null',
    },
  ],
  properties: {
    accountId: accountReference().primary(),
    isEnabled: p.boolean(),
    thresholdMicro: amount(),
    amountMinor: amount(),
    currency: p.text(),
    monthlyCapMinor: amount().nullable(),
    providerPaymentMethodId: p.text().nullable(),
    coolDownUntil: instant().nullable(),
    checkAt: instant().nullable(),
    createdAt: instant(),
    updatedAt: instant(),
  },
});
