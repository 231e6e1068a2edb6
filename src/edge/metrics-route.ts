import { hash, timingSafeEqual } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import type { FastifyInstance, FastifyReply } from 'fastify';
import type { Metrics } from '../platform/metrics.ts';
import { sendProblem } from './problem.ts';

interface MetricsRouteOptions {
  readonly metrics: Metrics;
  /** Null: whoever asks from this machine itself may read. */
  readonly token: string | null;
}

const LOOPBACK = new Set(['127.0.0.1', '::1', '::ffff:127.0.0.1']);
/** What proxies add: who comes through one is not on this machine, even when the proxy is. */
const FORWARDED = ['forwarded', 'x-forwarded-for', 'x-real-ip', 'via'];

/** `GET /metrics` for Prometheus: with the token as bearer where one is set, else from this machine only. */
export function metricsRoute({ metrics, token }: MetricsRouteOptions) {
  const mayRead = token === null ? isLocal : bearing(token);
  return async (server: FastifyInstance): Promise<void> => {
    server.get('/metrics', async (request, reply) => {
      if (!mayRead(request.raw)) return refuse(reply, token === null ? 403 : 401);
      return reply.type(metrics.contentType).send(await metrics.text());
    });
  };
}

const DETAILS = {
  401: 'Give METRICS_TOKEN as a bearer token.',
  403: 'Metrics are read from this machine itself; set METRICS_TOKEN to read them from elsewhere.',
};

function refuse(reply: FastifyReply, status: keyof typeof DETAILS): FastifyReply {
  if (status === 401) reply.header('www-authenticate', 'Bearer');
  return sendProblem(reply, status, DETAILS[status]);
}

function isLocal({ socket, headers }: IncomingMessage): boolean {
  const isForwarded = FORWARDED.some((name) => headers[name] !== undefined);
  return !isForwarded && LOOPBACK.has(socket.remoteAddress ?? '');
}

function bearing(token: string) {
  const expected = hash('sha256', `Bearer ${token}`, 'buffer');
  return ({ headers }: IncomingMessage): boolean =>
    timingSafeEqual(expected, hash('sha256', headers.authorization ?? '', 'buffer'));
}
