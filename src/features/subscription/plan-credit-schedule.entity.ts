import { defineEntity, p } from '@mikro-orm/postgresql';
import { instant } from '../../platform/database/columns.ts';
import { accountReference } from '../account/account.entity.ts';
import { PlanSubscriptionSchema } from './subscription.entity.ts';
import type { PlanCreditSchedule } from './subscription.model.ts';

export const PlanCreditScheduleSchema = defineEntity({
  name: 'PlanCreditSchedule',
  tableName: 'plan_credit_schedule',
  checks: [
    {
      name: 'plan_credit_schedule_cause_known',
      expression: `cause_kind in ('account', 'subscription', 'invoice')`,
    },
    {
      name: 'plan_credit_schedule_subscription_by_cause',
      expression: `(cause_kind = 'account') = (subscription_id is null)`,
    },
  ],
  indexes: [
    {
      name: 'plan_credit_schedule_due',
      expression:
        'create index plan_credit_schedule_due on plan_credit_schedule (due_at) where due_at is not null',
    },
  ],
  properties: {
    accountId: accountReference().primary(),
    causeKind: p.text().$type<PlanCreditSchedule['causeKind']>(),
    causeId: p.text(),
    subscriptionId: p
      .manyToOne(PlanSubscriptionSchema)
      .mapToPk()
      .fieldName('subscription_id')
      .index(false)
      .deleteRule('no action')
      .updateRule('no action')
      .nullable(),
    anchorAt: instant(),
    months: p.integer().nullable(),
    endsAt: instant().nullable(),
    nextMonth: p.integer(),
    dueAt: instant().nullable(),
    grantId: p.uuid().nullable(),
    rolledGrantId: p.uuid().nullable(),
  },
});
