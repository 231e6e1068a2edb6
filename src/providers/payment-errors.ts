import { DomainError } from '../platform/errors.ts';
import type { Channel } from '../platform/money.ts';

/** A webhook that is unsigned, altered, too old, from the future, or not what it says it is. Never shows the body. */
export class InvalidWebhook extends DomainError {
  readonly code = 'INVALID_WEBHOOK';
}

/** The provider refused the card; `declineCode` is its reason. */
export class ProviderDeclined extends DomainError {
  readonly code = 'PAYMENT_DECLINED';
  readonly declineCode: string | null;

  constructor(message: string, declineCode: string | null, options?: ErrorOptions) {
    super(message, { declineCode }, options);
    this.declineCode = declineCode;
  }
}

/** The provider says that the request is wrong: a mistake in settings or in Tollgate, never the customer's. */
export class ProviderRefused extends DomainError {
  readonly code = 'PROVIDER_REFUSED';
}

/** The provider charges no amount as small as this. */
export class AmountTooSmall extends ProviderRefused {}

/** The account lacks something that this provider needs of a customer; the message says what to do. */
export class CustomerUnsuitable extends ProviderRefused {}

/** This provider has no such thing (Creem has no SetupIntent). */
export class ProviderUnsupported extends DomainError {
  readonly code = 'CHANNEL_UNSUPPORTED';

  constructor(channel: Channel, what: string) {
    super(`${channel} does not support ${what}.`, { channel });
  }
}
