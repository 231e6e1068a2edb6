import { createUnionType, Field, ID, InputType, Int, ObjectType } from 'type-graphql';
import { BillingErrorType } from '../../graphql/billing-error.ts';
import { connectionType } from '../../graphql/connection.ts';
import { CreditsScalar } from '../../graphql/credits-scalar.ts';
import { enumOf } from '../../graphql/enums.ts';
import { MoneyType, toMoney } from '../../graphql/money.type.ts';
import { refusal } from '../../graphql/refusal.ts';
import { DateTimeScalar } from '../../graphql/scalars.ts';
import { AccountBlockedType, IdempotencyConflictType } from '../account/account.type.ts';
import { CreditBalanceType, CreditTransactionType } from '../ledger/ledger.type.ts';
import { CouponNotApplicable } from './coupon.errors.ts';
import type { Coupon, CouponKind } from './coupon.model.ts';

export const CouponKindEnum = enumOf('CouponKind', ['PERCENT_OFF', 'AMOUNT_OFF', 'CREDITS']);

@ObjectType('Coupon', {
  description: 'Percent or amount off the first payment of a checkout, or credits at once.',
})
export class CouponType {
  @Field(() => ID)
  id!: string;

  @Field(() => String, { description: 'In capitals; it may be typed in any case.' })
  code!: string;

  @Field(() => CouponKindEnum)
  kind!: CouponKind;

  @Field(() => Int, { nullable: true, description: '2500 is 25 %.' })
  percentOffBasisPoints!: number | null;

  @Field(() => MoneyType, { nullable: true })
  amountOff!: MoneyType | null;

  @Field(() => CreditsScalar, { nullable: true })
  credits!: bigint | null;

  @Field(() => Int, {
    nullable: true,
    description: 'How often it can be used in all, open pages included; null: without end.',
  })
  maxRedemptions!: number | null;

  @Field(() => Int, { description: 'How often it was paid for, or gave its credits.' })
  timesRedeemed!: number;

  @Field(() => Int, { nullable: true })
  perAccountLimit!: number | null;

  @Field(() => DateTimeScalar, { nullable: true })
  expiresAt!: Date | null;

  @Field(() => [String], { description: 'The plans that it is for; none: for everything.' })
  planSlugs!: string[];

  @Field(() => Boolean)
  isActive!: boolean;
}

/** A coupon as clients see it. */
export function toCoupon(coupon: Coupon): CouponType {
  const { id, code, kind, percentOffBasisPoints, maxRedemptions, timesRedeemed } = coupon;
  return Object.assign(new CouponType(), {
    id,
    code,
    kind,
    percentOffBasisPoints,
    amountOff: coupon.amountOff === null ? null : toMoney(coupon.amountOff),
    credits: coupon.creditsMicro,
    maxRedemptions,
    timesRedeemed,
    perAccountLimit: coupon.perAccountLimit,
    expiresAt: coupon.expiresAt,
    planSlugs: [...coupon.planSlugs],
    isActive: coupon.isActive,
  });
}

export const CouponConnectionType = connectionType('Coupon', () => CouponType);
export type CouponConnectionType = InstanceType<typeof CouponConnectionType>;

@ObjectType('CouponNotApplicable', { implements: BillingErrorType })
export class CouponNotApplicableType extends BillingErrorType {
  @Field(() => String, {
    description:
      'A stable word: UNKNOWN, INACTIVE, EXPIRED, EXHAUSTED, ALREADY_USED, WRONG_PLAN, WRONG_KIND, WRONG_CURRENCY, AMOUNT_TOO_SMALL, PLAN_CHANGE.',
  })
  reason!: string;
}

export const couponNotApplicableRefusal = refusal(
  CouponNotApplicable,
  ({ code, message, reason }) =>
    Object.assign(new CouponNotApplicableType(), { code, message, reason }),
);

@ObjectType('RedeemCouponPayload')
export class RedeemCouponPayload {
  @Field(() => CreditTransactionType)
  transaction!: CreditTransactionType;

  @Field(() => CreditBalanceType)
  balance!: CreditBalanceType;
}

export const RedeemCouponResult = createUnionType({
  name: 'RedeemCouponResult',
  types: () =>
    [
      RedeemCouponPayload,
      CouponNotApplicableType,
      AccountBlockedType,
      IdempotencyConflictType,
    ] as const,
});

@InputType('RedeemCouponInput')
export class RedeemCouponInput {
  @Field(() => ID, {
    nullable: true,
    description: 'For administrators only; a key means its own account.',
  })
  accountId?: string | null;

  @Field(() => String)
  code!: string;

  @Field(() => String)
  idempotencyKey!: string;
}
