import type { ExecutionResult, GraphQLSchema } from 'graphql';
import { LRUCache } from 'lru-cache';
import type { GraphContext } from '../graphql/context.ts';
import type { Metrics } from '../platform/metrics.ts';
import type { ErrorFormat } from './error-format.ts';
import { headersOf, showErrors } from './operation-answer.ts';
import { isCostly } from './operation-limits.ts';
import type { ExecutePassed, PassedOperation } from './passed-operation.ts';
import { SharedQueries } from './shared-queries.ts';

/** The part of an HTTP request that tells how it is to be answered. */
export interface GraphRequest {
  readonly method: string;
  readonly headers: Readonly<Record<string, string | readonly string[] | undefined>>;
  /** Read as JSON. */
  readonly body: unknown;
}

export interface GraphAnswer {
  readonly status: number;
  readonly headers: readonly (readonly [string, string])[];
  readonly body: string;
}

interface KnownOperationsOptions {
  readonly schema: GraphQLSchema;
  readonly execute: ExecutePassed;
  readonly formatError: ErrorFormat;
  readonly metrics: Metrics;
}

/** A plain request for an operation that is known. */
interface Asked {
  readonly passed: PassedOperation;
  readonly variables: Readonly<Record<string, unknown>> | undefined;
  readonly contentType: string;
}

/** How many documents are kept by their text, and how long such a text may be. */
const MOST_DOCUMENTS = 500;
const LONGEST_DOCUMENT = 20_000;
/** How many ways of writing Accept are kept. */
const MOST_ACCEPTS = 100;
const LONGEST_ACCEPT = 200;

/** Types that no page can send to another origin without asking first, so that there is no forgery to be refused. */
const JSON_TYPES: ReadonlySet<unknown> = new Set([
  'application/json',
  'application/json; charset=utf-8',
  'application/json;charset=utf-8',
]);
const PLAIN_KEYS: ReadonlySet<string> = new Set(['query', 'variables', 'operationName']);

/**
 * The short way of operations that Apollo let pass before, word for word: what it decides from the text alone need not be
 * decided again. What depends on the request is looked at each time, by the functions that Apollo's plugins call too.
 * Whatever is not as plain as can be is left to Apollo, before anything of it is done.
 */
export class KnownOperations {
  readonly #options: KnownOperationsOptions;
  readonly #queries: SharedQueries;
  readonly #passed = new LRUCache<string, Map<string | undefined, PassedOperation>>({
    max: MOST_DOCUMENTS,
  });
  readonly #contentTypes = new LRUCache<string, string>({ max: MOST_ACCEPTS });

  constructor(options: KnownOperationsOptions) {
    this.#options = options;
    this.#queries = new SharedQueries(options.execute);
  }

  /** Remembers what Apollo let pass, by its text. */
  learn(query: string, passed: PassedOperation): void {
    if (query.length > LONGEST_DOCUMENT) return;
    const known = this.#passed.get(query) ?? new Map<string | undefined, PassedOperation>();
    known.set(passed.operationName, passed);
    this.#passed.set(query, known);
  }

  /** Remembers which type Apollo chose for an answer, by what the client accepts. */
  learnContentType(accept: string | undefined, contentType: string): void {
    const key = accept ?? '';
    if (key.length <= LONGEST_ACCEPT) this.#contentTypes.set(key, contentType);
  }

  /** Executes a plain request for a known operation; null, and nothing done, when it is Apollo's to answer. */
  answer(request: GraphRequest, context: GraphContext): Promise<GraphAnswer> | null {
    const asked = this.#understand(request);
    return asked === null ? null : this.#execute(asked, context);
  }

  #understand({ method, headers, body }: GraphRequest): Asked | null {
    if (method !== 'POST' || !JSON_TYPES.has(headers['content-type'])) return null;
    const { accept = '' } = headers;
    const contentType = typeof accept === 'string' ? this.#contentTypes.get(accept) : undefined;
    if (contentType === undefined || !isPlain(body)) return null;
    const passed = this.#passed.get(body.query)?.get(body.operationName ?? undefined);
    if (passed === undefined) return null;
    const variables = body.variables ?? undefined;
    if (isCostly({ ...passed, schema: this.#options.schema, variables })) return null;
    return { passed, variables, contentType };
  }

  async #execute(
    { passed, variables, contentType }: Asked,
    context: GraphContext,
  ): Promise<GraphAnswer> {
    const { formatError, metrics } = this.#options;
    const type = passed.operation.operation;
    let result: ExecutionResult;
    let status = 200;
    try {
      const answer = await this.#queries.answer(passed, variables, context);
      if (answer.body !== null) {
        metrics.operationAnswered(type, 'OK');
        return { status, headers: [['content-type', contentType]], body: answer.body };
      }
      result = answer.result;
      // Nothing was executed: the variables do not fit.
      if (result.data === undefined) status = 400;
    } catch (thrown) {
      result = { errors: [thrown as never] };
      status = 500;
    }
    const { data, errors = [] } = result;
    const shown = showErrors(errors, data, { formatError, requestId: context.requestId });
    metrics.operationAnswered(type, shown.outcome);
    return {
      status: shown.status ?? status,
      headers: [['content-type', contentType], ...headersOf(shown.status)],
      body: `${JSON.stringify({ errors: shown.errors, data })}\n`,
    };
  }
}

interface PlainBody {
  readonly query: string;
  readonly operationName?: string | null;
  readonly variables?: Readonly<Record<string, unknown>> | null;
}

/** Whether a body has a text, maybe variables and a name, and nothing else that would have to be understood. */
function isPlain(body: unknown): body is PlainBody {
  if (typeof body !== 'object' || body === null || Array.isArray(body)) return false;
  for (const key of Object.keys(body)) if (!PLAIN_KEYS.has(key)) return false;
  const { query, operationName, variables } = body as Record<string, unknown>;
  return (
    typeof query === 'string' &&
    (typeof operationName === 'string' || (operationName ?? null) === null) &&
    typeof (variables ?? {}) === 'object' &&
    !Array.isArray(variables)
  );
}
