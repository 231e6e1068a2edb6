import { Field, ID, ObjectType } from 'type-graphql';
import { ChannelEnum, enumOf, IntervalEnum } from '../../graphql/enums.ts';
import { MoneyType, toMoney } from '../../graphql/money.type.ts';
import { DateTimeScalar } from '../../graphql/scalars.ts';
import type { Channel, Interval } from '../../platform/money.ts';
import { AllowanceType, toAllowance } from '../catalog/catalog.type.ts';
import type { PlanSubscription, SubscriptionStatus } from './subscription.model.ts';

const SubscriptionStatusEnum = enumOf('SubscriptionStatus', [
  'ACTIVE',
  'TRIALING',
  'PAST_DUE',
  'CANCELED',
  'INCOMPLETE',
  'INCOMPLETE_EXPIRED',
  'UNPAID',
  'PAUSED',
]);

@ObjectType('PlanSubscription', { description: 'An account on a plan, through a provider.' })
export class PlanSubscriptionType {
  @Field(() => ID)
  id!: string;

  @Field(() => SubscriptionStatusEnum)
  status!: SubscriptionStatus;

  @Field(() => ChannelEnum)
  channel!: Channel;

  @Field(() => IntervalEnum)
  interval!: Interval;

  @Field(() => AllowanceType, { description: 'As sold.' })
  monthlyCredits!: AllowanceType;

  @Field(() => MoneyType, { nullable: true, description: 'As sold.' })
  price!: MoneyType | null;

  @Field(() => DateTimeScalar, { nullable: true })
  startedAt!: Date | null;

  @Field(() => DateTimeScalar, { nullable: true })
  currentPeriodStart!: Date | null;

  @Field(() => DateTimeScalar, { nullable: true })
  currentPeriodEnd!: Date | null;

  @Field(() => DateTimeScalar, { nullable: true })
  trialStart!: Date | null;

  @Field(() => DateTimeScalar, { nullable: true })
  trialEnd!: Date | null;

  @Field(() => Boolean)
  cancelAtPeriodEnd!: boolean;

  @Field(() => DateTimeScalar, { nullable: true })
  cancelAt!: Date | null;

  @Field(() => String, { nullable: true })
  providerSubscriptionId!: string | null;

  @Field(() => String, { nullable: true })
  providerCustomerId!: string | null;

  @Field(() => DateTimeScalar)
  createdAt!: Date;

  @Field(() => DateTimeScalar)
  updatedAt!: Date;

  planId!: string;
}

/** A subscription as clients see it. */
export function toPlanSubscription(subscription: PlanSubscription): PlanSubscriptionType {
  return Object.assign(new PlanSubscriptionType(), subscription, {
    monthlyCredits: toAllowance(subscription.monthlyCredits),
    price: subscription.price === null ? null : toMoney(subscription.price),
  });
}
