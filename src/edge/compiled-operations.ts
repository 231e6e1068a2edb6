import {
  BREAK,
  type DocumentNode,
  type ExecutionResult,
  execute,
  GraphQLError,
  type GraphQLSchema,
  getNamedType,
  isScalarType,
  isSpecifiedScalarType,
  TypeInfo,
  type ValueNode,
  visit,
  visitWithTypeInfo,
} from 'graphql';
import { type CompiledQuery, compileQuery, isCompiledQuery } from 'graphql-jit';
import { LRUCache } from 'lru-cache';

/** One execution of an operation in a document that was parsed and validated before. */
export interface Execution {
  readonly document: DocumentNode;
  readonly operationName?: string | null | undefined;
  readonly rootValue?: unknown;
  readonly contextValue: unknown;
  readonly variableValues?: Readonly<Record<string, unknown>> | null | undefined;
}

/** How many documents have compiled functions at a time. */
const MOST_DOCUMENTS = 500;
/** Compiling costs as much as some executions: a document that is asked once is not worth it. */
const COMPILE_AFTER = 2;

interface Operation {
  seen: number;
  /** Null: this operation is left to graphql-js. */
  compiled?: CompiledQuery | null;
}

/**
 * Executes operations as functions compiled for them, once they come again; the documents are kept by identity, so whoever
 * parses keeps them too. What an operation answers does not depend on which way it went.
 */
export class CompiledOperations {
  readonly #schema: GraphQLSchema;
  readonly #compileAfter: number;
  readonly #documents = new LRUCache<DocumentNode, Map<string, Operation>>({ max: MOST_DOCUMENTS });

  constructor(schema: GraphQLSchema, compileAfter = COMPILE_AFTER) {
    this.#schema = schema;
    this.#compileAfter = compileAfter;
  }

  /** As `execute` of graphql-js: a promise only where something has to be waited for. */
  execute(execution: Execution): ExecutionResult | Promise<ExecutionResult> {
    const compiled = this.#compiled(execution);
    if (compiled === null) return this.interpret(execution);
    const { rootValue, contextValue, variableValues } = execution;
    const result = compiled.query(rootValue, contextValue, { ...variableValues });
    if (result instanceof Promise) return result.then((done) => this.#seen(done, execution));
    return this.#seen(result, execution);
  }

  #seen(result: ExecutionResult, execution: Execution): ExecutionResult | Promise<ExecutionResult> {
    // Nothing was executed: the variables do not fit, and graphql-js says why in its own words.
    if (!('data' in result)) return this.interpret(execution);
    if (result.errors === undefined) return result;
    return { ...result, errors: result.errors.map(asGraphError) };
  }

  /** Leaves it to graphql-js, and keeps nothing. */
  async interpret(execution: Execution): Promise<ExecutionResult> {
    return execute({ ...execution, schema: this.#schema });
  }

  #compiled({ document, operationName }: Execution): CompiledQuery | null {
    const operation = this.#operation(document, operationName ?? '');
    if (operation.compiled !== undefined) return operation.compiled;
    operation.seen += 1;
    if (operation.seen <= this.#compileAfter) return null;
    if (losesLiterals(this.#schema, document)) {
      operation.compiled = null;
      return null;
    }
    const result = compileQuery(this.#schema, document, operationName ?? undefined, {
      // What resolvers throw keeps its own stack.
      disablingCapturingStackErrors: true,
    });
    operation.compiled = isCompiledQuery(result) ? result : null;
    return operation.compiled;
  }

  #operation(document: DocumentNode, name: string): Operation {
    const known = this.#documents.get(document);
    const operations = known ?? new Map<string, Operation>();
    if (known === undefined) this.#documents.set(document, operations);
    const operation = operations.get(name) ?? { seen: 0 };
    operations.set(name, operation);
    return operation;
  }
}

/**
 * Compiled functions keep the literals of a document as JSON, in which a URL or a bigint is not what its scalar made of it.
 * Such a document is left to graphql-js.
 */
function losesLiterals(schema: GraphQLSchema, document: DocumentNode): boolean {
  const types = new TypeInfo(schema);
  let isLost = false;
  const look = (node: ValueNode) => {
    const type = getNamedType(types.getInputType());
    if (!isScalarType(type) || isSpecifiedScalarType(type)) return undefined;
    isLost ||= !survives(type.parseLiteral(node));
    return isLost ? BREAK : undefined;
  };
  visit(document, visitWithTypeInfo(types, { StringValue: look, IntValue: look }));
  return isLost;
}

function survives(value: unknown): boolean {
  return value === null || value instanceof Date || ['string', 'number'].includes(typeof value);
}

/** Compiled functions make errors that look like those of graphql-js, but are frozen and have no extensions. */
function asGraphError(error: GraphQLError): GraphQLError {
  const { message, path, locations } = error;
  const originalError = error.originalError ?? null;
  const rebuilt = new GraphQLError(message, { path: path ?? null, originalError });
  return Object.defineProperty(rebuilt, 'locations', { value: locations, enumerable: true });
}
