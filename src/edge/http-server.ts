import { randomUUID } from 'node:crypto';
import type { ApolloServer } from '@apollo/server';
import { fastifyApolloHandler } from '@as-integrations/fastify';
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
import type { Logger } from '../platform/logger.ts';
import type { Authenticate } from './authenticate.ts';
import { formatError, httpStatusOf } from './error-format.ts';

interface HttpServerOptions {
  readonly graphServer: ApolloServer<GraphContext>;
  readonly authenticate: Authenticate;
  readonly resolvers: Resolvers;
  readonly logger: Logger;
  /** Whether the database answers and its schema is the newest. */
  readonly isReady: () => Promise<boolean>;
  readonly renderGraphiql: (() => string) | null;
  readonly routes: readonly ((server: FastifyInstance) => Promise<void>)[];
}

const LARGEST_REQUEST = 1_048_576;

/** The HTTP door: GraphQL, health, and the routes that others bring. Started, but not listening yet. */
export async function createHttpServer(options: HttpServerOptions): Promise<FastifyInstance> {
  const server = fastify({
    bodyLimit: LARGEST_REQUEST,
    forceCloseConnections: 'idle',
    return503OnClosing: true,
    genReqId: () => randomUUID(),
  });
  server.setNotFoundHandler((request, reply) => {
    void reply
      .code(404)
      .type('application/problem+json')
      .send({
        type: 'about:blank',
        title: 'Not found',
        status: 404,
        detail: `There is nothing at ${request.method} ${request.url.split('?')[0]}. GraphQL is at /graphql.`,
      });
  });
  addHealth(server, options);
  await addGraphql(server, options);
  if (options.renderGraphiql !== null) addGraphiql(server, options.renderGraphiql);
  for (const route of options.routes) await server.register(route);
  return server;
}

function addHealth(server: FastifyInstance, { isReady }: HttpServerOptions): void {
  server.get('/healthz', async () => ({ status: 'ok' }));
  server.get('/readyz', async (_request, reply) => {
    const ready = await isReady().catch(() => false);
    return reply.code(ready ? 200 : 503).send({ status: ready ? 'ready' : 'not ready' });
  });
}

async function addGraphql(server: FastifyInstance, options: HttpServerOptions): Promise<void> {
  const callers = new WeakMap<object, GraphContext>();
  server.route({
    method: ['GET', 'POST', 'OPTIONS'],
    url: '/graphql',
    preHandler: async (request) => {
      const caller = await options.authenticate(request.headers.authorization);
      callers.set(request, { caller, requestId: request.id, resolvers: options.resolvers });
    },
    handler: fastifyApolloHandler(options.graphServer, {
      context: async (request) => callers.get(request) as GraphContext,
    }),
    errorHandler: (error, request, reply) => refuse(options.logger, error, request, reply),
  });
}

/** A request that GraphQL never saw is answered in the shape of GraphQL's own errors. */
function refuse(
  logger: Logger,
  error: unknown,
  request: FastifyRequest,
  reply: FastifyReply,
): FastifyReply {
  const { statusCode, message } = error as FastifyError;
  if (statusCode !== undefined && statusCode < 500) {
    const told =
      statusCode === 413 ? `A request has at most ${LARGEST_REQUEST / 1024} KiB.` : message;
    return reply
      .code(statusCode)
      .send(graphErrors([{ message: told, extensions: { code: 'BAD_REQUEST' } }]));
  }
  const cause = error instanceof Error ? error : new Error(String(error));
  const shown = formatError(
    new GraphQLError(cause.message, { originalError: cause }),
    request.id,
    logger,
  );
  if (shown.extensions?.code === 'UNAUTHENTICATED') reply.header('www-authenticate', 'Bearer');
  return reply.code(httpStatusOf([shown]) ?? 500).send(graphErrors([shown]));
}

function addGraphiql(server: FastifyInstance, render: () => string): void {
  server.get('/graphiql', async (_request, reply) =>
    reply
      .type('text/html; charset=utf-8')
      .header(
        'content-security-policy',
        "default-src 'self' 'unsafe-inline' data: blob:; connect-src 'self' ws: wss:",
      )
      .send(render()),
  );
}

function graphErrors(errors: readonly GraphQLFormattedError[]) {
  return { errors };
}
