import { defineEntity, p } from '@mikro-orm/postgresql';
import { amount, instant } from '../../platform/database/columns.ts';
import { accountReference } from '../account/account.entity.ts';
import type { CreditHoldStatus } from './credit-hold.model.ts';

export const CreditHoldSchema = defineEntity({
  name: 'CreditHold',
  tableName: 'credit_hold',
  checks: [
    {
      name: 'credit_hold_status_known',
      expression: `status in ('OPEN', 'CAPTURED', 'RELEASED', 'EXPIRED')`,
    },
    { name: 'credit_hold_has_amount', expression: 'amount_micro > 0' },
    {
      name: 'credit_hold_captured_within_amount',
      expression: 'captured_micro >= 0 and captured_micro <= amount_micro',
    },
    {
      name: 'credit_hold_captured_by_status',
      expression: `(captured_micro > 0) = (status = 'CAPTURED')`,
    },
    {
      name: 'credit_hold_ended_by_status',
      expression: `(ended_at is null) = (status = 'OPEN')`,
    },
  ],
  uniques: [{ name: 'credit_hold_key_unique', properties: ['accountId', 'idempotencyKey'] }],
  indexes: [
    {
      name: 'credit_hold_due',
      expression: `create index credit_hold_due on credit_hold (account_id, expires_at) where status = 'OPEN'`,
    },
  ],
  properties: {
    id: p.uuid().primary(),
    accountId: accountReference(),
    status: p.text().$type<CreditHoldStatus>(),
    amountMicro: amount(),
    capturedMicro: amount().defaultRaw('0'),
    expiresAt: instant(),
    idempotencyKey: p.text(),
    requestHash: p.blob(),
    createdAt: instant(),
    endedAt: instant().nullable(),
  },
});

export const CreditHoldAllocationSchema = defineEntity({
  name: 'CreditHoldAllocation',
  tableName: 'credit_hold_allocation',
  checks: [
    { name: 'credit_hold_allocation_has_amount', expression: 'amount_micro > 0' },
    {
      name: 'credit_hold_allocation_captured_within_amount',
      expression: 'captured_micro >= 0 and captured_micro <= amount_micro',
    },
  ],
  properties: {
    accountId: p.uuid().primary(),
    holdId: p.uuid().primary(),
    grantId: p.uuid().primary(),
    amountMicro: amount(),
    capturedMicro: amount().defaultRaw('0'),
  },
});
