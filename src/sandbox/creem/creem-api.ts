import { createHash, timingSafeEqual } from 'node:crypto';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { checkParameters } from './check-parameters.ts';
import { checkoutEndpoints } from './checkouts.ts';
import { CreemProblem } from './creem-problem.ts';
import type { CreemWorld } from './creem-world.ts';
import { customerEndpoints } from './customers.ts';
import { discountEndpoints } from './discounts.ts';
import type { Endpoint } from './endpoint.ts';
import { productEndpoints } from './products.ts';
import { subscriptionEndpoints } from './subscriptions.ts';
import { transactionEndpoints } from './transactions.ts';

const ENDPOINTS: readonly Endpoint[] = [
  ...checkoutEndpoints,
  ...customerEndpoints,
  ...discountEndpoints,
  ...productEndpoints,
  ...subscriptionEndpoints,
  ...transactionEndpoints,
];

/** Puts Creem's API on the server, under `/creem/v1`. */
export function registerCreemApi(app: FastifyInstance, world: CreemWorld, apiKey: string): void {
  for (const endpoint of ENDPOINTS) {
    app.route({
      method: endpoint.method,
      url: `/creem${endpoint.path}`,
      handler: (request, reply) => answer(world, apiKey, endpoint, request, reply),
    });
  }
  app.all('/creem/v1/*', (request, reply) => {
    const path = request.url.split('?', 1)[0];
    const message = `Cannot ${request.method} ${path}. This sandbox plays only a part of Creem.`;
    return refuse(world, reply, new CreemProblem(404, 'Not Found', message));
  });
}

function answer(
  world: CreemWorld,
  apiKey: string,
  endpoint: Endpoint,
  request: FastifyRequest,
  reply: FastifyReply,
): FastifyReply {
  try {
    authenticate(request, apiKey);
    const params = parametersOf(endpoint, request);
    const { id = '' } = request.params as { id?: string };
    const run = () => endpoint.run({ world, params: params as never, id });
    const object = world.books.transaction(() => once(world, endpoint, request, run));
    return reply.code(200).send(object);
  } catch (error) {
    if (error instanceof CreemProblem) return refuse(world, reply, error);
    throw error;
  }
}

/** Creem knows idempotency keys for new products only: a key that was used before finds its product again. */
function once(
  world: CreemWorld,
  endpoint: Endpoint,
  request: FastifyRequest,
  run: () => object,
): object {
  const key = request.headers['idempotency-key'];
  if (endpoint.takes !== 'createProduct' || typeof key !== 'string') return run();
  const kept = world.books.answer(key);
  if (kept !== undefined) return JSON.parse(kept.body);
  const made = run();
  const body = JSON.stringify(made);
  world.books.keepAnswer(key, { fingerprint: '', status: 200, body, created: world.now() });
  return made;
}

function parametersOf({ method, takes }: Endpoint, request: FastifyRequest): object {
  const query = request.query as object;
  const params = method === 'GET' ? { ...query } : ((request.body as object | null) ?? {});
  if (takes !== null) checkParameters(takes, params, method === 'GET' ? 'query' : 'body');
  return params;
}

function authenticate(request: FastifyRequest, apiKey: string): void {
  const given = request.headers['x-api-key'];
  if (typeof given === 'string' && timingSafeEqual(digest(given), digest(apiKey))) return;
  throw new CreemProblem(401, 'Unauthorized', 'The API key is missing or wrong');
}

function refuse(world: CreemWorld, reply: FastifyReply, problem: CreemProblem): FastifyReply {
  return reply.code(problem.status).send(problem.body(world.now() * 1000));
}

function digest(text: string): Buffer {
  return createHash('sha256').update(text).digest();
}
