import { Field, ID, Int, ObjectType } from 'type-graphql';
import { connectionType } from '../../graphql/connection.ts';
import { enumOf } from '../../graphql/enums.ts';
import { DateTimeScalar, LocalDateScalar, SafeIntScalar } from '../../graphql/scalars.ts';
import { MICRO } from '../../platform/money.ts';
import { localDay } from '../../platform/time.ts';
import { finite, type MetricKind } from '../catalog/catalog.model.ts';
import { AllowanceType, toAllowance } from '../catalog/catalog.type.ts';
import type {
  DailyUsage,
  UsageCheck,
  UsageCounter,
  UsageLimit,
  UsagePeriod,
  UsageReport,
} from './usage.model.ts';
import { isOverLimit, remaining } from './usage.policy.ts';

const MetricKindEnum = enumOf(
  'MetricKind',
  ['COUNTER', 'LEVEL'],
  'A COUNTER starts at zero each period; a LEVEL carries over and may go down.',
);

@ObjectType('UsageCounter', { description: 'What was counted of a metric in a period.' })
export class UsageCounterType {
  @Field(() => String)
  metric!: string;

  @Field(() => MetricKindEnum)
  kind!: MetricKind;

  @Field(() => SafeIntScalar)
  used!: number;

  @Field(() => AllowanceType)
  limit!: AllowanceType;

  @Field(() => SafeIntScalar, { nullable: true, description: 'Null where the limit is no number.' })
  remaining!: number | null;

  @Field(() => Boolean, { description: 'Above its limit, as it may be under a SOFT one.' })
  overLimit!: boolean;

  @Field(() => DateTimeScalar, {
    nullable: true,
    description: 'When a COUNTER starts anew; null for a LEVEL.',
  })
  resetsAt!: Date | null;
}

/** A counter as clients see it. */
export function toUsageCounter(counter: UsageCounter): UsageCounterType {
  const left = remaining(counter);
  return Object.assign(new UsageCounterType(), {
    metric: counter.metric,
    kind: counter.kind,
    used: Number(counter.used),
    limit: limitShown(counter.limit),
    remaining: left === null ? null : Number(left),
    overLimit: isOverLimit(counter),
    resetsAt: counter.resetsAt,
  });
}

@ObjectType('UsagePeriod', { description: 'A billing period, and what was counted in it.' })
export class UsagePeriodType {
  @Field(() => ID)
  id!: string;

  @Field(() => String, { description: 'The month that it begins in, such as 2024-01.' })
  label!: string;

  @Field(() => DateTimeScalar)
  start!: Date;

  @Field(() => DateTimeScalar, { description: 'The first instant of the next one.' })
  end!: Date;

  @Field(() => Int, { description: "In days of the account's zone, today included." })
  daysRemaining!: number;

  @Field(() => [UsageCounterType], { description: 'One for each metric of the catalogue.' })
  counters!: UsageCounterType[];
}

/** A period as clients see it. Its id is the account's with the instant that it begins at. */
export function toUsagePeriod(report: UsageReport): UsagePeriodType {
  const { accountId, period, daysRemaining, counters } = report;
  return Object.assign(new UsagePeriodType(), {
    id: `${accountId}-${period.start.getTime()}`,
    label: labelOf(period),
    start: period.start,
    end: period.end,
    daysRemaining,
    counters: counters.map(toUsageCounter),
  });
}

export const UsagePeriodConnectionType = connectionType('UsagePeriod', () => UsagePeriodType);
export type UsagePeriodConnectionType = InstanceType<typeof UsagePeriodConnectionType>;

@ObjectType('DailyUsage')
export class DailyUsageType {
  @Field(() => LocalDateScalar, { description: "A day of the account's zone." })
  date!: string;

  @Field(() => SafeIntScalar, {
    description: 'What was counted; for a LEVEL by how much it moved.',
  })
  count!: number;
}

/** A day as clients see it. */
export function toDailyUsage({ date, count }: DailyUsage): DailyUsageType {
  return Object.assign(new DailyUsageType(), { date, count: Number(count) });
}

@ObjectType('UsageCheck', { description: 'Whether an event would be counted now.' })
export class UsageCheckType {
  @Field(() => Boolean)
  allowed!: boolean;

  @Field(() => String)
  metric!: string;

  @Field(() => SafeIntScalar, { description: 'What is counted already.' })
  current!: number;

  @Field(() => AllowanceType)
  limit!: AllowanceType;

  @Field(() => SafeIntScalar, { nullable: true, description: 'Null where the limit is no number.' })
  remaining!: number | null;

  @Field(() => DateTimeScalar, { nullable: true })
  resetsAt!: Date | null;

  @Field(() => String, {
    nullable: true,
    description: 'ACCOUNT_BLOCKED, USAGE_LIMIT_EXCEEDED or BELOW_ZERO; null when allowed.',
  })
  reason!: string | null;
}

/** The answer to a question as clients see it. */
export function toUsageCheck({ counter, obstacle }: UsageCheck): UsageCheckType {
  const { metric, used, limit, remaining: left, resetsAt } = toUsageCounter(counter);
  return Object.assign(new UsageCheckType(), {
    allowed: obstacle === null,
    metric,
    current: used,
    limit,
    remaining: left,
    resetsAt,
    reason: obstacle,
  });
}

function limitShown({ allowance, units }: Omit<UsageLimit, 'isTrial'>): AllowanceType {
  if (allowance === 'FINITE') return toAllowance(finite((units ?? 0n) * MICRO));
  return toAllowance({ kind: allowance });
}

/** The month of the period's start, by the period's own calendar. */
function labelOf({ start, timeZone }: UsagePeriod): string {
  return localDay(start, timeZone).date.slice(0, 7);
}
