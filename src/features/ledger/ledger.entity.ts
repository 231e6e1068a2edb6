import { defineEntity, p } from '@mikro-orm/postgresql';
import { amount, instant } from '../../platform/database/columns.ts';
import { accountReference } from '../account/account.entity.ts';
import type {
  CreditGrantSource,
  CreditGrantStatus,
  CreditTransactionType,
} from './ledger.model.ts';

const zero = () => amount().defaultRaw('0');

export const CreditBalanceSchema = defineEntity({
  name: 'CreditBalance',
  tableName: 'credit_balance',
  checks: [
    { name: 'credit_balance_available_not_negative', expression: 'total_micro >= held_micro' },
    {
      name: 'credit_balance_parts_not_negative',
      expression:
        'held_micro >= 0 and owed_micro >= 0 and plan_micro >= 0 and purchased_micro >= 0',
    },
    {
      name: 'credit_balance_parts_within_total',
      expression: 'plan_micro + purchased_micro <= total_micro',
    },
  ],
  indexes: [
    {
      name: 'credit_balance_due',
      expression:
        'create index credit_balance_due on credit_balance (next_due_at) where next_due_at is not null',
    },
  ],
  properties: {
    accountId: accountReference().primary(),
    sequence: zero(),
    version: zero(),
    totalMicro: zero(),
    planMicro: zero(),
    purchasedMicro: zero(),
    heldMicro: zero(),
    owedMicro: zero(),
    nextDueAt: instant().nullable(),
    lowMarkMicro: amount().nullable(),
  },
});

export const CreditGrantSchema = defineEntity({
  name: 'CreditGrant',
  tableName: 'credit_grant',
  checks: [
    {
      name: 'credit_grant_source_known',
      expression: `source in ('PLAN', 'PURCHASE', 'PROMOTION', 'COUPON', 'CHECK_IN', 'ADJUSTMENT')`,
    },
    { name: 'credit_grant_status_known', expression: `status in ('PENDING', 'OPEN', 'CLOSED')` },
    { name: 'credit_grant_has_amount', expression: 'amount_micro > 0' },
    {
      name: 'credit_grant_remaining_within_amount',
      expression: 'remaining_micro >= held_micro and remaining_micro <= amount_micro',
    },
    { name: 'credit_grant_held_not_negative', expression: 'held_micro >= 0' },
    { name: 'credit_grant_expires_after_start', expression: 'expires_at > effective_at' },
    {
      name: 'credit_grant_reversed_within_amount',
      expression: 'reversed_micro >= 0 and reversed_micro <= amount_micro',
    },
  ],
  uniques: [{ name: 'credit_grant_cause_unique', properties: ['causeKind', 'causeId'] }],
  indexes: [
    { name: 'credit_grant_page', properties: ['accountId', 'id'] },
    {
      name: 'credit_grant_burn_order',
      expression: `create index credit_grant_burn_order on credit_grant (account_id, priority, expires_at, effective_at, id) where status = 'OPEN'`,
    },
    {
      name: 'credit_grant_due_to_start',
      expression: `create index credit_grant_due_to_start on credit_grant (account_id, effective_at) where status = 'PENDING'`,
    },
    {
      name: 'credit_grant_due_to_expire',
      expression: `create index credit_grant_due_to_expire on credit_grant (account_id, expires_at) where status = 'OPEN' and expires_at is not null`,
    },
  ],
  properties: {
    id: p.uuid().primary(),
    accountId: accountReference(),
    source: p.text().$type<CreditGrantSource>(),
    status: p.text().$type<CreditGrantStatus>(),
    amountMicro: amount(),
    remainingMicro: zero(),
    heldMicro: zero(),
    priority: p.integer(),
    effectiveAt: instant(),
    expiresAt: instant().nullable(),
    causeKind: p.text(),
    causeId: p.text(),
    description: p.text().nullable(),
    createdAt: instant(),
    reversedMicro: zero(),
  },
});

export const CreditTransactionSchema = defineEntity({
  name: 'CreditTransaction',
  tableName: 'credit_transaction',
  checks: [
    {
      name: 'credit_transaction_type_known',
      expression: `type in ('GRANT', 'SPEND', 'HOLD_CAPTURE', 'EXPIRY', 'REFUND', 'CLAWBACK', 'ADJUSTMENT', 'ROLLOVER')`,
    },
    { name: 'credit_transaction_moves', expression: 'amount_micro <> 0' },
    { name: 'credit_transaction_balance_not_negative', expression: 'balance_after_micro >= 0' },
  ],
  indexes: [
    {
      name: 'credit_transaction_all',
      properties: ['type', 'createdAt', 'accountId', 'sequence'],
    },
    {
      name: 'credit_transaction_of_type',
      expression: `create index credit_transaction_of_type on credit_transaction (account_id, type, sequence) where type <> 'SPEND'`,
    },
  ],
  properties: {
    accountId: p.uuid().primary(),
    sequence: p.bigint('bigint').primary(),
    type: p.text().$type<CreditTransactionType>(),
    usageType: p.text().nullable(),
    amountMicro: amount(),
    balanceAfterMicro: amount(),
    description: p.text().nullable(),
    metadata: p.json<Record<string, unknown>>().nullable(),
    idempotencyKey: p.text().nullable(),
    createdAt: instant(),
  },
});

export const CreditAllocationSchema = defineEntity({
  name: 'CreditAllocation',
  tableName: 'credit_allocation',
  checks: [{ name: 'credit_allocation_moves', expression: 'amount_micro <> 0' }],
  properties: {
    accountId: p.uuid().primary(),
    sequence: p.bigint('bigint').primary(),
    grantId: p.uuid().primary(),
    amountMicro: amount(),
  },
});

export const IdempotencyKeySchema = defineEntity({
  name: 'IdempotencyKey',
  tableName: 'idempotency_key',
  properties: {
    accountId: p.uuid().primary(),
    operation: p.text().primary(),
    key: p.text().primary(),
    requestHash: p.blob(),
    sequence: p.bigint('bigint'),
  },
});
