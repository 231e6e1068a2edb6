import Stripe from 'stripe';
import { ProviderUnavailable } from '../../platform/errors.ts';
import { AmountTooSmall, ProviderDeclined, ProviderRefused } from '../payment-errors.ts';

const TOO_MANY_REQUESTS = 429;
const CONFLICT = 409;

/** Stripe sent something that Tollgate has no word for: a newer value or a missing field. A bug to fix here, not a refusal. */
export class UnknownStripeAnswer extends Error {
  override readonly name = 'UnknownStripeAnswer';
}

/**
 * Says in the port's words what went wrong at Stripe; anything that is not Stripe's error comes back as it is.
 * Messages carry Stripe's code and parameter, never its own text, which may quote what was sent; the `cause` has it all.
 */
export function toProviderError(error: unknown): unknown {
  if (!(error instanceof Stripe.errors.StripeError)) return error;
  if (error instanceof Stripe.errors.StripeCardError) {
    return new ProviderDeclined(error.message, error.decline_code ?? error.code ?? null, {
      cause: error,
    });
  }
  if (isOutcomeUnknown(error)) return unavailable(error);
  return refused(error);
}

/** Whether the same request, sent again at once, may well succeed. Follows Stripe's own advice where it gives any. */
export function isWorthRetrying(error: unknown): boolean {
  if (!(error instanceof Stripe.errors.StripeError)) return false;
  const advice = error.headers?.['stripe-should-retry'];
  if (advice === 'true') return true;
  if (advice === 'false') return false;
  return isOutcomeUnknown(error) && error.statusCode !== TOO_MANY_REQUESTS;
}

/** An answer that is no answer of Stripe's: an error status without Stripe's error in it, or something that is no object. */
export function strangeAnswer(statusCode: number | null): ProviderUnavailable {
  return new ProviderUnavailable('Stripe gave an answer that is not its own.', {
    channel: 'STRIPE',
    statusCode,
  });
}

/** The answer did not come within the time that a command has. */
export function tooLate(timeoutMs: number): ProviderUnavailable {
  return new ProviderUnavailable(`Stripe did not answer within ${timeoutMs} ms.`, {
    channel: 'STRIPE',
  });
}

/** Whether Stripe refused with this code (https://docs.stripe.com/error-codes). */
export function isRefusedAs(error: unknown, code: string): boolean {
  return error instanceof ProviderRefused && error.details.code === code;
}

/** Whether Stripe refused because the idempotency key came before with other parameters. */
export function isKeyReused(error: unknown): boolean {
  return (
    error instanceof ProviderRefused && error.cause instanceof Stripe.errors.StripeIdempotencyError
  );
}

/** No status: the answer was cut off or unreadable. A conflict is Stripe's lock, or our own key still at work. */
function isOutcomeUnknown(error: Stripe.errors.StripeError): boolean {
  if (error instanceof Stripe.errors.StripeConnectionError) return true;
  if (error instanceof Stripe.errors.StripeRateLimitError) return true;
  const status = error.statusCode;
  return status === undefined || status === CONFLICT || status >= 500 || status < 400;
}

function unavailable(error: Stripe.errors.StripeError): ProviderUnavailable {
  const message =
    error instanceof Stripe.errors.StripeRateLimitError
      ? 'Stripe asks to come back later.'
      : 'Stripe could not be reached, or its answer never came.';
  return new ProviderUnavailable(
    message,
    { channel: 'STRIPE', statusCode: error.statusCode ?? null, requestId: error.requestId ?? null },
    { cause: error },
  );
}

function refused(error: Stripe.errors.StripeError): ProviderRefused {
  const code = error.code ?? error.rawType ?? error.type;
  const param = error.param ?? null;
  const Refusal = code === 'amount_too_small' ? AmountTooSmall : ProviderRefused;
  return new Refusal(
    `Stripe refused the request: ${code}${param === null ? '' : ` (${param})`}.`,
    {
      channel: 'STRIPE',
      code,
      param,
      statusCode: error.statusCode ?? null,
      requestId: error.requestId ?? null,
    },
    { cause: error },
  );
}
