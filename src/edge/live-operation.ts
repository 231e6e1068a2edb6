import {
  type DocumentNode,
  GraphQLError,
  type GraphQLSchema,
  getOperationAST,
  parse,
  specifiedRules,
  validate,
} from 'graphql';
import { LRUCache } from 'lru-cache';
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

/** The characters of all documents that are kept. */
const KEPT_LENGTH = 1_000_000;

/** Valid documents by their text: many subscribers ask the same. */
const kept = new WeakMap<GraphQLSchema, LRUCache<string, DocumentNode>>();

const RULES = [...specifiedRules, ...limitRules];

/** Sockets are for subscriptions: they pass the same rules as over HTTP, and queries and mutations go there. */
export function checkOperation(
  schema: GraphQLSchema,
  { query, operationName, variables }: AskedOperation,
): CheckedOperation {
  const checked = readDocument(schema, query);
  if ('errors' in checked) return checked;
  const { document } = checked;
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

function readDocument(schema: GraphQLSchema, query: string): CheckedOperation {
  const documents = documentsOf(schema);
  const known = documents.get(query);
  if (known !== undefined) return { document: known };
  let document: DocumentNode;
  try {
    document = parse(query, parseLimits);
  } catch (error) {
    return refused([withCode(error as GraphQLError, 'GRAPHQL_PARSE_FAILED')]);
  }
  const errors = validate(schema, document, RULES);
  if (errors.length > 0)
    return refused(errors.map((error) => withCode(error, 'GRAPHQL_VALIDATION_FAILED')));
  documents.set(query, document);
  return { document };
}

function documentsOf(schema: GraphQLSchema): LRUCache<string, DocumentNode> {
  const documents =
    kept.get(schema) ??
    new LRUCache({ maxSize: KEPT_LENGTH, sizeCalculation: (_, query) => query.length + 1 });
  kept.set(schema, documents);
  return documents;
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
