import { createUnionType, Field, ID, InputType, ObjectType } from 'type-graphql';
import { CreditsScalar } from '../../graphql/credits-scalar.ts';
import { MoneyType, toMoney } from '../../graphql/money.type.ts';
import { SafeIntScalar } from '../../graphql/scalars.ts';
import { AccountType, NotAllowedNowType } from '../account/account.type.ts';
import type { AutoRecharge } from './auto-recharge.model.ts';

@ObjectType('AutoRecharge', {
  description: 'When the account is topped up by itself, from its saved card.',
})
export class AutoRechargeType {
  @Field(() => Boolean)
  enabled!: boolean;

  @Field(() => CreditsScalar, { description: 'A balance with less available is topped up.' })
  threshold!: bigint;

  @Field(() => MoneyType, { description: 'What each recharge costs.' })
  amount!: MoneyType;

  @Field(() => MoneyType, {
    nullable: true,
    description:
      "The most that is charged in a calendar month of the account's time zone; null: no limit.",
  })
  monthlyCap!: MoneyType | null;
}

/** Settings as clients see them. */
export function toAutoRecharge(settings: AutoRecharge): AutoRechargeType {
  const { isEnabled, thresholdMicro, amount, monthlyCapMinor } = settings;
  return Object.assign(new AutoRechargeType(), {
    enabled: isEnabled,
    threshold: thresholdMicro,
    amount: toMoney(amount),
    monthlyCap:
      monthlyCapMinor === null ? null : toMoney({ ...amount, amountMinor: monthlyCapMinor }),
  });
}

@ObjectType('SetAutoRechargePayload')
export class SetAutoRechargePayload {
  @Field(() => AccountType)
  account!: AccountType;
}

export const SetAutoRechargeResult = createUnionType({
  name: 'SetAutoRechargeResult',
  types: () => [SetAutoRechargePayload, NotAllowedNowType] as const,
});

@InputType('SetAutoRechargeInput', {
  description:
    'What is left out stays as it was; threshold and amount are required the first time.',
})
export class SetAutoRechargeInput {
  @Field(() => ID, {
    nullable: true,
    description: 'For administrators only; a key means its own account.',
  })
  accountId?: string | null;

  @Field(() => Boolean)
  enabled!: boolean;

  @Field(() => CreditsScalar, { nullable: true })
  threshold?: bigint | null;

  @Field(() => SafeIntScalar, { nullable: true })
  amountMinorUnits?: number | null;

  @Field(() => SafeIntScalar, {
    nullable: true,
    description: 'Null takes the limit away.',
  })
  monthlyCapMinorUnits?: number | null;
}
