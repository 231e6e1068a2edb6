import { Field, ID, InputType, Int } from 'type-graphql';
import { CreditsScalar } from '../../graphql/credits-scalar.ts';
import { CurrencyScalar, DateTimeScalar, SafeIntScalar } from '../../graphql/scalars.ts';
import type { CouponKind } from './coupon.model.ts';
import { CouponKindEnum } from './coupon.type.ts';

@InputType({ description: 'How often, until when and for which plans.' })
abstract class CouponLimitsInput {
  @Field(() => Int, { nullable: true, description: 'null: without end.' })
  maxRedemptions?: number | null;

  @Field(() => Int, { nullable: true, description: 'null: without end.' })
  perAccountLimit?: number | null;

  @Field(() => DateTimeScalar, { nullable: true, description: 'null: never.' })
  expiresAt?: Date | null;

  @Field(() => [String], { nullable: true, description: 'none: for everything.' })
  planSlugs?: string[] | null;
}

@InputType('CreateCouponInput', {
  description: 'With exactly the one value that its kind asks for.',
})
export class CreateCouponInput extends CouponLimitsInput {
  @Field(() => String, { description: 'Unique, in whatever case it is typed.' })
  code!: string;

  @Field(() => CouponKindEnum)
  kind!: CouponKind;

  @Field(() => Int, { nullable: true, description: 'From 1 (0.01 %) to 10000 (100 %).' })
  percentOffBasisPoints?: number | null;

  @Field(() => SafeIntScalar, { nullable: true })
  amountOffMinorUnits?: number | null;

  @Field(() => CurrencyScalar, {
    nullable: true,
    description: "Of the amount; the catalogue's when not given.",
  })
  currency?: string | null;

  @Field(() => CreditsScalar, { nullable: true })
  credits?: bigint | null;
}

@InputType('UpdateCouponInput', {
  description: 'What is not given stays as it is; null takes a limit away.',
})
export class UpdateCouponInput extends CouponLimitsInput {
  @Field(() => ID)
  id!: string;

  @Field(() => Boolean, { nullable: true })
  isActive?: boolean | null;
}
