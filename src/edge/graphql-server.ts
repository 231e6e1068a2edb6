import { ApolloServer, type ApolloServerOptions, type ApolloServerPlugin } from '@apollo/server';
import {
  ApolloServerPluginCacheControlDisabled,
  ApolloServerPluginInlineTraceDisabled,
  ApolloServerPluginLandingPageDisabled,
} from '@apollo/server/plugin/disabled';
import { GraphQLError, type GraphQLSchema, type OperationDefinitionNode } from 'graphql';
import type { GraphContext } from '../graphql/context.ts';
import type { Logger } from '../platform/logger.ts';
import type { Metrics } from '../platform/metrics.ts';
import type { Tracing } from '../platform/tracing.ts';
import { CompiledOperations } from './compiled-operations.ts';
import type { ErrorFormat } from './error-format.ts';
import { KnownOperations } from './known-operations.ts';
import { headersOf, showErrors } from './operation-answer.ts';
import { limitRules, parseLimits, refuseCostly } from './operation-limits.ts';
import type { ExecutePassed } from './passed-operation.ts';

/** Of an operation, as a client wrote it. */
const LONGEST_NAME = 100;

type GatewayInterface = NonNullable<ApolloServerOptions<GraphContext>['gateway']>;

interface GraphServerOptions {
  readonly schema: GraphQLSchema;
  readonly isProduction: boolean;
  readonly formatError: ErrorFormat;
  readonly logger: Logger;
  readonly metrics: Metrics;
  readonly tracing: Tracing | null;
}

export interface GraphServer {
  readonly apollo: ApolloServer<GraphContext>;
  /** What Apollo let pass before, and how it is answered without it. */
  readonly known: KnownOperations;
}

/** Apollo, with everything off that is not used, and the short way beside it. */
export function createGraphServer(options: GraphServerOptions): GraphServer {
  const { schema, isProduction, formatError, logger, metrics, tracing } = options;
  const operations = new CompiledOperations(schema);
  const execute = executeWith(operations, tracing);
  const known = new KnownOperations({ schema, execute, formatError, metrics });
  const apollo = new ApolloServer<GraphContext>({
    gateway: gatewayOver(schema, { operations, execute, known }),
    introspection: !isProduction,
    hideSchemaDetailsFromClientErrors: isProduction,
    includeStacktraceInErrorResponses: false,
    allowBatchedHttpRequests: false,
    persistedQueries: false,
    csrfPrevention: true,
    parseOptions: parseLimits,
    validationRules: [...limitRules],
    stopOnTerminationSignals: false,
    logger: {
      debug: () => undefined,
      info: () => undefined,
      warn: (text) => logger.warn(text),
      error: (text) => logger.error(text),
    },
    plugins: [
      ApolloServerPluginCacheControlDisabled(),
      ApolloServerPluginInlineTraceDisabled(),
      ApolloServerPluginLandingPageDisabled(),
      operationsWithinLimits(),
      errorsAsPromised(formatError, metrics),
    ],
  });
  return { apollo, known };
}

function executeWith(operations: CompiledOperations, tracing: Tracing | null): ExecutePassed {
  return ({ document, operation, operationName }, variableValues, contextValue) => {
    const execute = async () =>
      operations.execute({ document, operationName, variableValues, contextValue });
    if (tracing === null) return execute();
    const type = operation.operation;
    const attributes = {
      'graphql.operation.type': type,
      'graphql.operation.name': (operation.name?.value ?? '').slice(0, LONGEST_NAME),
    };
    return tracing.span(`graphql ${type}`, attributes, execute);
  };
}

interface Execution {
  readonly operations: CompiledOperations;
  readonly execute: ExecutePassed;
  readonly known: KnownOperations;
}

/** Apollo's own executor reads every document anew; this door lets another one in. */
function gatewayOver(
  schema: GraphQLSchema,
  { operations, execute, known }: Execution,
): GatewayInterface {
  return {
    onSchemaLoadOrUpdate: (tell) => {
      tell({ apiSchema: schema, coreSupergraphSdl: '' });
      return () => undefined;
    },
    load: async () => ({
      executor: ({ document, request, operation, context }) => {
        const { query, operationName, variables } = request;
        // Apollo comes here, too, with a name that no operation has, and leaves it to the executor to say so.
        const found = operation as OperationDefinitionNode | undefined;
        if (found === undefined)
          return operations.interpret({ document, operationName, contextValue: context });
        const passed = { document, operation: found, operationName };
        if (query !== undefined) known.learn(query, passed);
        return execute(passed, variables, context as GraphContext);
      },
    }),
    stop: async () => undefined,
  };
}

/** Refuses what this door does not serve, and what would cost too much. */
function operationsWithinLimits(): ApolloServerPlugin<GraphContext> {
  return {
    requestDidStart: async () => ({
      didResolveOperation: async ({ schema, document, operation, request }) => {
        if (operation === undefined) return;
        refuseSubscription(operation.operation);
        refuseCostly({ schema, document, operation, variables: request.variables });
      },
    }),
  };
}

/** Replaces the errors of an answer by what clients were promised, and gives a refused request its HTTP status. */
function errorsAsPromised(
  formatError: ErrorFormat,
  metrics: Metrics,
): ApolloServerPlugin<GraphContext> {
  return {
    requestDidStart: async () => ({
      willSendResponse: async ({ contextValue, errors, response, operation }) => {
        const type = operation?.operation ?? 'none';
        if (errors === undefined || response.body.kind !== 'single') {
          metrics.operationAnswered(type, 'OK');
          return;
        }
        const { singleResult } = response.body;
        const { requestId } = contextValue;
        const shown = showErrors(errors, singleResult.data, { formatError, requestId });
        metrics.operationAnswered(type, shown.outcome);
        singleResult.errors = shown.errors;
        if (shown.status !== null) response.http.status = shown.status;
        for (const [name, value] of headersOf(shown.status)) response.http.headers.set(name, value);
      },
    }),
  };
}

function refuseSubscription(operation: string): void {
  if (operation !== 'subscription') return;
  throw new GraphQLError('Subscriptions are served by graphql-ws, on this path.', {
    extensions: { code: 'BAD_REQUEST', http: { status: 400 } },
  });
}
