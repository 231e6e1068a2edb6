import { DomainError } from '../../platform/errors.ts';

/** What a quote said does not hold any more: ask for a new one. */
export class QuoteExpired extends DomainError {
  readonly code = 'QUOTE_EXPIRED';

  constructor() {
    super('This quote does not hold any more: ask for a new preview of the change.');
  }
}
