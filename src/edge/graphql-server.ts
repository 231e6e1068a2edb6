import {
  ApolloServer,
  type ApolloServerOptions,
  type ApolloServerPlugin,
  type GraphQLRequestContextWillSendResponse,
} from '@apollo/server';
import {
  ApolloServerPluginCacheControlDisabled,
  ApolloServerPluginInlineTraceDisabled,
  ApolloServerPluginLandingPageDisabled,
} from '@apollo/server/plugin/disabled';
import { GraphQLError, type GraphQLSchema } from 'graphql';
import type { GraphContext } from '../graphql/context.ts';
import type { Logger } from '../platform/logger.ts';
import type { Metrics } from '../platform/metrics.ts';
import type { Tracing } from '../platform/tracing.ts';
import { CompiledOperations } from './compiled-operations.ts';
import { type ErrorFormat, httpStatusOf } from './error-format.ts';
import { limitRules, parseLimits, refuseCostly } from './operation-limits.ts';

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

/** Apollo, with everything off that is not used. */
export function createGraphServer({
  schema,
  isProduction,
  formatError,
  logger,
  metrics,
  tracing,
}: GraphServerOptions): ApolloServer<GraphContext> {
  return new ApolloServer<GraphContext>({
    gateway: gatewayOver(schema, tracing),
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
}

/** Apollo's own executor reads every document anew; this door lets another one in. */
function gatewayOver(schema: GraphQLSchema, tracing: Tracing | null): GatewayInterface {
  const operations = new CompiledOperations(schema);
  return {
    onSchemaLoadOrUpdate: (tell) => {
      tell({ apiSchema: schema, coreSupergraphSdl: '' });
      return () => undefined;
    },
    load: async () => ({
      executor: ({ document, request, operation, operationName, context }) => {
        const execute = () =>
          operations.execute({
            document,
            operationName: request.operationName,
            variableValues: request.variables,
            contextValue: context,
          });
        if (tracing === null) return execute();
        const type = operation.operation;
        const attributes = {
          'graphql.operation.type': type,
          'graphql.operation.name': (operationName ?? '').slice(0, LONGEST_NAME),
        };
        return tracing.span(`graphql ${type}`, attributes, execute);
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
      willSendResponse: async (request) => {
        const outcome = showErrors(request, formatError);
        metrics.operationAnswered(request.operation?.operation ?? 'none', outcome);
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

/** Answers OK, or the code of the first error. */
function showErrors(
  request: GraphQLRequestContextWillSendResponse<GraphContext>,
  formatError: ErrorFormat,
): string {
  const { contextValue, errors, response } = request;
  if (errors === undefined || response.body.kind !== 'single') return 'OK';
  const shown = errors.map((error) => formatError(error, contextValue.requestId));
  response.body.singleResult.errors = shown;
  const { data } = response.body.singleResult;
  const outcome = String(shown[0]?.extensions?.code);
  if (Object.values(data ?? {}).some((value) => value !== null)) return outcome;
  const status = httpStatusOf(shown);
  if (status !== null) response.http.status = status;
  if (status === 401) response.http.headers.set('www-authenticate', 'Bearer');
  return outcome;
}
