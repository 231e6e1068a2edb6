import { createUnionType, Field, ID, InputType, Int, ObjectType } from 'type-graphql';
import { BillingErrorType } from '../../graphql/billing-error.ts';
import { refusal } from '../../graphql/refusal.ts';
import { DateTimeScalar, SafeIntScalar } from '../../graphql/scalars.ts';
import { InvalidInput } from '../../platform/errors.ts';
import {
  AccountBlockedType,
  accountBlockedRefusal,
  IdempotencyConflictType,
  idempotencyConflictRefusal,
} from '../account/account.type.ts';
import { UsageLimitExceeded } from './usage.errors.ts';
import { UsageCounterType } from './usage.type.ts';

@ObjectType('UsageLimitExceeded', {
  implements: BillingErrorType,
  description: 'The event would pass a HARD limit: it was refused whole, and not counted.',
})
class UsageLimitExceededType extends BillingErrorType {
  @Field(() => String)
  metric!: string;

  @Field(() => SafeIntScalar, { description: 'What the count would have become.' })
  current!: number;

  @Field(() => SafeIntScalar)
  limit!: number;

  @Field(() => DateTimeScalar, { nullable: true })
  resetsAt!: Date | null;

  @Field(() => Int, { description: 'What a gateway in front would answer with: 402.' })
  httpStatus!: number;
}

@ObjectType('InvalidUsageEvent', {
  implements: BillingErrorType,
  description:
    'An event of a batch that is wrong in itself. By itself it is the GraphQL error BAD_USER_INPUT.',
})
class InvalidUsageEventType extends BillingErrorType {
  @Field(() => String, { description: 'The argument that is wrong.' })
  field!: string;
}

const usageLimitExceededRefusal = refusal(UsageLimitExceeded, (error) =>
  Object.assign(new UsageLimitExceededType(), {
    code: error.code,
    message: error.message,
    metric: error.metric,
    current: Number(error.current),
    limit: Number(error.limit),
    resetsAt: error.resetsAt,
    httpStatus: 402,
  }),
);

const invalidUsageEventRefusal = refusal(InvalidInput, (error) =>
  Object.assign(new InvalidUsageEventType(), {
    code: error.code,
    message: error.message,
    field: String(error.details.field),
  }),
);

export const RECORD_REFUSALS = [
  usageLimitExceededRefusal,
  accountBlockedRefusal,
  idempotencyConflictRefusal,
] as const;
export const BATCH_REFUSALS = [...RECORD_REFUSALS, invalidUsageEventRefusal] as const;

@ObjectType('RecordUsagePayload')
export class RecordUsagePayload {
  @Field(() => UsageCounterType, { description: 'Of the period that the event counts in.' })
  counter!: UsageCounterType;
}

export const RecordUsageResult = createUnionType({
  name: 'RecordUsageResult',
  types: () =>
    [
      RecordUsagePayload,
      UsageLimitExceededType,
      AccountBlockedType,
      IdempotencyConflictType,
      InvalidUsageEventType,
    ] as const,
});

@ObjectType('RecordUsageBatchResult')
export class RecordUsageBatchResultType {
  @Field(() => [RecordUsageResult], { description: "In the events' order." })
  results!: (typeof RecordUsageResult)[];
}

@InputType('UsageEventInput')
export class UsageEventInput {
  @Field(() => String)
  metric!: string;

  @Field(() => SafeIntScalar, { description: 'More than zero; for a LEVEL also less.' })
  quantity!: number;

  @Field(() => DateTimeScalar, {
    nullable: true,
    description: 'When it happened, at most 35 days ago; now when not given.',
  })
  occurredAt?: Date | null;

  @Field(() => String, {
    description: "An account's key is counted once, by whichever mutation it comes.",
  })
  idempotencyKey!: string;
}

@InputType('RecordUsageInput')
export class RecordUsageInput extends UsageEventInput {
  @Field(() => ID, {
    nullable: true,
    description: 'For administrators only; a key means its own account.',
  })
  accountId?: string | null;
}

@InputType('RecordUsageBatchInput')
export class RecordUsageBatchInput {
  @Field(() => ID, {
    nullable: true,
    description: 'For administrators only; a key means its own account.',
  })
  accountId?: string | null;

  @Field(() => [UsageEventInput], {
    description: 'At most 500; each succeeds or is refused by itself.',
  })
  events!: UsageEventInput[];
}
