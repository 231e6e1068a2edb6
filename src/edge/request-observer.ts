import type { Span } from '@opentelemetry/api';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import type { Logger } from '../platform/logger.ts';
import type { Metrics } from '../platform/metrics.ts';
import type { Tracing } from '../platform/tracing.ts';

interface Observers {
  readonly logger: Logger;
  readonly metrics: Metrics;
  /** Null: nobody collects traces. */
  readonly tracing: Tracing | null;
}

/** Counts and times every request of a server, and traces it where somebody collects traces. */
export function observeRequests(server: FastifyInstance, observers: Observers): void {
  const { logger, metrics, tracing } = observers;
  if (tracing !== null) traceRequests(server, tracing);
  server.addHook('onResponse', (request, reply, done) => {
    const seconds = reply.elapsedTime / 1_000;
    metrics.requestAnswered(request.method, routeOf(request), reply.statusCode, seconds);
    logAnswer(logger, request, reply);
    done();
  });
}

/** Where it was going; never the path itself, which anybody may make up. */
function routeOf({ routeOptions }: FastifyRequest): string {
  return routeOptions.url ?? 'none';
}

/** For debugging only: a line for each request would cost more than many a request. */
function logAnswer(logger: Logger, request: FastifyRequest, reply: FastifyReply): void {
  if (!logger.isLevelEnabled('debug')) return;
  const { id: requestId, method } = request;
  const about = { requestId, method, route: routeOf(request), status: reply.statusCode };
  logger.debug({ ...about, ms: Math.round(reply.elapsedTime) }, 'a request was answered');
}

function traceRequests(server: FastifyInstance, tracing: Tracing): void {
  const spans = new WeakMap<FastifyRequest, Span>();
  server.addHook('onRequest', (request, _reply, done) => {
    const { method, headers } = request;
    const attributes = {
      'http.request.method': method,
      'http.route': routeOf(request),
      'tollgate.request_id': request.id,
    };
    const name = `${method} ${routeOf(request)}`;
    spans.set(request, tracing.beginRequest(name, headers.traceparent, attributes, done));
  });
  server.addHook('onResponse', async (request, reply) => {
    spans.get(request)?.setAttribute('http.response.status_code', reply.statusCode).end();
  });
}
