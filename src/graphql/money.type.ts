import { Field, ObjectType } from 'type-graphql';
import type { Money } from '../platform/money.ts';
import { CurrencyScalar, SafeIntScalar } from './scalars.ts';

@ObjectType('Money', {
  description: "An amount in the currency's minor unit: 2900 USD is $29.00, 2900 JPY is ¥2900.",
})
export class MoneyType {
  @Field(() => SafeIntScalar)
  minorUnits!: number;

  @Field(() => CurrencyScalar)
  currency!: string;
}

/** Money as clients see it. */
export function toMoney(money: Money): MoneyType {
  return { minorUnits: Number(money.amountMinor), currency: money.currency };
}
