import { Field, ObjectType } from 'type-graphql';
import { BillingErrorType } from '../../graphql/billing-error.ts';
import { refusal } from '../../graphql/refusal.ts';
import { CouponNotApplicable } from './order.errors.ts';

@ObjectType('CouponNotApplicable', { implements: BillingErrorType })
export class CouponNotApplicableType extends BillingErrorType {
  @Field(() => String, { description: 'A stable word, such as UNKNOWN.' })
  reason!: string;
}

export const couponNotApplicableRefusal = refusal(
  CouponNotApplicable,
  ({ code, message, reason }) =>
    Object.assign(new CouponNotApplicableType(), { code, message, reason }),
);
