import { DomainError } from '../../platform/errors.ts';
import type { AccountStatus } from './account.model.ts';

/** What was asked for does not fit the present state. */
export class NotAllowedNow extends DomainError {
  readonly code = 'NOT_ALLOWED_NOW';
}

/** The account's status forbids this now. */
export class AccountBlocked extends DomainError {
  readonly code = 'ACCOUNT_BLOCKED';
  readonly status: AccountStatus;

  constructor(status: AccountStatus) {
    super(`The account is ${status.toLowerCase()}: this is not possible now.`, { status });
    this.status = status;
  }
}

/** An idempotency key was used before with other input. */
export class IdempotencyConflict extends DomainError {
  readonly code = 'IDEMPOTENCY_CONFLICT';
  readonly idempotencyKey: string;

  constructor(idempotencyKey: string) {
    super(
      `The idempotency key "${idempotencyKey}" was used before with other input: use a new key for a new request.`,
    );
    this.idempotencyKey = idempotencyKey;
  }
}
