import { inspect } from 'node:util';
import { GraphQLError, type GraphQLFormattedError, Kind } from 'graphql';
import { isPassing } from '../platform/database/database-away.ts';
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

/** Messages quote what the client sent, at any length; what is wrong with it stands at the end. */
const MESSAGE_PART = 250;

/** Makes of an error what a client sees of it. */
export type ErrorFormat = (error: unknown, requestId: string) => GraphQLFormattedError;

interface ErrorFormatOptions {
  readonly logger: Logger;
  /** Whether mistakes are told without naming what the schema has instead. */
  readonly hidesSchema: boolean;
}

/**
 * The one place where an error becomes what a client sees: refusals with their code and data, mistakes in the request as
 * they are, and everything else as INTERNAL_SERVER_ERROR with the request's id, its cause only in the log.
 */
export function errorFormat({ logger, hidesSchema }: ErrorFormatOptions): ErrorFormat {
  return (thrown, requestId) => {
    const error = asGraphError(thrown);
    const { message, extensions } = describe(error, requestId, logger);
    return {
      message: hidesSchema ? message.replace(SUGGESTION, '') : message,
      ...(error.locations === undefined ? {} : { locations: error.locations }),
      ...(error.path === undefined ? {} : { path: error.path }),
      extensions,
    };
  };
}

const SUGGESTION = / ?Did you mean .+\?$/s;

function asGraphError(thrown: unknown): GraphQLError {
  if (thrown instanceof GraphQLError) return thrown;
  const cause = thrown instanceof Error ? thrown : new Error(inspect(thrown));
  return new GraphQLError(cause.message, { originalError: cause });
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
  if (isPassing(cause)) {
    logger.error({ err: cause, requestId }, 'the database did not answer');
    const message =
      'The service is not available for the moment. Try again shortly, with the same idempotency key.';
    return { message, extensions: { code: 'SERVICE_UNAVAILABLE', requestId } };
  }
  const code = codeOfMistake(error, cause);
  if (code !== null) return { message: describeMistake(error, code), extensions: { code } };
  logger.error({ err: cause, requestId, path: error.path }, 'a request failed');
  const message = `Something went wrong on our side. Quote the request id ${requestId} when you ask about it.`;
  return { message, extensions: { code: 'INTERNAL_SERVER_ERROR', requestId } };
}

/**
 * The code of what the client wrote wrongly; null when it is no such thing. An error with a path arose while a field was
 * resolved: there, only an argument that does not fit its type is the client's doing.
 */
function codeOfMistake(error: GraphQLError, cause: unknown): string | null {
  if (error.path !== undefined) {
    const isArgument = cause === error && error.message.startsWith('Argument "');
    return isArgument ? 'BAD_USER_INPUT' : null;
  }
  if (!isAboutRequest(error, cause)) return null;
  const code = String(error.extensions.code ?? '');
  if (code === 'GRAPHQL_VALIDATION_FAILED' && isWrongValue(error)) return 'BAD_USER_INPUT';
  if (REQUEST_CODES.has(code)) return code;
  return code === '' ? 'BAD_USER_INPUT' : null;
}

/** What other parts throw may have extensions too, and GraphQL takes them over: its codes are not to be believed. */
function isAboutRequest(error: GraphQLError, cause: unknown): boolean {
  const isPlaced = error.locations !== undefined || error.message.startsWith('Variable "$');
  return isPlaced || cause instanceof GraphQLError;
}

/** A literal in the document that its scalar refuses, as it would the same value in a variable. */
function isWrongValue(error: GraphQLError): boolean {
  return VALUE_KINDS.has(error.nodes?.[0]?.kind ?? '');
}

function describeMistake(error: GraphQLError, code: string): string {
  const message = code === 'BAD_USER_INPUT' ? nameArgument(error) : error.message;
  if (message.length <= 2 * MESSAGE_PART) return message;
  return `${message.slice(0, MESSAGE_PART)} … ${message.slice(-MESSAGE_PART)}`;
}

/** Messages about variables name the place already; for a literal it is the name before the colon. */
function nameArgument(error: GraphQLError): string {
  const colon = isWrongValue(error) ? error.nodes?.[0]?.loc?.startToken.prev : null;
  const name = colon?.kind === ':' ? colon.prev?.value : undefined;
  return name === undefined ? error.message : `${name}: ${error.message}`;
}

const VALUE_KINDS: ReadonlySet<string> = new Set([
  Kind.INT,
  Kind.FLOAT,
  Kind.STRING,
  Kind.BOOLEAN,
  Kind.ENUM,
]);

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
