import { Field, ObjectType } from 'type-graphql';
import { BillingErrorType } from '../../graphql/billing-error.ts';
import { ChannelEnum } from '../../graphql/enums.ts';
import { refusal } from '../../graphql/refusal.ts';
import type { Channel } from '../../platform/money.ts';
import { PlanNotAvailable } from '../catalog/catalog.errors.ts';
import { ChannelUnsupported, CouponNotApplicable } from './order.errors.ts';

@ObjectType('PlanNotAvailable', { implements: BillingErrorType })
export class PlanNotAvailableType extends BillingErrorType {
  @Field(() => String)
  planSlug!: string;
}

@ObjectType('ChannelUnsupported', { implements: BillingErrorType })
export class ChannelUnsupportedType extends BillingErrorType {
  @Field(() => ChannelEnum)
  channel!: Channel;
}

@ObjectType('CouponNotApplicable', { implements: BillingErrorType })
export class CouponNotApplicableType extends BillingErrorType {
  @Field(() => String, { description: 'A stable word, such as UNKNOWN.' })
  reason!: string;
}

export const planNotAvailableRefusal = refusal(PlanNotAvailable, ({ code, message, planSlug }) =>
  Object.assign(new PlanNotAvailableType(), { code, message, planSlug }),
);

export const channelUnsupportedRefusal = refusal(ChannelUnsupported, ({ code, message, channel }) =>
  Object.assign(new ChannelUnsupportedType(), { code, message, channel }),
);

export const couponNotApplicableRefusal = refusal(
  CouponNotApplicable,
  ({ code, message, reason }) =>
    Object.assign(new CouponNotApplicableType(), { code, message, reason }),
);
