import { createUnionType, Field, ID, InputType, Int, ObjectType } from 'type-graphql';
import { BillingErrorType } from '../../graphql/billing-error.ts';
import { CreditsScalar } from '../../graphql/credits-scalar.ts';
import { refusal } from '../../graphql/refusal.ts';
import { DateTimeScalar, JsonObjectScalar } from '../../graphql/scalars.ts';
import { AccountBlockedType, IdempotencyConflictType } from '../account/account.type.ts';
import { InsufficientCredits } from './ledger.errors.ts';
import { CreditBalanceType, CreditTransactionType } from './ledger.type.ts';

@ObjectType('InsufficientCredits', { implements: BillingErrorType })
export class InsufficientCreditsType extends BillingErrorType {
  @Field(() => CreditsScalar)
  required!: bigint;

  @Field(() => CreditsScalar)
  available!: bigint;

  @Field(() => Int, { description: 'What a gateway in front would answer with: 402.' })
  httpStatus!: number;
}

export const insufficientCreditsRefusal = refusal(InsufficientCredits, (error) =>
  Object.assign(new InsufficientCreditsType(), {
    code: error.code,
    message: error.message,
    required: error.requiredMicro,
    available: error.availableMicro,
    httpStatus: 402,
  }),
);

@ObjectType('SpendCreditsPayload')
export class SpendCreditsPayload {
  @Field(() => CreditTransactionType)
  transaction!: CreditTransactionType;

  @Field(() => CreditBalanceType)
  balance!: CreditBalanceType;
}

export const SpendCreditsResult = createUnionType({
  name: 'SpendCreditsResult',
  types: () =>
    [
      SpendCreditsPayload,
      InsufficientCreditsType,
      AccountBlockedType,
      IdempotencyConflictType,
    ] as const,
});

export const AdjustCreditsResult = createUnionType({
  name: 'AdjustCreditsResult',
  types: () => [SpendCreditsPayload, InsufficientCreditsType, IdempotencyConflictType] as const,
});

@InputType('SpendCreditsInput')
export class SpendCreditsInput {
  @Field(() => ID, {
    nullable: true,
    description: 'For administrators only; a key means its own account.',
  })
  accountId?: string | null;

  @Field(() => CreditsScalar, { description: 'More than zero.' })
  amount!: bigint;

  @Field(() => String, {
    nullable: true,
    description: 'What was used, in your own words, such as ai_usage.',
  })
  usageType?: string | null;

  @Field(() => String, { nullable: true })
  description?: string | null;

  @Field(() => JsonObjectScalar, { nullable: true })
  metadata?: Record<string, unknown> | null;

  @Field(() => String)
  idempotencyKey!: string;
}

@InputType('AdjustCreditsInput')
export class AdjustCreditsInput {
  @Field(() => ID)
  accountId!: string;

  @Field(() => CreditsScalar, { description: 'Positive gives, negative takes.' })
  amount!: bigint;

  @Field(() => String)
  reason!: string;

  @Field(() => DateTimeScalar, {
    nullable: true,
    description: 'When credits that are given expire; null: never.',
  })
  expiresAt?: Date | null;

  @Field(() => String)
  idempotencyKey!: string;
}
