import { createHash, timingSafeEqual } from 'node:crypto';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import Stripe from 'stripe';
import type { StoredAnswer } from '../books.ts';
import { randomId } from '../random-id.ts';
import { invoicePayEndpoint } from './charge-invoice.ts';
import { paymentIntentCreation } from './charge-saved-card.ts';
import { checkParameters } from './check-parameters.ts';
import { checkoutSessionEndpoints } from './checkout-sessions.ts';
import { couponEndpoints } from './coupons.ts';
import { subscriptionCreation } from './create-subscription.ts';
import { customerEndpoints } from './customers.ts';
import { disputeEndpoints } from './disputes.ts';
import type { Endpoint } from './endpoint.ts';
import { eventEndpoints } from './events.ts';
import { expand } from './expand.ts';
import { decodeForm } from './form-body.ts';
import { invoiceEndpoints } from './invoices.ts';
import { paymentMethodEndpoints } from './payment-methods.ts';
import { paymentEndpoints } from './payments.ts';
import { portalEndpoints } from './portal-sessions.ts';
import { invoicePreviewEndpoint } from './preview-invoice.ts';
import { priceEndpoints } from './prices.ts';
import { productEndpoints } from './products.ts';
import { refundEndpoints } from './refunds.ts';
import { scheduleEndpoints } from './schedules.ts';
import { setupIntentEndpoints } from './setup-intents.ts';
import { badRequest, StripeProblem } from './stripe-problem.ts';
import type { StripeWorld } from './stripe-world.ts';
import { subscriptionEndpoints } from './subscriptions.ts';

const ENDPOINTS: readonly Endpoint[] = [
  ...customerEndpoints,
  ...productEndpoints,
  ...priceEndpoints,
  ...couponEndpoints,
  ...checkoutSessionEndpoints,
  ...subscriptionEndpoints,
  ...scheduleEndpoints,
  ...subscriptionCreation,
  ...invoiceEndpoints,
  invoicePayEndpoint,
  invoicePreviewEndpoint,
  ...portalEndpoints,
  ...paymentEndpoints,
  paymentIntentCreation,
  ...paymentMethodEndpoints,
  ...setupIntentEndpoints,
  ...refundEndpoints,
  ...disputeEndpoints,
  ...eventEndpoints,
];

const KEY_LIFETIME = 24 * 3600;

interface Answer {
  readonly status: number;
  readonly body: string;
  readonly replayed?: boolean;
}

/** Puts Stripe's API on the server, under `/v1`. */
export function registerStripeApi(
  app: FastifyInstance,
  world: StripeWorld,
  secretKey: string,
): void {
  for (const endpoint of ENDPOINTS) {
    app.route({
      method: endpoint.method,
      url: endpoint.path,
      handler: (request, reply) => answer(world, secretKey, endpoint, request, reply),
    });
  }
  app.all('/v1/*', (request, reply) =>
    send(reply, {
      status: 404,
      body: JSON.stringify({
        error: {
          type: 'invalid_request_error',
          message: `Unrecognized request URL (${request.method}: ${pathOf(request)}). This sandbox plays only a part of Stripe.`,
        },
      }),
    }),
  );
}

function answer(
  world: StripeWorld,
  secretKey: string,
  endpoint: Endpoint,
  request: FastifyRequest,
  reply: FastifyReply,
): FastifyReply {
  const requestId = randomId('req_', 14);
  const key = endpoint.method === 'POST' ? header(request, 'idempotency-key') : undefined;
  reply.header('request-id', requestId);
  reply.header('stripe-version', Stripe.API_VERSION);
  if (key !== undefined) reply.header('idempotency-key', key);
  try {
    authenticate(request, secretKey);
    const cause = { id: requestId, idempotency_key: key ?? null };
    const made =
      key === undefined
        ? perform(world, endpoint, request, cause)
        : once(world, key, request, () => perform(world, endpoint, request, cause));
    return send(reply, made);
  } catch (error) {
    if (!(error instanceof StripeProblem)) throw error;
    return send(reply, problemAnswer(error));
  }
}

