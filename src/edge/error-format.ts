import { GraphQLError, type GraphQLFormattedError } from 'graphql';
import { DomainError } from '../platform/errors.ts';
import type { Logger } from '../platform/logger.ts';

/** The HTTP status that goes with a code when a whole request is refused. */
const HTTP_STATUS: Readonly<Record<string, number>> = {
  UNAUTHENTICATED: 401,
  FORBIDDEN: 403,
  MASTER_KEY_REQUIRED: 403,
  RATE_LIMITED: 429,
  PROVIDER_UNAVAILABLE: 503,
  SERVICE_UNAVAILABLE: 503,
  INTERNAL_SERVER_ERROR: 500,
};

/** Codes that GraphQL itself and Apollo give to requests that never reach a resolver. */
const REQUEST_CODES = new Set([
  'GRAPHQL_PARSE_FAILED',
  'GRAPHQL_VALIDATION_FAILED',
  'BAD_REQUEST',
  'BAD_USER_INPUT',
  'OPERATION_RESOLUTION_FAILURE',
  'PERSISTED_QUERY_NOT_SUPPORTED',
]);

/** What PostgreSQL's driver says when the database is away or too busy. */
const DATABASE_AWAY = /^(08|53|57P0)|^(ECONNREFUSED|ECONNRESET|EPIPE|ETIMEDOUT|ENOENT)$/;
const POOL_TIMEOUT =
  /timeout exceeded when trying to connect|Connection terminated|Client has encountered a connection error/;

/**
 * The one place where an error becomes what a client sees: refusals with their code and data, mistakes in the request as
 * they are, and everything else as INTERNAL_SERVER_ERROR with the request's id, its cause only in the log.
 */
export function formatError(
  error: GraphQLError,
  requestId: string,
  logger: Logger,
): GraphQLFormattedError {
  const { message, extensions } = describe(error, requestId, logger);
  return {
    message,
    ...(error.locations === undefined ? {} : { locations: error.locations }),
    ...(error.path === undefined ? {} : { path: error.path }),
    extensions,
  };
}

/** The HTTP status for an answer without data that carries these errors. */
export function httpStatusOf(errors: readonly GraphQLFormattedError[]): number | null {
  for (const error of errors) {
    const status = HTTP_STATUS[String(error.extensions?.code)];
    if (status !== undefined) return status;
  }
  return null;
}

function describe(error: GraphQLError, requestId: string, logger: Logger) {
  const cause = rootCause(error);
  if (cause instanceof DomainError && HTTP_CODES.has(cause.code)) {
    return { message: cause.message, extensions: { ...cause.details, code: cause.code } };
  }
  if (isDatabaseAway(cause)) {
    logger.error({ err: cause, requestId }, 'the database is away');
    const message =
      'The service is not available for the moment. Try again shortly, with the same idempotency key.';
    return { message, extensions: { code: 'SERVICE_UNAVAILABLE' } };
  }
  const code = String(error.extensions.code ?? '');
  if (cause === error && (REQUEST_CODES.has(code) || code === '')) {
    return { message: error.message, extensions: { code: code === '' ? 'BAD_USER_INPUT' : code } };
  }
  logger.error({ err: cause, requestId, path: error.path }, 'a request failed');
  const message = `Something went wrong on our side. Quote the request id ${requestId} when you ask about it.`;
  return { message, extensions: { code: 'INTERNAL_SERVER_ERROR', requestId } };
}

/** The codes that clients were promised; a DomainError with another one should have become a union's member. */
const HTTP_CODES = new Set([...Object.keys(HTTP_STATUS), 'BAD_USER_INPUT', 'NOT_FOUND']);

function rootCause(error: unknown): unknown {
  if (
    error instanceof GraphQLError &&
    error.originalError !== undefined &&
    error.originalError !== null
  ) {
    return rootCause(error.originalError);
  }
  return error;
}

function isDatabaseAway(cause: unknown): boolean {
  if (!(cause instanceof Error)) return false;
  const code = (cause as { code?: unknown }).code;
  return (typeof code === 'string' && DATABASE_AWAY.test(code)) || POOL_TIMEOUT.test(cause.message);
}
