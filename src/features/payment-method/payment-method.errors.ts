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
