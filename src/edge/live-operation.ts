import {
  createSourceEventStream,
  type DocumentNode,
  type ExecutionArgs,
  type ExecutionResult,
  execute,
  GraphQLError,
  type GraphQLSchema,
  getOperationAST,
  parse,
  specifiedRules,
  validate,
} from 'graphql';
import { limitRules, parseLimits, refuseCostly } from './operation-limits.ts';

/** An operation that may be opened, or why not. */
export type CheckedOperation =
  | { readonly document: DocumentNode }
  | { readonly errors: readonly GraphQLError[] };

interface AskedOperation {
  readonly query: string;
  readonly operationName?: string | null | undefined;
  readonly variables?: Readonly<Record<string, unknown>> | null | undefined;
}

const RULES = [...specifiedRules, ...limitRules];

/** Sockets are for subscriptions: they pass the same rules as over HTTP, and queries and mutations go there. */
export function checkOperation(
  schema: GraphQLSchema,
  { query, operationName, variables }: AskedOperation,
): CheckedOperation {
  let document: DocumentNode;
  try {
    document = parse(query, parseLimits);
  } catch (error) {
    return refused([withCode(error as GraphQLError, 'GRAPHQL_PARSE_FAILED')]);
  }
  const errors = validate(schema, document, RULES);
  if (errors.length > 0)
    return refused(errors.map((error) => withCode(error, 'GRAPHQL_VALIDATION_FAILED')));
  const operation = getOperationAST(document, operationName);
  if (!operation) {
    const message = operationName
      ? `There is no operation named "${operationName}" in this document.`
      : 'This document has several operations: name one as operationName.';
    return refused([
      new GraphQLError(message, { extensions: { code: 'OPERATION_RESOLUTION_FAILURE' } }),
    ]);
  }
  if (operation.operation !== 'subscription') {
    const message = `Only subscriptions are served on this socket, and this is a ${operation.operation}: send queries and mutations by HTTP to /graphql.`;
    return refused([new GraphQLError(message, { extensions: { code: 'BAD_REQUEST' } })]);
  }
  try {
    refuseCostly({ schema, document, operation, variables });
  } catch (error) {
    return refused([error as GraphQLError]);
  }
  return { document };
}

/**
 * As `subscribe` of graphql-js, but every event is executed with a context of its own: what loaders remember belongs to
 * one event, or a subscription of days would answer with what it read on the first one, and remember ever more.
 */
export async function subscribeAfresh(
  args: ExecutionArgs,
): Promise<AsyncGenerator<ExecutionResult, void, void> | ExecutionResult> {
  const source = await createSourceEventStream(args);
  if (!(Symbol.asyncIterator in source)) return source;
  return new ExecutedEvents(source[Symbol.asyncIterator](), args);
}

/** Not a generator function: those answer to `return` only when their `next` is done, and a stream waits there for days. */
class ExecutedEvents implements AsyncGenerator<ExecutionResult, void, void> {
  readonly #source: AsyncIterator<unknown>;
  readonly #args: ExecutionArgs;

  constructor(source: AsyncIterator<unknown>, args: ExecutionArgs) {
    this.#source = source;
    this.#args = args;
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.return();
  }

  async next(): Promise<IteratorResult<ExecutionResult, void>> {
    const event = await this.#source.next();
    if (event.done) return { value: undefined, done: true };
    const contextValue = { ...(this.#args.contextValue as object) };
    const value = await execute({ ...this.#args, rootValue: event.value, contextValue });
    return { value, done: false };
  }

  async return(): Promise<IteratorResult<ExecutionResult, void>> {
    await this.#source.return?.();
    return { value: undefined, done: true };
  }

  async throw(error: unknown): Promise<IteratorResult<ExecutionResult, void>> {
    await this.#source.return?.();
    throw error;
  }
}

function refused(errors: readonly GraphQLError[]): CheckedOperation {
  return { errors };
}

function withCode(error: GraphQLError, code: string): GraphQLError {
  const { message, nodes, source, positions, originalError } = error;
  return new GraphQLError(message, {
    nodes,
    source,
    positions,
    originalError: originalError ?? error,
    extensions: { ...error.extensions, code },
  });
}
