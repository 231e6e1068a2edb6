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

/** The card was refused; `declineCode` is the bank's or the provider's reason. */
export class PaymentDeclined extends DomainError {
  readonly code = 'PAYMENT_DECLINED';
  readonly declineCode: string | null;

  constructor(message: string, declineCode: string | null, options?: ErrorOptions) {
    super(message, { declineCode }, options);
    this.declineCode = declineCode;
  }
}
