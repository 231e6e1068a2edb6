import { createUnionType, Field, ID, InputType, Int, ObjectType } from 'type-graphql';
import { ChannelEnum } from '../../graphql/enums.ts';
import type { Channel } from '../../platform/money.ts';
import {
  AccountBlockedType,
  AccountType,
  IdempotencyConflictType,
  NotAllowedNowType,
} from '../account/account.type.ts';
import type { PaymentMethod } from './payment-method.model.ts';
import { ChannelUnsupportedType, PaymentDeclinedType } from './payment-refusal.type.ts';

@ObjectType('PaymentMethod', {
  description: 'What an account can be charged with, as far as anybody may know it.',
})
export class PaymentMethodType {
  @Field(() => ID)
  id!: string;

  @Field(() => String, { description: "The provider's word, such as `card`." })
  type!: string;

  @Field(() => String, { nullable: true })
  brand!: string | null;

  @Field(() => String, { nullable: true })
  last4!: string | null;

  @Field(() => Int, { nullable: true })
  expMonth!: number | null;

  @Field(() => Int, { nullable: true })
  expYear!: number | null;

  @Field(() => Boolean, { description: 'Whether it is what is charged.' })
  isDefault!: boolean;
}

/** A payment method as clients see it. */
export function toPaymentMethod(method: PaymentMethod): PaymentMethodType {
  const { id, type, brand, last4, expMonth, expYear, isDefault } = method;
  return Object.assign(new PaymentMethodType(), {
    id,
    type,
    brand,
    last4,
    expMonth,
    expYear,
    isDefault,
  });
}

@InputType({ description: 'Whose card it is about.' })
abstract class CardInput {
  @Field(() => ID, {
    nullable: true,
    description: 'For administrators only; a key means its own account.',
  })
  accountId?: string | null;
}

@InputType('CreateSetupIntentInput')
export class CreateSetupIntentInput extends CardInput {
  @Field(() => ChannelEnum, { nullable: true })
  channel?: Channel | null;

  @Field(() => String)
  idempotencyKey!: string;
}

@InputType('AttachPaymentMethodInput')
export class AttachPaymentMethodInput extends CardInput {
  @Field(() => String, { description: "The provider's id, such as `pm_…`." })
  paymentMethodId!: string;

  @Field(() => String)
  idempotencyKey!: string;
}

@InputType('DetachPaymentMethodInput')
export class DetachPaymentMethodInput extends CardInput {
  @Field(() => ID, { description: 'The id of `Account.paymentMethods`.' })
  paymentMethodId!: string;
}

@ObjectType('CreateSetupIntentPayload')
export class CreateSetupIntentPayload {
  @Field(() => String, {
    description:
      "For the owner's browser only, which confirms it with the provider. Keep it nowhere.",
  })
  clientSecret!: string;

  @Field(() => String, { nullable: true })
  publishableKey!: string | null;
}

@ObjectType('AttachPaymentMethodPayload')
export class AttachPaymentMethodPayload {
  @Field(() => PaymentMethodType)
  paymentMethod!: PaymentMethodType;

  @Field(() => AccountType)
  account!: AccountType;
}

@ObjectType('DetachPaymentMethodPayload')
export class DetachPaymentMethodPayload {
  @Field(() => AccountType)
  account!: AccountType;
}

export const CreateSetupIntentResult = createUnionType({
  name: 'CreateSetupIntentResult',
  types: () =>
    [
      CreateSetupIntentPayload,
      ChannelUnsupportedType,
      AccountBlockedType,
      IdempotencyConflictType,
    ] as const,
});

export const AttachPaymentMethodResult = createUnionType({
  name: 'AttachPaymentMethodResult',
  types: () =>
    [
      AttachPaymentMethodPayload,
      PaymentDeclinedType,
      ChannelUnsupportedType,
      AccountBlockedType,
      IdempotencyConflictType,
    ] as const,
});

export const DetachPaymentMethodResult = createUnionType({
  name: 'DetachPaymentMethodResult',
  types: () => [DetachPaymentMethodPayload, NotAllowedNowType] as const,
});
