import { Field, ObjectType } from 'type-graphql';
import { BillingErrorType } from '../../graphql/billing-error.ts';
import { ChannelEnum } from '../../graphql/enums.ts';
import { refusal } from '../../graphql/refusal.ts';
import type { Channel } from '../../platform/money.ts';
import { ChannelUnsupported, PaymentDeclined } from './payment-method.errors.ts';

@ObjectType('ChannelUnsupported', { implements: BillingErrorType })
export class ChannelUnsupportedType extends BillingErrorType {
  @Field(() => ChannelEnum)
  channel!: Channel;
}

@ObjectType('PaymentDeclined', {
  implements: BillingErrorType,
  description: 'The card was refused.',
})
export class PaymentDeclinedType extends BillingErrorType {
  @Field(() => String, {
    nullable: true,
    description: "The bank's or the provider's reason, such as `insufficient_funds`.",
  })
  declineCode!: string | null;
}

export const channelUnsupportedRefusal = refusal(ChannelUnsupported, ({ code, message, channel }) =>
  Object.assign(new ChannelUnsupportedType(), { code, message, channel }),
);

export const paymentDeclinedRefusal = refusal(PaymentDeclined, ({ code, message, declineCode }) =>
  Object.assign(new PaymentDeclinedType(), { code, message, declineCode }),
);
