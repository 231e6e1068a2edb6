import { DomainError } from '../../platform/errors.ts';
import type { Channel } from '../../platform/money.ts';

/** This provider is not set up, or cannot do such a thing. */
export class ChannelUnsupported extends DomainError {
  readonly code = 'CHANNEL_UNSUPPORTED';
  readonly channel: Channel;

  constructor(channel: Channel, why: string) {
    super(why);
    this.channel = channel;
  }
}

/** The coupon does not apply; `reason` is a stable word. */
export class CouponNotApplicable extends DomainError {
  readonly code = 'COUPON_NOT_APPLICABLE';
  readonly reason: string;

  constructor(reason: string, message: string) {
    super(message);
    this.reason = reason;
  }
}
