import { createUnionType, Field, ID, InputType, ObjectType } from 'type-graphql';
import { BillingErrorType } from '../../graphql/billing-error.ts';
import { CreditsScalar } from '../../graphql/credits-scalar.ts';
import { ChannelEnum, IntervalEnum } from '../../graphql/enums.ts';
import { MoneyType, toMoney } from '../../graphql/money.type.ts';
import { refusal } from '../../graphql/refusal.ts';
import { DateTimeScalar, UrlScalar } from '../../graphql/scalars.ts';
import type { Channel, Interval } from '../../platform/money.ts';
import { IdempotencyConflictType, NotAllowedNowType } from '../account/account.type.ts';
import { PlanNotAvailableType } from '../catalog/plan-not-available.type.ts';
import {
  ChannelUnsupportedType,
  PaymentDeclinedType,
} from '../payment-method/payment-refusal.type.ts';
import type { PlanChangeQuote } from './plan-change.model.ts';
import { QuoteExpired } from './subscription.errors.ts';
import { PlanSubscriptionType } from './subscription.type.ts';

@ObjectType('QuoteExpired', {
  implements: BillingErrorType,
  description: 'What a preview said does not hold any more.',
})
class QuoteExpiredType extends BillingErrorType {}

export const quoteExpiredRefusal = refusal(QuoteExpired, ({ code, message }) =>
  Object.assign(new QuoteExpiredType(), { code, message }),
);

@ObjectType('PlanChangePreview', {
  description: 'What a change of plan would cost and bring, for as long as it holds.',
})
export class PlanChangePreview {
  @Field(() => ID)
  quoteId!: string;

  @Field(() => MoneyType, { description: 'As the provider itself reckons it.' })
  amountDueNow!: MoneyType;

  @Field(() => CreditsScalar, {
    description:
      'What a change adds at once; or, when the period ends, to each month from then on.',
  })
  creditsDelta!: bigint;

  @Field(() => DateTimeScalar)
  effectiveAt!: Date;

  @Field(() => DateTimeScalar)
  expiresAt!: Date;
}

/** A quote as clients see it. */
export function toPlanChangePreview(quote: PlanChangeQuote): PlanChangePreview {
  return Object.assign(new PlanChangePreview(), {
    quoteId: quote.id,
    amountDueNow: toMoney(quote.amountDueNow),
    creditsDelta: quote.creditsDeltaMicro,
    effectiveAt: quote.effectiveAt,
    expiresAt: quote.expiresAt,
  });
}

@InputType({ description: 'Whose subscription it is about.' })
abstract class SubscriptionInput {
  @Field(() => ID, {
    nullable: true,
    description: 'For administrators only; a key means its own account.',
  })
  accountId?: string | null;
}

@InputType('CreatePortalSessionInput')
export class CreatePortalSessionInput extends SubscriptionInput {
  @Field(() => UrlScalar, { description: 'Where the portal leads back to.' })
  returnUrl!: URL;

  @Field(() => ChannelEnum, { nullable: true })
  channel?: Channel | null;
}

@InputType('ChangePlanInput')
export class ChangePlanInput extends SubscriptionInput {
  @Field(() => String)
  planSlug!: string;

  @Field(() => IntervalEnum)
  interval!: Interval;

  @Field(() => ID, { nullable: true, description: 'Of a preview: only as it said.' })
  quoteId?: string | null;

  @Field(() => String)
  idempotencyKey!: string;
}

@InputType('CancelSubscriptionInput')
export class CancelSubscriptionInput extends SubscriptionInput {
  @Field(() => Boolean, { nullable: true, description: 'True when not given; false: at once.' })
  atPeriodEnd?: boolean | null;

  @Field(() => String, { nullable: true })
  reason?: string | null;
}

@InputType('ResumeSubscriptionInput')
export class ResumeSubscriptionInput extends SubscriptionInput {}

@ObjectType('CreatePortalSessionPayload')
export class CreatePortalSessionPayload {
  @Field(() => UrlScalar, {
    description: 'Opens the portal to whoever has it, for a short while: send the customer there.',
  })
  url!: string;
}

@ObjectType('ChangePlanPayload')
export class ChangePlanPayload {
  @Field(() => PlanSubscriptionType)
  subscription!: PlanSubscriptionType;

  @Field(() => DateTimeScalar)
  effectiveAt!: Date;
}

@ObjectType('CancelSubscriptionPayload')
export class CancelSubscriptionPayload {
  @Field(() => PlanSubscriptionType)
  subscription!: PlanSubscriptionType;

  @Field(() => DateTimeScalar)
  cancelAt!: Date;
}

@ObjectType('ResumeSubscriptionPayload')
export class ResumeSubscriptionPayload {
  @Field(() => PlanSubscriptionType)
  subscription!: PlanSubscriptionType;
}

export const CreatePortalSessionResult = createUnionType({
  name: 'CreatePortalSessionResult',
  types: () => [CreatePortalSessionPayload, ChannelUnsupportedType, NotAllowedNowType] as const,
});

export const ChangePlanResult = createUnionType({
  name: 'ChangePlanResult',
  types: () =>
    [
      ChangePlanPayload,
      QuoteExpiredType,
      PaymentDeclinedType,
      PlanNotAvailableType,
      ChannelUnsupportedType,
      NotAllowedNowType,
      IdempotencyConflictType,
    ] as const,
});

export const CancelSubscriptionResult = createUnionType({
  name: 'CancelSubscriptionResult',
  types: () => [CancelSubscriptionPayload, NotAllowedNowType] as const,
});

export const ResumeSubscriptionResult = createUnionType({
  name: 'ResumeSubscriptionResult',
  types: () => [ResumeSubscriptionPayload, NotAllowedNowType] as const,
});
