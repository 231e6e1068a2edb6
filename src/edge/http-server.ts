import { fastifyApolloHandler } from '@as-integrations/fastify';
import cors, { type FastifyCorsOptions } from '@fastify/cors';
import {
  type FastifyError,
  type FastifyInstance,
  type FastifyReply,
  type FastifyRequest,
  fastify,
} from 'fastify';
import { GraphQLError, type GraphQLFormattedError } from 'graphql';
import type { GraphContext } from '../graphql/context.ts';
import type { Resolvers } from '../graphql/schema.ts';
import { RateLimited } from '../platform/errors.ts';
import type { Logger } from '../platform/logger.ts';
import type { Metrics } from '../platform/metrics.ts';
import type { Tracing } from '../platform/tracing.ts';
import type { Admit } from './door-keeper.ts';
import { type ErrorFormat, httpStatusOf } from './error-format.ts';
import type { GraphServer } from './graphql-server.ts';
import { sendProblem } from './problem.ts';
import { requestIdOf } from './request-id.ts';
import { observeRequests } from './request-observer.ts';
import { GRAPHIQL_POLICY, SECURITY_HEADERS } from './security-headers.ts';

interface HttpServerOptions {
  readonly graphServer: GraphServer;
  readonly admit: Admit;
  readonly resolvers: Resolvers;
  readonly formatError: ErrorFormat;
  readonly logger: Logger;
  readonly metrics: Metrics;
  readonly tracing: Tracing | null;
  /** Origins whose pages may ask; the gateway's own pages need no leave. */
  readonly allowedOrigins: readonly string[];
  /** Whether the database answers and its schema is the newest. */
  readonly isReady: () => Promise<boolean>;
  readonly renderGraphiql: (() => string) | null;
  readonly routes: readonly ((server: FastifyInstance) => Promise<void>)[];
}

const LARGEST_REQUEST = 1_048_576;
/** How long a browser may keep what a preflight said. */
const REMEMBER_CORS_S = 600;

/** The HTTP door: GraphQL, health, and the routes that others bring. Started, but not listening yet. */
export async function createHttpServer(options: HttpServerOptions): Promise<FastifyInstance> {
  const server = fastify({
    bodyLimit: LARGEST_REQUEST,
    forceCloseConnections: 'idle',
    return503OnClosing: true,
    genReqId: requestIdOf,
    frameworkErrors: refuseAddress,
  });
  server.addHook('onRequest', (request, reply, done) => {
    if (request.routeOptions.config.isForMachines !== true) reply.headers(SECURITY_HEADERS);
    reply.header('x-request-id', request.id);
    done();
  });
  observeRequests(server, options);
  server.setNotFoundHandler((request, reply) => {
    const where = `${request.method} ${request.url.split('?')[0]}`;
    sendProblem(reply, 404, `There is nothing at ${where}. GraphQL is at /graphql.`);
  });
  addHealth(server, options);
  // The prefix keeps the preflights of other paths out: what answers them answers for all paths below.
  await server.register(graphqlRoute(options), { prefix: '/graphql' });
  if (options.renderGraphiql !== null) addGraphiql(server, options.renderGraphiql);
  for (const route of options.routes) await server.register(route);
  return server;
}

/** What is no address at all gets to no hook and no route. */
function refuseAddress(_error: unknown, request: FastifyRequest, reply: FastifyReply): void {
  reply.headers(SECURITY_HEADERS).header('x-request-id', request.id);
  sendProblem(reply, 400, 'The address is not a valid one: look for a stray % in it.');
}

function addHealth(server: FastifyInstance, { isReady }: HttpServerOptions): void {
  server.get('/healthz', async () => ({ status: 'ok' }));
  server.get('/readyz', async (_request, reply) => {
    const ready = await isReady().catch(() => false);
    return reply.code(ready ? 200 : 503).send({ status: ready ? 'ready' : 'not ready' });
  });
}

