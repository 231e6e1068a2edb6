import { maxAliasesRule } from '@escape.tech/graphql-armor-max-aliases';
import { maxDepthRule } from '@escape.tech/graphql-armor-max-depth';
import { maxDirectivesRule } from '@escape.tech/graphql-armor-max-directives';
import {
  type DocumentNode,
  GraphQLError,
  type GraphQLSchema,
  type OperationDefinitionNode,
  type ValidationContext,
  type ValidationRule,
} from 'graphql';
import { operationCost } from './operation-cost.ts';

/** How large an operation may be, whichever door it comes through. */
const OPERATION_LIMITS = {
  /** Words and signs in a document. */
  tokens: 1_000,
  /** Fields within fields; a fragment adds nothing by itself. */
  depth: 12,
  aliases: 15,
  directives: 8,
  /** See `operationCost`. */
  cost: 10_000,
} as const;

/** How documents are read: one that is too long is given up on while it is read. */
export const parseLimits = { maxTokens: OPERATION_LIMITS.tokens } as const;

/** What documents have to satisfy beside the rules of GraphQL itself. */
export const limitRules: readonly ValidationRule[] = [
  maxDepthRule({
    ...telling(`Fields are nested at most ${OPERATION_LIMITS.depth} deep.`),
    n: OPERATION_LIMITS.depth,
    flattenFragments: true,
  }),
  maxAliasesRule({
    ...telling(`An operation has at most ${OPERATION_LIMITS.aliases} aliases.`),
    n: OPERATION_LIMITS.aliases,
    // Left to itself, the rule would let any number of aliases of __typename pass.
    allowList: [],
  }),
  maxDirectivesRule({
    ...telling(`An operation has at most ${OPERATION_LIMITS.directives} directives.`),
    n: OPERATION_LIMITS.directives,
  }),
];

interface Operation {
  readonly schema: GraphQLSchema;
  readonly document: DocumentNode;
  readonly operation: OperationDefinitionNode;
  readonly variables: Readonly<Record<string, unknown>> | null | undefined;
}

/** Operations that are cheap whatever their variables say. Documents are kept by Apollo and by the sockets. */
const alwaysCheap = new WeakSet<OperationDefinitionNode>();

/** Throws a GraphQLError for an operation that asks for too much at once. The document is valid already. */
export function refuseCostly(asked: Operation): void {
  const cost = costBeyondLimit(asked);
  if (cost === null) return;
  const message = `This operation costs ${Math.ceil(cost)} points, and ${OPERATION_LIMITS.cost} are the most: ask for smaller pages, or for less in each item.`;
  throw new GraphQLError(message, {
    extensions: { code: 'GRAPHQL_VALIDATION_FAILED', http: { status: 400 } },
  });
}

/** Whether `refuseCostly` would throw. */
export function isCostly(asked: Operation): boolean {
  return costBeyondLimit(asked) !== null;
}

/** What an operation costs; null when that is within the limit. */
function costBeyondLimit({ schema, document, operation, variables }: Operation): number | null {
  if (alwaysCheap.has(operation)) return null;
  if (operationCost(schema, document, operation, 'any') <= OPERATION_LIMITS.cost) {
    alwaysCheap.add(operation);
    return null;
  }
  const cost = operationCost(schema, document, operation, variables ?? {});
  return cost <= OPERATION_LIMITS.cost ? null : cost;
}

/** The rules throw by themselves, in the middle of a validation; here they report, as others do. */
function telling(message: string) {
  const report = (context: ValidationContext | null) =>
    context?.reportError(new GraphQLError(message));
  return { onReject: [report], propagateOnRejection: false };
}
