import type { GraphQLFormattedError } from 'graphql';
import { type ErrorFormat, httpStatusOf } from './error-format.ts';

/** What an operation came to, as a client sees it. */
export interface OperationAnswer {
  readonly errors: readonly GraphQLFormattedError[];
  /** OK, or the code of the first error: what is counted. */
  readonly outcome: string;
  /** The HTTP status of an answer that has errors and no data; null: there is data, or HTTP knows no such error. */
  readonly status: number | null;
}

/** Replaces the errors of an operation by what clients were promised. */
export function showErrors(
  errors: readonly unknown[],
  data: unknown,
  { formatError, requestId }: { readonly formatError: ErrorFormat; readonly requestId: string },
): OperationAnswer {
  const shown = errors.map((error) => formatError(error, requestId));
  const outcome = String(shown[0]?.extensions?.code);
  const hasData = Object.values(data ?? {}).some((value) => value !== null);
  return { errors: shown, outcome, status: hasData ? null : httpStatusOf(shown) };
}

/** What a client has to be told besides when an answer has this status. */
export function headersOf(status: number | null): readonly (readonly [string, string])[] {
  return status === 401 ? [['www-authenticate', 'Bearer']] : [];
}
