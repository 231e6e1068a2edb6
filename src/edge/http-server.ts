import { randomUUID } from 'node:crypto';
import type { ApolloServer } from '@apollo/server';
import { fastifyApolloHandler } from '@as-integrations/fastify';
import { type FastifyInstance, fastify } from 'fastify';
import type { GraphContext } from '../graphql/context.ts';
import type { Resolvers } from '../graphql/schema.ts';
import { Unauthenticated } from '../platform/errors.ts';
import type { Logger } from '../platform/logger.ts';
import type { Authenticate } from './authenticate.ts';

interface HttpServerOptions {
  readonly graphServer: ApolloServer<GraphContext>;
  readonly authenticate: Authenticate;
  readonly resolvers: Resolvers;
  readonly logger: Logger;
  /** Whether the database answers and its schema is the newest. */
  readonly isReady: () => Promise<boolean>;
  readonly renderGraphiql: (() => Promise<string>) | null;
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
    preHandler: async (request, reply) => {
      try {
        const caller = await options.authenticate(request.headers.authorization);
        callers.set(request, { caller, requestId: request.id, resolvers: options.resolvers });
      } catch (error) {
        if (!(error instanceof Unauthenticated)) throw error;
        await reply
          .code(401)
          .header('www-authenticate', 'Bearer')
          .send(graphError(error.message, error.code));
      }
    },
    handler: fastifyApolloHandler(options.graphServer, {
      context: async (request) => callers.get(request) as GraphContext,
    }),
    errorHandler: (error, request, reply) => {
      const status = (error as { statusCode?: number }).statusCode ?? 503;
      if (status >= 500)
        options.logger.error({ err: error, requestId: request.id }, 'a request failed');
      const shown =
        status >= 500
          ? graphError(
              'The service is not available for the moment. Try again shortly.',
              'SERVICE_UNAVAILABLE',
            )
          : graphError((error as Error).message, 'BAD_REQUEST');
      void reply.code(status >= 500 ? 503 : status).send(shown);
    },
  });
}

function addGraphiql(server: FastifyInstance, render: () => Promise<string>): void {
  server.get('/graphiql', async (_request, reply) => {
    const page = await render();
    return reply
      .type('text/html; charset=utf-8')
      .header(
        'content-security-policy',
        "default-src 'self' 'unsafe-inline' data: blob:; connect-src 'self' ws: wss:",
      )
      .send(page);
  });
}

function graphError(message: string, code: string) {
  return { errors: [{ message, extensions: { code } }] };
}
