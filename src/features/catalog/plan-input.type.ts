import { Field, ID, InputType, Int } from 'type-graphql';
import { CreditsScalar } from '../../graphql/credits-scalar.ts';
import { CurrencyScalar, SafeIntScalar } from '../../graphql/scalars.ts';
import { InvalidInput } from '../../platform/errors.ts';
import type { Allowance, Enforcement, PlanLimit } from './catalog.model.ts';
import { CUSTOM, finite, UNLIMITED } from './catalog.model.ts';
import { AllowanceKindEnum, EnforcementEnum } from './catalog.type.ts';
import type { PlanWording } from './plan-wording.model.ts';

@InputType('AllowanceInput')
export class AllowanceInput {
  @Field(() => AllowanceKindEnum)
  kind!: Allowance['kind'];

  @Field(() => CreditsScalar, { nullable: true, description: 'Needed, and allowed, by FINITE.' })
  value?: bigint | null;
}

@InputType('PlanLimitInput')
class PlanLimitInput {
  @Field(() => String, { description: 'A metric of the catalogue file.' })
  metric!: string;

  @Field(() => AllowanceInput, { description: 'How much a period admits.' })
  allowance!: AllowanceInput;

  @Field(() => EnforcementEnum)
  enforcement!: Enforcement;
}

@InputType()
abstract class PlanInput {
  @Field(() => String, { nullable: true })
  description?: string | null;

  @Field(() => SafeIntScalar, { nullable: true, description: 'Null: not sold by the month.' })
  monthlyPriceMinorUnits?: number | null;

  @Field(() => SafeIntScalar, { nullable: true, description: 'Null: not sold by the year.' })
  yearlyPriceMinorUnits?: number | null;

  @Field(() => CurrencyScalar, {
    nullable: true,
    description: "Of the amounts given here; the catalogue's, or the plan's, when not said.",
  })
  currency?: string | null;

  @Field(() => Boolean, { nullable: true, description: 'The price is agreed with each customer.' })
  customPrice?: boolean | null;

  @Field(() => AllowanceInput, { nullable: true, description: 'How much of a month lives on.' })
  rollover?: AllowanceInput | null;

  @Field(() => [PlanLimitInput], {
    nullable: true,
    description: 'All of them; a metric without a limit is unlimited.',
  })
  limits?: PlanLimitInput[] | null;

  @Field(() => [String], { nullable: true })
  features?: string[] | null;

  @Field(() => AllowanceInput, { nullable: true })
  maxConcurrentAgents?: AllowanceInput | null;

  @Field(() => AllowanceInput, { nullable: true })
  maxDurationHours?: AllowanceInput | null;

  @Field(() => [String], {
    nullable: true,
    description: "The product's own channels; null: any.",
  })
  allowedChannels?: string[] | null;

  @Field(() => Boolean, { nullable: true })
  canBuyCreditPackages?: boolean | null;

  @Field(() => Int, { nullable: true })
  trialDays?: number | null;

  @Field(() => Int, { nullable: true })
  sortOrder?: number | null;

  @Field(() => Boolean, { nullable: true, description: 'Sold; true when not said.' })
  isActive?: boolean | null;

  @Field(() => String, {
    nullable: true,
    description: 'A price that Stripe has already; without it one is made there.',
  })
  stripeMonthlyPriceId?: string | null;

  @Field(() => String, { nullable: true })
  stripeYearlyPriceId?: string | null;

  @Field(() => String, { nullable: true })
  creemProductId?: string | null;
}

@InputType('CreatePlanInput')
export class CreatePlanInput extends PlanInput {
  @Field(() => String, { description: 'Lower-case letters and digits with single hyphens.' })
  slug!: string;

  @Field(() => String)
  name!: string;

  @Field(() => AllowanceInput, { description: 'The credits of each month, also when paid yearly.' })
  monthlyCredits!: AllowanceInput;
}

@InputType('UpdatePlanInput', { description: 'What is left out stays as it is.' })
export class UpdatePlanInput extends PlanInput {
  @Field(() => ID)
  id!: string;

  @Field(() => String, { nullable: true })
  name?: string | null;

  @Field(() => AllowanceInput, { nullable: true })
  monthlyCredits?: AllowanceInput | null;
}

/** A plan's wording from what a client sent. Throws InvalidInput for an allowance that is none. */
export function toWording(input: PlanInput): PlanWording {
  return {
    description: input.description,
    monthlyPriceMinor: toBigInt(input.monthlyPriceMinorUnits),
    yearlyPriceMinor: toBigInt(input.yearlyPriceMinorUnits),
    currency: input.currency ?? undefined,
    hasCustomPrice: input.customPrice ?? undefined,
    rollover: toAllowance('rollover', input.rollover),
    limits: input.limits?.map(toLimit),
    features: input.features ?? undefined,
    maxConcurrentAgents: toAllowance('maxConcurrentAgents', input.maxConcurrentAgents),
    maxDurationHours: toAllowance('maxDurationHours', input.maxDurationHours),
    allowedChannels: input.allowedChannels,
    canBuyCreditPackages: input.canBuyCreditPackages ?? undefined,
    trialDays: input.trialDays ?? undefined,
    sortOrder: input.sortOrder ?? undefined,
    isActive: input.isActive ?? undefined,
    stripeMonthlyPriceId: input.stripeMonthlyPriceId,
    stripeYearlyPriceId: input.stripeYearlyPriceId,
    creemProductId: input.creemProductId,
  };
}

/** An allowance from what a client sent; nothing stays nothing. Throws InvalidInput. */
export function toAllowance<Input extends AllowanceInput | null | undefined>(
  field: string,
  input: Input,
): Allowance | (Input extends AllowanceInput ? never : undefined) {
  if (!input) return undefined as never;
  const { kind, value } = input;
  const hasValue = value !== null && value !== undefined;
  if (kind === 'FINITE' && hasValue) return finite(value);
  if (kind === 'FINITE') throw new InvalidInput(field, 'is FINITE: give its value.');
  if (hasValue) throw new InvalidInput(field, `is ${kind}: it has no value.`);
  return kind === 'UNLIMITED' ? UNLIMITED : CUSTOM;
}

function toLimit({ metric, allowance, enforcement }: PlanLimitInput): PlanLimit {
  return { metric, allowance: toAllowance('limits', allowance), enforcement };
}

function toBigInt(amount: number | null | undefined): bigint | null | undefined {
  return typeof amount === 'number' ? BigInt(amount) : amount;
}