/** `/graphql`. Who asks is found out before the body is read: from those who may not, nothing is taken in. */
function graphqlRoute({ admit, resolvers, graphServer, ...options }: HttpServerOptions) {
  return async (server: FastifyInstance): Promise<void> => {
    server.decorateRequest(CONTEXT, null);
    const handOver = fastifyApolloHandler(graphServer.apollo, {
      context: async (request) => contextOf(request),
    });
    if (options.allowedOrigins.length > 0) await server.register(cors, corsFor(options));
    server.route({
      method: ['GET', 'POST'],
      url: '',
      onRequest: async (request) => {
        const caller = await admit(request.raw);
        (request as AdmittedRequest)[CONTEXT] = { caller, requestId: request.id, resolvers };
      },
      handler: async (request, reply) => {
        const answer = graphServer.known.answer(request, contextOf(request));
        if (answer === null) {
          const body = await handOver.call(server, request, reply);
          learnContentType(graphServer, request, reply);
          return body;
        }
        const { status, headers, body } = await answer;
        for (const [name, value] of headers) reply.header(name, value);
        reply.code(status);
        return body;
      },
      errorHandler: (error, request, reply) => refuse(options.formatError, error, request, reply),
    });
  };
}

const CONTEXT = Symbol('context');

type AdmittedRequest = FastifyRequest & { [CONTEXT]: GraphContext };

function contextOf(request: FastifyRequest): GraphContext {
  return (request as AdmittedRequest)[CONTEXT];
}

/** An answer to an operation is of the type that its client accepts; only there Apollo has chosen. */
function learnContentType(
  { known }: GraphServer,
  { headers }: FastifyRequest,
  reply: FastifyReply,
) {
  const contentType = reply.getHeader('content-type');
  if (reply.statusCode === 200 && typeof contentType === 'string')
    known.learnContentType(headers.accept, contentType);
}

function corsFor({
  allowedOrigins,
}: Pick<HttpServerOptions, 'allowedOrigins'>): FastifyCorsOptions {
  return {
    origin: [...allowedOrigins],
    methods: ['GET', 'POST'],
    allowedHeaders: ['authorization', 'content-type', 'apollo-require-preflight', 'x-request-id'],
    exposedHeaders: ['retry-after', 'x-request-id', 'www-authenticate'],
    maxAge: REMEMBER_CORS_S,
    strictPreflight: false,
  };
}

/** A request that GraphQL never saw is answered in the shape of GraphQL's own errors. */
function refuse(
  formatError: ErrorFormat,
  error: unknown,
  request: FastifyRequest,
  reply: FastifyReply,
): FastifyReply {
  const { code, statusCode = 500, message } = error as FastifyError;
  if (statusCode < 500 && code?.startsWith('FST_')) {
    const told =
      statusCode === 413 ? `A request has at most ${LARGEST_REQUEST / 1024} KiB.` : message;
    return reply
      .code(statusCode)
      .send(graphErrors([{ message: told, extensions: { code: 'BAD_REQUEST' } }]));
  }
  // No document was read yet: an error of GraphQL is not about one.
  const cause = error instanceof GraphQLError ? new Error(error.message, { cause: error }) : error;
  const shown = formatError(cause, request.id);
  if (shown.extensions?.code === 'UNAUTHENTICATED') reply.header('www-authenticate', 'Bearer');
  if (error instanceof RateLimited) reply.header('retry-after', error.retryAfterSeconds);
  return reply.code(httpStatusOf([shown]) ?? 500).send(graphErrors([shown]));
}

function addGraphiql(server: FastifyInstance, render: () => string): void {
  server.get('/graphiql', async (_request, reply) =>
    reply
      .type('text/html; charset=utf-8')
      .header('content-security-policy', GRAPHIQL_POLICY)
      .send(render()),
  );
}

function graphErrors(errors: readonly GraphQLFormattedError[]) {
  return { errors };
}