/** Runs an endpoint as one transaction. What it refuses itself is an answer; wrong parameters are thrown. */
function perform(
  world: StripeWorld,
  endpoint: Endpoint,
  request: FastifyRequest,
  cause: { id: string; idempotency_key: string | null },
): Answer {
  const params = decodeForm(encodedParameters(endpoint, request)) as Record<string, unknown>;
  checkParameters(endpoint.resource, endpoint.action as never, params);
  const { expand: paths = [], ...rest } = params as { expand?: string[] };
  const { id = '', subId = '' } = request.params as { id?: string; subId?: string };
  try {
    return world.act(cause, () => {
      const call = { world, params: rest as never, id, subId, path: pathOf(request) };
      const made = endpoint.run(call);
      if (made instanceof StripeProblem) return problemAnswer(made);
      const object = expand(world, made, paths);
      return { status: 200, body: JSON.stringify(object) };
    });
  } catch (error) {
    if (error instanceof StripeProblem) return problemAnswer(error);
    throw error;
  }
}

/**
 * Stripe's idempotency: the first answer once the endpoint has begun, a refusal too, is kept for a day with its parameters
 * and given again. Throws `idempotency_error` when the key was used for something else.
 */
function once(world: StripeWorld, key: string, request: FastifyRequest, run: () => Answer): Answer {
  if (key.length > 255) throw badRequest('Idempotency keys are at most 255 characters long.');
  const fingerprint = `${pathOf(request)} ${digest(String(request.body ?? ''))}`;
  return world.act(null, () => {
    const kept = world.books.answer(key);
    if (kept !== undefined && world.now() - kept.created < KEY_LIFETIME) {
      return replay(kept, fingerprint, key, pathOf(request));
    }
    const made = run();
    world.books.keepAnswer(key, { fingerprint, ...made, created: world.now() });
    return made;
  });
}

function replay(kept: StoredAnswer, fingerprint: string, key: string, path: string): Answer {
  if (kept.fingerprint === fingerprint) {
    return { status: kept.status, body: kept.body, replayed: true };
  }
  const first = kept.fingerprint.split(' ', 1)[0];
  throw new StripeProblem(400, {
    type: 'idempotency_error',
    message:
      first === path
        ? `Keys for idempotent requests can only be used with the same parameters they were first used with. Try using a key other than '${key}' if you meant to execute a different request.`
        : `Keys for idempotent requests can only be used for the same endpoint they were first used for ('${path}' vs '${first}'). Try using a key other than '${key}' if you meant to execute a different request.`,
  });
}

function authenticate(request: FastifyRequest, secretKey: string): void {
  const given = givenKey(header(request, 'authorization') ?? '');
  if (given === '') {
    throw new StripeProblem(401, {
      type: 'invalid_request_error',
      message:
        'You did not provide an API key. You need to provide your API key in the Authorization header, using Bearer auth.',
    });
  }
  if (!sameText(given, secretKey)) {
    throw new StripeProblem(401, {
      type: 'invalid_request_error',
      message: `Invalid API Key provided: ${given.slice(0, 8)}****`,
    });
  }
  const version = header(request, 'stripe-version');
  if (version === undefined || version === Stripe.API_VERSION) return;
  throw badRequest(
    `Invalid Stripe API version: ${version}. This sandbox plays ${Stripe.API_VERSION} only.`,
  );
}

/** The key as Bearer, or as the user name of Basic authentication. */
function givenKey(authorization: string): string {
  const [scheme = '', credentials = ''] = authorization.split(' ');
  if (scheme.toLowerCase() === 'bearer') return credentials;
  if (scheme.toLowerCase() !== 'basic') return '';
  return Buffer.from(credentials, 'base64').toString().split(':', 1)[0] ?? '';
}

function encodedParameters(endpoint: Endpoint, request: FastifyRequest): string {
  const query = request.url.split('?').slice(1).join('?');
  if (endpoint.method === 'GET') return query;
  const body = typeof request.body === 'string' ? request.body : '';
  return [query, body].filter((part) => part !== '').join('&');
}

function send(reply: FastifyReply, made: Answer): FastifyReply {
  if (made.replayed) reply.header('idempotent-replayed', 'true');
  return reply.code(made.status).type('application/json').send(made.body);
}

function problemAnswer(problem: StripeProblem): Answer {
  return { status: problem.status, body: JSON.stringify({ error: problem.error }) };
}

function header(request: FastifyRequest, name: string): string | undefined {
  const value = request.headers[name];
  return Array.isArray(value) ? value[0] : value;
}

function pathOf(request: FastifyRequest): string {
  return request.url.split('?', 1)[0] ?? '';
}

function sameText(one: string, other: string): boolean {
  return timingSafeEqual(Buffer.from(digest(one)), Buffer.from(digest(other)));
}

function digest(text: string): string {
  return createHash('sha256').update(text).digest('hex');
}
