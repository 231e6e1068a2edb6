import { createUnionType, Field, ID, InputType, ObjectType } from 'type-graphql';
import { ChannelEnum, IntervalEnum } from '../../graphql/enums.ts';
import { SafeIntScalar, UrlScalar } from '../../graphql/scalars.ts';
import type { Channel, Interval } from '../../platform/money.ts';
import {
  AccountBlockedType,
  IdempotencyConflictType,
  NotAllowedNowType,
} from '../account/account.type.ts';
import { PlanNotAvailableType } from '../catalog/plan-not-available.type.ts';
import { CouponNotApplicableType } from '../coupon/coupon.type.ts';
import { ChannelUnsupportedType } from '../payment-method/payment-refusal.type.ts';
import { OrderType } from './order.type.ts';

@ObjectType('CreateCheckoutPayload')
export class CreateCheckoutPayload {
  @Field(() => OrderType)
  order!: OrderType;

  @Field(() => UrlScalar, { description: "The provider's hosted page: send the customer there." })
  checkoutUrl!: string;
}

@ObjectType('RechargePayload')
export class RechargePayload {
  @Field(() => OrderType)
  order!: OrderType;

  @Field(() => UrlScalar, { description: "The provider's hosted page: send the customer there." })
  checkoutUrl!: string;
}

export const CreateCheckoutResult = createUnionType({
  name: 'CreateCheckoutResult',
  types: () =>
    [
      CreateCheckoutPayload,
      NotAllowedNowType,
      PlanNotAvailableType,
      CouponNotApplicableType,
      ChannelUnsupportedType,
      AccountBlockedType,
      IdempotencyConflictType,
    ] as const,
});

export const RechargeResult = createUnionType({
  name: 'RechargeResult',
  types: () =>
    [
      RechargePayload,
      NotAllowedNowType,
      CouponNotApplicableType,
      ChannelUnsupportedType,
      AccountBlockedType,
      IdempotencyConflictType,
    ] as const,
});

@InputType({ description: 'What every purchase says.' })
abstract class PurchaseInput {
  @Field(() => ID, {
    nullable: true,
    description: 'For administrators only; a key means its own account.',
  })
  accountId?: string | null;

  @Field(() => ChannelEnum, { nullable: true })
  channel?: Channel | null;

  @Field(() => String, { nullable: true })
  couponCode?: string | null;

  @Field(() => UrlScalar, {
    description: 'Where the page leads after payment; {CHECKOUT_SESSION_ID} in it is filled in.',
  })
  successUrl!: URL;

  @Field(() => UrlScalar, { description: 'Where the page leads when the customer turns back.' })
  cancelUrl!: URL;

  @Field(() => String)
  idempotencyKey!: string;
}

@InputType('CreateCheckoutInput', {
  description:
    "The plan by slug, by id or by one of its price ids (Tollgate's or the provider's); none: the catalogue's lifecycle.plan.",
})
export class CreateCheckoutInput extends PurchaseInput {
  @Field(() => String, { nullable: true })
  planSlug?: string | null;

  @Field(() => ID, { nullable: true })
  planId?: string | null;

  @Field(() => String, { nullable: true })
  priceId?: string | null;

  @Field(() => IntervalEnum, { nullable: true, description: 'MONTH when not given.' })
  interval?: Interval | null;
}

@InputType('RechargeInput', {
  description: "Either a custom amount in the account's currency or a package.",
})
export class RechargeInput extends PurchaseInput {
  @Field(() => SafeIntScalar, { nullable: true })
  amountMinorUnits?: number | null;

  @Field(() => ID, { nullable: true })
  packageId?: string | null;
}
