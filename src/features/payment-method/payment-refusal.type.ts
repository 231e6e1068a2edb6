import { Field, ObjectType } from 'type-graphql';
import { BillingErrorType } from '../../graphql/billing-error.ts';
import { ChannelEnum } from '../../graphql/enums.ts';
import { refusal } from '../../graphql/refusal.ts';
import type { Channel } from '../../platform/money.ts';
import { ChannelUnsupported } from './payment-method.errors.ts';

@ObjectType('ChannelUnsupported', { implements: BillingErrorType })
export class ChannelUnsupportedType extends BillingErrorType {
  @Field(() => ChannelEnum)
  channel!: Channel;
}

export const channelUnsupportedRefusal = refusal(ChannelUnsupported, ({ code, message, channel }) =>
  Object.assign(new ChannelUnsupportedType(), { code, message, channel }),
);
