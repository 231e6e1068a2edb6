import { ProviderUnavailable } from '../../platform/errors.ts';
import { ProviderDeclined, ProviderRefused } from '../payment-errors.ts';

const PAYMENT_REQUIRED = 402;
const NOT_FOUND = 404;
const TIMED_OUT = 408;
const CONFLICT = 409;
const TOO_MANY_REQUESTS = 429;

/** Creem sent something that Tollgate has no word for: a newer value or a missing field. A bug to fix here, not a refusal. */
export class UnknownCreemAnswer extends Error {
  override readonly name = 'UnknownCreemAnswer';
}

/** What Creem answered, for the log: the `cause` of what a caller sees. */
class CreemAnswer extends Error {
  override readonly name = 'CreemAnswer';
}

const LONGEST_KEPT = 500;

/**
 * Says in the port's words what an answer other than 2xx means. Messages carry the status and Creem's word for it, never
 * its own text, which may quote what was sent; the `cause` has that.
 */
export function errorOfAnswer(statusCode: number, body: string): Error {
  const { error, trace_id: traceId } = wordsOf(body);
  const cause = new CreemAnswer(`${statusCode} ${body.slice(0, LONGEST_KEPT)}`);
  const details = { channel: 'CREEM', statusCode, requestId: traceId };
  if (statusCode === PAYMENT_REQUIRED) {
    return new ProviderDeclined('Creem could not charge the card.', null, { cause });
  }
  if (statusCode === TOO_MANY_REQUESTS) {
    return new ProviderUnavailable('Creem asks to come back later.', details, { cause });
  }
  if (statusCode >= 500 || statusCode < 400 || statusCode === TIMED_OUT) {
    const message = 'Creem could not be reached, or its answer never came.';
    return new ProviderUnavailable(message, details, { cause });
  }
  const message = `Creem refused the request: ${statusCode} ${error ?? ''}`.trimEnd();
  return new ProviderRefused(`${message}.`, { ...details, code: error, param: null }, { cause });
}

/** The connection was lost, or the answer was cut off or unreadable: what became of the request is unknown. */
export function lost(cause: unknown): ProviderUnavailable {
  const message = 'Creem could not be reached, or its answer never came.';
  return new ProviderUnavailable(message, { channel: 'CREEM', statusCode: null }, { cause });
}

/** The answer did not come within the time that a command has. */
export function tooLate(timeoutMs: number): ProviderUnavailable {
  const message = `Creem did not answer within ${timeoutMs} ms.`;
  return new ProviderUnavailable(message, { channel: 'CREEM', statusCode: null });
}

/** Whether the same request, sent again at once, may well succeed. */
export function isWorthRetrying(error: unknown): boolean {
  return error instanceof ProviderUnavailable && error.details.statusCode !== TOO_MANY_REQUESTS;
}

/** Whether Creem says that there is no such object. */
export function isMissing(error: unknown): boolean {
  return error instanceof ProviderRefused && error.details.statusCode === NOT_FOUND;
}

/** Whether Creem says that another object is there already: somebody made it since we looked. */
export function isConflict(error: unknown): boolean {
  return error instanceof ProviderRefused && error.details.statusCode === CONFLICT;
}

function wordsOf(body: string): { error: string | null; trace_id: string | null } {
  try {
    const { error, trace_id: traceId } = JSON.parse(body) as Record<string, unknown>;
    return { error: textOrNull(error), trace_id: textOrNull(traceId) };
  } catch {
    return { error: null, trace_id: null };
  }
}

function textOrNull(value: unknown): string | null {
  return typeof value === 'string' ? value : null;
}
