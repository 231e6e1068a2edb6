import { Field, ID, Int, ObjectType } from 'type-graphql';
import { CreditsScalar } from '../../graphql/credits-scalar.ts';
import { ChannelEnum, enumOf, IntervalEnum } from '../../graphql/enums.ts';
import { MoneyType, toMoney } from '../../graphql/money.type.ts';
import type { Channel, Interval } from '../../platform/money.ts';
import type {
  Allowance,
  CreditPackage,
  Enforcement,
  Plan,
  PlanManager,
  PriceRecord,
} from './catalog.model.ts';
import { channelsOf, offeredPrice } from './catalog.policy.ts';

export const AllowanceKindEnum = enumOf(
  'AllowanceKind',
  ['FINITE', 'UNLIMITED', 'CUSTOM'],
  'CUSTOM is agreed with each customer.',
);

export const EnforcementEnum = enumOf(
  'Enforcement',
  ['HARD', 'SOFT'],
  'HARD refuses what would pass the limit; SOFT counts and flags it.',
);

export const PlanManagerEnum = enumOf(
  'PlanManager',
  ['FILE', 'ADMINISTRATOR'],
  'Who decides what a plan is: the catalogue file, until an administrator makes or changes it.',
);

@ObjectType('Allowance', { description: 'An amount that may also be words.' })
export class AllowanceType {
  @Field(() => AllowanceKindEnum)
  kind!: Allowance['kind'];

  @Field(() => CreditsScalar, { nullable: true, description: 'The amount; null unless FINITE.' })
  value!: bigint | null;
}

/** An allowance as clients see it. */
export function toAllowance(allowance: Allowance): AllowanceType {
  const value = allowance.kind === 'FINITE' ? allowance.value : null;
  return Object.assign(new AllowanceType(), { kind: allowance.kind, value });
}

@ObjectType('Price')
export class PriceType {
  @Field(() => ID, { description: 'Can be given to createCheckout.' })
  id!: string;

  @Field(() => AllowanceKindEnum)
  kind!: Allowance['kind'];

  @Field(() => MoneyType, { nullable: true, description: 'Null unless FINITE.' })
  money!: MoneyType | null;

  @Field(() => IntervalEnum)
  interval!: Interval;

  @Field(() => [ChannelEnum], { description: 'The payment providers that sell at this price.' })
  channels!: Channel[];
}

@ObjectType('PlanLimit')
export class PlanLimitType {
  @Field(() => String)
  metric!: string;

  @Field(() => AllowanceType, { description: 'How much a period admits.' })
  allowance!: AllowanceType;

  @Field(() => EnforcementEnum)
  enforcement!: Enforcement;
}

@ObjectType('Plan', { description: 'What an account can be on, and what that costs.' })
export class PlanType {
  @Field(() => ID)
  id!: string;

  @Field(() => String)
  slug!: string;

  @Field(() => String)
  name!: string;

  @Field(() => String, { nullable: true })
  description!: string | null;

  @Field(() => PriceType, { nullable: true, description: 'Null: not sold by the month.' })
  monthlyPrice!: PriceType | null;

  @Field(() => PriceType, { nullable: true, description: 'Null: not sold by the year.' })
  yearlyPrice!: PriceType | null;

  @Field(() => AllowanceType, { description: 'The credits of each month, also when paid yearly.' })
  monthlyCredits!: AllowanceType;

  @Field(() => AllowanceType, {
    description: "How much of a month's credits lives on: 0 is none, UNLIMITED all.",
  })
  rollover!: AllowanceType;

  @Field(() => [PlanLimitType])
  limits!: PlanLimitType[];

  @Field(() => [String])
  features!: readonly string[];

  @Field(() => AllowanceType)
  maxConcurrentAgents!: AllowanceType;

  @Field(() => AllowanceType)
  maxDurationHours!: AllowanceType;

  @Field(() => [String], {
    nullable: true,
    description: "The product's own channels; null: any.",
  })
  allowedChannels!: readonly string[] | null;

  @Field(() => Boolean)
  canBuyCreditPackages!: boolean;

  @Field(() => Int)
  trialDays!: number;

  @Field(() => Boolean, { description: 'Sold now.' })
  isActive!: boolean;

  @Field(() => Int)
  sortOrder!: number;

  @Field(() => Boolean, { description: 'New accounts start on this plan.' })
  isDefault!: boolean;

  manager!: PlanManager;

  providerIds!: {
    readonly stripeMonthlyPriceId: string | null;
    readonly stripeYearlyPriceId: string | null;
    readonly creemProductId: string | null;
  };
}

/** A plan as clients see it; the providers' ids stay for the fields that show them to administrators. */
export function toPlan(plan: Plan): PlanType {
  const monthly = offeredPrice(plan, 'MONTH');
  const yearly = offeredPrice(plan, 'YEAR');
  return Object.assign(new PlanType(), {
    id: plan.id,
    slug: plan.slug,
    name: plan.name,
    description: plan.description,
    monthlyPrice: monthly && toPrice(monthly),
    yearlyPrice: yearly && toPrice(yearly),
    monthlyCredits: toAllowance(plan.monthlyCredits),
    rollover: toAllowance(plan.rollover),
    limits: plan.limits.map((limit) => ({ ...limit, allowance: toAllowance(limit.allowance) })),
    features: plan.features,
    maxConcurrentAgents: toAllowance(plan.maxConcurrentAgents),
    maxDurationHours: toAllowance(plan.maxDurationHours),
    allowedChannels: plan.allowedChannels,
    canBuyCreditPackages: plan.canBuyCreditPackages,
    trialDays: plan.trialDays,
    isActive: plan.isActive,
    sortOrder: plan.sortOrder,
    isDefault: plan.isDefault,
    manager: plan.managedBy,
    providerIds: {
      stripeMonthlyPriceId: monthly?.stripePriceId ?? null,
      stripeYearlyPriceId: yearly?.stripePriceId ?? null,
      creemProductId: plan.creemProductId,
    },
  });
}

function toPrice(price: PriceRecord): PriceType {
  return Object.assign(new PriceType(), {
    id: price.id,
    kind: price.kind,
    money: price.money && toMoney(price.money),
    interval: price.interval,
    channels: channelsOf(price),
  });
}

@ObjectType('CreditPackage', { description: 'Credits that are sold by themselves.' })
export class CreditPackageType {
  @Field(() => ID)
  id!: string;

  @Field(() => String)
  name!: string;

  @Field(() => CreditsScalar)
  credits!: bigint;

  @Field(() => CreditsScalar, { description: 'Given on top.' })
  bonusCredits!: bigint;

  @Field(() => MoneyType)
  price!: MoneyType;
}

/** A credit package as clients see it. */
export function toCreditPackage(item: CreditPackage): CreditPackageType {
  return Object.assign(new CreditPackageType(), {
    id: item.id,
    name: item.name,
    credits: item.creditsMicro,
    bonusCredits: item.bonusCreditsMicro,
    price: toMoney(item.price),
  });
}
