/**
 * An expected refusal. Subclasses live in `x.errors.ts` of the feature that refuses;
 * `code` is stable, `message` is for people, `details` are data for programs.
 */
export abstract class DomainError extends Error {
  abstract readonly code: string;
  readonly details: Readonly<Record<string, unknown>>;

  constructor(message: string, details: Record<string, unknown> = {}, options?: ErrorOptions) {
    super(message, options);
    this.name = new.target.name;
    this.details = details;
  }
}

/** A request that is wrong in itself; `field` names the argument, as the client wrote it. */
export class InvalidInput extends DomainError {
  readonly code = 'BAD_USER_INPUT';

  constructor(field: string, problem: string) {
    super(`${field} ${problem}`, { field });
  }
}

/** The thing is not there, or belongs to somebody else: both look the same. */
export class NotFound extends DomainError {
  readonly code = 'NOT_FOUND';

  constructor(what: string) {
    super(`${what} not found.`, { what });
  }
}

/** No credential, or one that is unknown, revoked or expired. */
export class Unauthenticated extends DomainError {
  readonly code = 'UNAUTHENTICATED';
}

/** A good credential that may not do this. */
export class Forbidden extends DomainError {
  readonly code = 'FORBIDDEN';
}

/** An agent key asked for something that only the account's master key may do. */
export class MasterKeyRequired extends DomainError {
  readonly code = 'MASTER_KEY_REQUIRED';
}

/** The payment provider could not be reached, or its answer never came: nothing is known to have failed. */
export class ProviderUnavailable extends DomainError {
  readonly code = 'PROVIDER_UNAVAILABLE';
}

/** It cannot be done at this moment; the same request may be made again soon. */
export class ServiceUnavailable extends DomainError {
  readonly code = 'SERVICE_UNAVAILABLE';
}

/** Too many requests for now; `details.retryAfterSeconds` says when to come again. */
export class RateLimited extends DomainError {
  readonly code = 'RATE_LIMITED';
  readonly retryAfterSeconds: number;

  constructor(message: string, retryAfterSeconds: number) {
    super(message, { retryAfterSeconds });
    this.retryAfterSeconds = retryAfterSeconds;
  }
}
