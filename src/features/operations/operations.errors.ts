import { DomainError } from '../../platform/errors.ts';
import type { Channel } from '../../platform/money.ts';
import type { ProviderEnvironment } from './reconciliation.model.ts';

/** The database holds customers of another environment than the keys are for: they exist there and nowhere else. */
export class ForeignEnvironment extends DomainError {
  readonly code = 'FOREIGN_ENVIRONMENT';

  constructor(channel: Channel, kept: ProviderEnvironment, given: ProviderEnvironment) {
    super(
      `this database holds customers and subscriptions of ${spoken(channel, kept)}, and the settings are for ${spoken(channel, given)}; give another database, or the former keys.`,
      { channel, kept, given },
    );
  }
}

function spoken(channel: Channel, environment: ProviderEnvironment): string {
  return environment === 'sandbox'
    ? `the sandbox that plays ${channel}`
    : `${channel} in ${environment} mode`;
}
