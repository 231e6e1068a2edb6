import { createUnionType, Field, ID, InputType, Int, ObjectType } from 'type-graphql';
import { BillingErrorType } from '../../graphql/billing-error.ts';
import { CreditsScalar } from '../../graphql/credits-scalar.ts';
import { refusal } from '../../graphql/refusal.ts';
import { DateTimeScalar } from '../../graphql/scalars.ts';
import { AccountBlockedType, NotAllowedNowType } from '../account/account.type.ts';
import type { CheckInSettings } from '../catalog/catalog.model.ts';
import { CreditBalanceType, CreditTransactionType } from '../ledger/ledger.type.ts';
import { AlreadyCheckedIn } from './check-in.errors.ts';

@ObjectType('CheckInStatus', { description: "Where an account stands on its own zone's day." })
export class CheckInStatusType {
  @Field(() => Boolean)
  checkedInToday!: boolean;

  @Field(() => Int, {
    description: "Days in a row; yesterday's counts on until today is over.",
  })
  streak!: number;

  @Field(() => DateTimeScalar, {
    description: 'From when the next check-in is possible: now, when this has passed.',
  })
  nextAt!: Date;
}

@ObjectType('StreakBonus')
export class StreakBonusType {
  @Field(() => Int)
  days!: number;

  @Field(() => CreditsScalar, {
    description: 'Added once, on the day on which the streak reaches so many days.',
  })
  credits!: bigint;
}

@ObjectType('CheckInConfig')
export class CheckInConfigType {
  @Field(() => Boolean)
  enabled!: boolean;

  @Field(() => CreditsScalar, { description: 'What a check-in gives.' })
  credits!: bigint;

  @Field(() => [StreakBonusType])
  streakBonuses!: StreakBonusType[];

  @Field(() => Int, { nullable: true, description: 'null: the credits do not expire.' })
  expiresAfterDays!: number | null;
}

/** The settings as administrators see them. */
export function toCheckInConfig(settings: CheckInSettings): CheckInConfigType {
  return {
    enabled: settings.enabled,
    credits: settings.creditsMicro,
    streakBonuses: settings.streakBonuses.map(({ days, creditsMicro }) => ({
      days,
      credits: creditsMicro,
    })),
    expiresAfterDays: settings.expiresAfterDays,
  };
}

@InputType('CheckInInput')
export class CheckInInput {
  @Field(() => ID, {
    nullable: true,
    description: 'For administrators only; a key means its own account.',
  })
  accountId?: string | null;
}

@InputType('StreakBonusInput')
export class StreakBonusInput {
  @Field(() => Int)
  days!: number;

  @Field(() => CreditsScalar)
  credits!: bigint;
}

@InputType('UpdateCheckInConfigInput', { description: 'What is not given stays as it is.' })
export class UpdateCheckInConfigInput {
  @Field(() => Boolean, { nullable: true })
  enabled?: boolean | null;

  @Field(() => CreditsScalar, { nullable: true })
  credits?: bigint | null;

  @Field(() => [StreakBonusInput], {
    nullable: true,
    description: 'All of them: the list takes the place of the one before.',
  })
  streakBonuses?: StreakBonusInput[] | null;

  @Field(() => Int, { nullable: true, description: 'null: the credits do not expire.' })
  expiresAfterDays?: number | null;
}

@ObjectType('CheckInPayload')
export class CheckInPayload {
  @Field(() => CreditTransactionType)
  transaction!: CreditTransactionType;

  @Field(() => CreditBalanceType)
  balance!: CreditBalanceType;

  @Field(() => Int)
  streak!: number;

  @Field(() => DateTimeScalar)
  nextAt!: Date;
}

@ObjectType('AlreadyCheckedIn', { implements: BillingErrorType })
class AlreadyCheckedInType extends BillingErrorType {
  @Field(() => DateTimeScalar)
  nextAt!: Date;
}

export const alreadyCheckedInRefusal = refusal(AlreadyCheckedIn, ({ code, message, nextAt }) =>
  Object.assign(new AlreadyCheckedInType(), { code, message, nextAt }),
);

export const CheckInResult = createUnionType({
  name: 'CheckInResult',
  types: () =>
    [CheckInPayload, AlreadyCheckedInType, NotAllowedNowType, AccountBlockedType] as const,
});
