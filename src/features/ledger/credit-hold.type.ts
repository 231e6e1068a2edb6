import { createUnionType, Field, ID, InputType, Int, ObjectType } from 'type-graphql';
import { CreditsScalar } from '../../graphql/credits-scalar.ts';
import { enumOf } from '../../graphql/enums.ts';
import { DateTimeScalar } from '../../graphql/scalars.ts';
import {
  AccountBlockedType,
  IdempotencyConflictType,
  NotAllowedNowType,
} from '../account/account.type.ts';
import type { CreditHold, CreditHoldStatus } from './credit-hold.model.ts';
import { CreditBalanceType, CreditTransactionType } from './ledger.type.ts';
import { InsufficientCreditsType } from './ledger-result.type.ts';

const CreditHoldStatusEnum = enumOf('CreditHoldStatus', [
  'OPEN',
  'CAPTURED',
  'RELEASED',
  'EXPIRED',
]);

@ObjectType('CreditHold', { description: 'Credits set aside for work in progress.' })
export class CreditHoldType {
  @Field(() => ID)
  id!: string;

  @Field(() => CreditHoldStatusEnum)
  status!: CreditHoldStatus;

  @Field(() => CreditsScalar, { description: 'What was set aside.' })
  amount!: bigint;

  @Field(() => CreditsScalar, { description: 'What was spent of it; the rest was given back.' })
  captured!: bigint;

  @Field(() => DateTimeScalar, {
    description: 'An open hold gives its credits back at this instant.',
  })
  expiresAt!: Date;

  @Field(() => DateTimeScalar)
  createdAt!: Date;
}

/** A hold as clients see it. */
export function toCreditHold(hold: CreditHold): CreditHoldType {
  const { id, status, amountMicro, capturedMicro, expiresAt, createdAt } = hold;
  return { id, status, amount: amountMicro, captured: capturedMicro, expiresAt, createdAt };
}

@InputType('HoldCreditsInput')
export class HoldCreditsInput {
  @Field(() => ID, {
    nullable: true,
    description: 'For administrators only; a key means its own account.',
  })
  accountId?: string | null;

  @Field(() => CreditsScalar, { description: 'More than zero.' })
  amount!: bigint;

  @Field(() => Int, {
    nullable: true,
    description: 'From 1 second to 7 days (604800); 15 minutes (900) when not given.',
  })
  expiresInSeconds?: number | null;

  @Field(() => String)
  idempotencyKey!: string;
}

@InputType('CaptureHoldInput')
export class CaptureHoldInput {
  @Field(() => ID, { nullable: true })
  accountId?: string | null;

  @Field(() => ID)
  holdId!: string;

  @Field(() => CreditsScalar, {
    nullable: true,
    description: 'All that is held when not given; of less, the rest is given back.',
  })
  amount?: bigint | null;

  @Field(() => String, {
    nullable: true,
    description: 'What was used, in your own words, such as ai_usage.',
  })
  usageType?: string | null;

  @Field(() => String, { nullable: true })
  description?: string | null;

  @Field(() => String)
  idempotencyKey!: string;
}

@InputType('ReleaseHoldInput')
export class ReleaseHoldInput {
  @Field(() => ID, { nullable: true })
  accountId?: string | null;

  @Field(() => ID)
  holdId!: string;
}

@ObjectType('HoldCreditsPayload')
export class HoldCreditsPayload {
  @Field(() => CreditHoldType)
  hold!: CreditHoldType;

  @Field(() => CreditBalanceType)
  balance!: CreditBalanceType;
}

@ObjectType('CaptureHoldPayload')
export class CaptureHoldPayload {
  @Field(() => CreditHoldType)
  hold!: CreditHoldType;

  @Field(() => CreditTransactionType)
  transaction!: CreditTransactionType;

  @Field(() => CreditBalanceType)
  balance!: CreditBalanceType;
}

@ObjectType('ReleaseHoldPayload')
export class ReleaseHoldPayload {
  @Field(() => CreditHoldType)
  hold!: CreditHoldType;

  @Field(() => CreditBalanceType)
  balance!: CreditBalanceType;
}

export const HoldCreditsResult = createUnionType({
  name: 'HoldCreditsResult',
  types: () =>
    [
      HoldCreditsPayload,
      InsufficientCreditsType,
      AccountBlockedType,
      IdempotencyConflictType,
    ] as const,
});

export const CaptureHoldResult = createUnionType({
  name: 'CaptureHoldResult',
  types: () => [CaptureHoldPayload, NotAllowedNowType, IdempotencyConflictType] as const,
});

export const ReleaseHoldResult = createUnionType({
  name: 'ReleaseHoldResult',
  types: () => [ReleaseHoldPayload, NotAllowedNowType] as const,
});
