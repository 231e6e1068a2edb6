import type { ApolloServer, HTTPGraphQLResponse } from '@apollo/server';
import { afterAll, expect, vi } from 'vitest';
import { errorFormat } from '../../src/edge/error-format.ts';
import type { createGraphServer, GraphServer } from '../../src/edge/graphql-server.ts';
import type {
  GraphAnswer,
  GraphRequest,
  KnownOperations,
} from '../../src/edge/known-operations.ts';
import type { GraphContext } from '../../src/graphql/context.ts';
import { createLogger } from '../../src/platform/logger.ts';
import { Metrics } from '../../src/platform/metrics.ts';
import { record, replayOf } from './recorded-resolvers.ts';

// Whatever request any test sends over HTTP, the first times that it does, and is plain enough for the short way, is answered by Apollo and by the short
// way: status, headers and body have to be the same. One of them really answers, which one is left to the door; the other is
// one of a silent pair, and is given what the resolvers answered.

type Options = Parameters<typeof createGraphServer>[0];
type ApolloRequest = Parameters<ApolloServer<GraphContext>['executeHTTPGraphQLRequest']>[0];

/** How often one text is compared in a file: some tests send the same one ten thousand times. */
const OFTEN_ENOUGH = 30;

const differences: unknown[] = [];
const compared = new Map<string, number>();

vi.mock('../../src/edge/graphql-server.ts', async (importOriginal) => {
  const original = await importOriginal<typeof import('../../src/edge/graphql-server.ts')>();
  return {
    ...original,
    createGraphServer: (options: Options): GraphServer => {
      const real = original.createGraphServer(options);
      const logger = createLogger('silent');
      const formatError = errorFormat({ logger, hidesSchema: options.isProduction });
      const metrics = new Metrics();
      const silent = original.createGraphServer({
        ...options,
        logger,
        formatError,
        metrics,
        tracing: null,
      });
      return withSilentPair(real, silent);
    },
  };
});

afterAll(() => {
  expect(differences, 'requests that the short way answers otherwise than Apollo').toEqual([]);
});

function withSilentPair({ apollo, known }: GraphServer, silent: GraphServer): GraphServer {
  const start = apollo.start.bind(apollo);
  const stop = apollo.stop.bind(apollo);
  const execute = apollo.executeHTTPGraphQLRequest.bind(apollo);
  const answer = known.answer.bind(known);
  return {
    apollo: Object.assign(apollo, {
      start: async () => {
        await Promise.all([start(), silent.apollo.start()]);
      },
      stop: async () => {
        await Promise.all([stop(), silent.apollo.stop()]);
      },
      executeHTTPGraphQLRequest: async (request: ApolloRequest) => {
        if (!isToBeCompared(request.httpGraphQLRequest.body)) return execute(request);
        const context = await request.context();
        record(context);
        const answered = await execute({ ...request, context: async () => context });
        await compareWithShortWay(silent, request, answered, context);
        return answered;
      },
    }),
    known: Object.assign(known, {
      answer: (request: GraphRequest, context: GraphContext) => {
        if (!isToBeCompared(request.body)) return answer(request, context);
        const own = alone(context);
        record(own);
        const answering = answer(request, own);
        return answering && compareWithApollo(silent, request, answering, own);
      },
    }) as KnownOperations,
  };
}

/** Somebody with whom nobody else shares an execution, so that all that was resolved for it is recorded with it. */
function alone(context: GraphContext): GraphContext {
  return { ...context, caller: { ...context.caller, request: context.requestId } as never };
}

function isToBeCompared(body: unknown): boolean {
  const query = String((body as { readonly query?: unknown } | null | undefined)?.query);
  const times = compared.get(query) ?? 0;
  compared.set(query, times + 1);
  return times < OFTEN_ENOUGH;
}

async function compareWithApollo(
  silent: GraphServer,
  request: GraphRequest,
  answering: Promise<GraphAnswer>,
  context: GraphContext,
): Promise<GraphAnswer> {
  const answered = await answering;
  const byApollo = await askApollo(silent, request, context);
  note(request, byApollo, answered);
  return answered;
}

async function compareWithShortWay(
  silent: GraphServer,
  { httpGraphQLRequest }: ApolloRequest,
  answered: HTTPGraphQLResponse,
  context: GraphContext,
): Promise<void> {
  const { method, body, headers } = httpGraphQLRequest;
  const contentType = answered.headers.get('content-type');
  if (answered.status !== undefined || contentType === undefined) return;
  const request = { method, body, headers: Object.fromEntries(headers) };
  // It learns what it has to know.
  await askApollo(silent, request, context);
  silent.known.learnContentType(headers.get('accept'), contentType);
  const byShortWay = await silent.known.answer(request, replayOf(alone(context)));
  if (byShortWay !== null) note(request, shown(answered), byShortWay);
}

async function askApollo(
  { apollo }: GraphServer,
  { method, headers, body }: GraphRequest,
  context: GraphContext,
): Promise<GraphAnswer> {
  const told = Object.entries(headers).filter(([, value]) => typeof value === 'string');
  const httpGraphQLRequest = {
    method,
    headers: new Map(told as [string, string][]) as ApolloRequest['httpGraphQLRequest']['headers'],
    body,
    search: '',
  };
  return shown(
    await apollo.executeHTTPGraphQLRequest({
      httpGraphQLRequest,
      context: async () => replayOf(context),
    }),
  );
}

function shown({ status = 200, headers, body }: HTTPGraphQLResponse): GraphAnswer {
  return { status, headers: [...headers], body: body.kind === 'complete' ? body.string : '' };
}

function note({ body }: GraphRequest, byApollo: GraphAnswer, byShortWay: GraphAnswer): void {
  const inOrder = ({ headers, ...rest }: GraphAnswer) => ({
    ...rest,
    headers: headers.toSorted(([one], [other]) => (one < other ? -1 : 1)),
  });
  if (JSON.stringify(inOrder(byApollo)) !== JSON.stringify(inOrder(byShortWay)))
    differences.push({ body, byApollo, byShortWay });
}
