import type { FastifyError, FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import type { Inbox } from '../inbox/inbox.ts';
import type { Logger } from '../platform/logger.ts';
import type { Metrics } from '../platform/metrics.ts';
import type { Channel } from '../platform/money.ts';
import { InvalidWebhook } from '../providers/payment-errors.ts';
import type { PaymentProvider } from '../providers/payment-provider.ts';
import { sendProblem } from './problem.ts';
import { SECURITY_HEADERS } from './security-headers.ts';

interface WebhookRouteOptions {
  readonly providers: ReadonlyMap<Channel, PaymentProvider>;
  readonly inbox: Inbox;
  readonly metrics: Metrics;
  readonly logger: Logger;
}

const LARGEST_WEBHOOK = 262_144;

/**
 * The door for webhooks, `POST /webhooks/stripe` and `/webhooks/creem` as far as these providers are set up: checks the
 * signature on the raw bytes, stores the event, and answers 200. Refusals are RFC 9457 problems that say nothing of the body.
 */
export function webhookRoute(options: WebhookRouteOptions) {
  return async (server: FastifyInstance): Promise<void> => {
    server.removeAllContentTypeParsers();
    server.addContentTypeParser(
      'application/json',
      { parseAs: 'buffer', bodyLimit: LARGEST_WEBHOOK },
      (_request, body, done) => done(null, body),
    );
    server.setErrorHandler<FastifyError>((error, request, reply) =>
      refuseRequest(options.logger, error, request, reply),
    );
    for (const provider of options.providers.values()) addDoor(server, provider, options);
  };
}

function addDoor(
  server: FastifyInstance,
  provider: PaymentProvider,
  { inbox, logger, metrics }: WebhookRouteOptions,
): void {
  const { channel } = provider;
  const config = { isForMachines: true } as const;
  server.post(`/webhooks/${channel.toLowerCase()}`, { config }, async (request, reply) => {
    const webhook = verifyOrCount(provider, request, metrics);
    try {
      const outcome = await inbox.receive(channel, webhook);
      metrics.webhookArrived(channel, outcome === 'STORED' ? 'stored' : 'duplicate');
      logger.debug(
        { channel, eventId: webhook.eventId, type: webhook.type, outcome },
        'a webhook was received',
      );
    } catch (error) {
      if (error instanceof InvalidWebhook) throw error;
      logger.error(
        { err: error, channel, eventId: webhook.eventId, requestId: request.id },
        'a webhook could not be stored',
      );
      metrics.webhookArrived(channel, 'failed');
      return refuse(reply, 503, 'The webhook could not be stored. Deliver it again.');
    }
    return reply.send({ received: true });
  });
}

function verifyOrCount(provider: PaymentProvider, request: FastifyRequest, metrics: Metrics) {
  try {
    return verify(provider, request);
  } catch (error) {
    metrics.webhookArrived(provider.channel, 'refused');
    throw error;
  }
}

/** Whatever goes wrong here is the webhook's fault: answering 500 would only bring it again. */
function verify(provider: PaymentProvider, { body, headers }: FastifyRequest) {
  try {
    return provider.verifyWebhook(body instanceof Uint8Array ? body : new Uint8Array(), headers);
  } catch (error) {
    if (error instanceof InvalidWebhook) throw error;
    throw new InvalidWebhook('The webhook could not be read.', {}, { cause: error });
  }
}

async function refuseRequest(
  logger: Logger,
  error: FastifyError,
  request: FastifyRequest,
  reply: FastifyReply,
): Promise<FastifyReply> {
  const about = { url: request.url, requestId: request.id };
  if (error instanceof InvalidWebhook) {
    logger.warn({ ...about, reason: error.message, cause: error.cause }, 'a webhook was refused');
    return refuse(reply, 400, error.message);
  }
  const status = error.statusCode ?? 500;
  if (status >= 500) {
    logger.error({ ...about, err: error }, 'a webhook failed');
    return refuse(reply, 500, `Quote the request id ${request.id} when you ask about it.`);
  }
  logger.warn({ ...about, reason: error.message }, 'a webhook was refused');
  return refuse(reply, status, detailOf(status));
}

function detailOf(status: number): string {
  switch (status) {
    case 413:
      return `A webhook has at most ${LARGEST_WEBHOOK / 1024} KiB.`;
    case 415:
      return 'A webhook is application/json.';
    default:
      return 'The request is not one that HTTP allows.';
  }
}

function refuse(reply: FastifyReply, status: number, detail: string): FastifyReply {
  return sendProblem(reply.headers(SECURITY_HEADERS), status, detail);
}
