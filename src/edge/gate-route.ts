import type { FastifyError, FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { AccountBlocked } from '../features/account/account.errors.ts';
import { accountFor } from '../features/account/caller.policy.ts';
import { UsageLimitExceeded } from '../features/usage/usage.errors.ts';
import type { Passage, UsageGateService } from '../features/usage/usage-gate.service.ts';
import { isPassing } from '../platform/database/database-away.ts';
import { DomainError, InvalidInput, RateLimited } from '../platform/errors.ts';
import { newId } from '../platform/ids.ts';
import type { Logger } from '../platform/logger.ts';
import type { Admit } from './door-keeper.ts';
import { sendProblem } from './problem.ts';

interface GateRouteOptions {
  readonly admit: Admit;
  readonly gate: UsageGateService;
  readonly logger: Logger;
}

const PARAMETERS = ['metric', 'quantity', 'deploy', 'record', 'accountId'] as const;
type Parameters = Readonly<Partial<Record<(typeof PARAMETERS)[number], string>>>;

const INTEGER = /^-?\d{1,16}$/;

const STATUS: Readonly<Record<string, number>> = {
  BAD_USER_INPUT: 400,
  UNAUTHENTICATED: 401,
  USAGE_LIMIT_EXCEEDED: 402,
  ACCOUNT_BLOCKED: 403,
  FORBIDDEN: 403,
  MASTER_KEY_REQUIRED: 403,
  NOT_FOUND: 404,
  IDEMPOTENCY_CONFLICT: 409,
  RATE_LIMITED: 429,
};

/**
 * The door for a reverse proxy's external-auth hook or a product's middleware: `GET /gate?metric=apiCalls&quantity=1`
 * with an account's key. 204 lets go on; everything else does not, and is an RFC 9457 problem. `record=true` counts,
 * once per `Idempotency-Key` (one is made when the header is missing); `deploy=true` asks whether something new may be deployed.
 */
export function gateRoute({ admit, gate, logger }: GateRouteOptions) {
  return async (server: FastifyInstance): Promise<void> => {
    server.addHook('onSend', async (_request, reply) => {
      reply.header('cache-control', 'no-store');
    });
    server.setErrorHandler<FastifyError>((error, request, reply) =>
      refuse(logger, error, request, reply),
    );
    server.get('/gate', async (request, reply) => {
      const caller = await admit(request.raw);
      const parameters = readParameters(request.query);
      const accountId = accountFor(caller, parameters.accountId, 'record');
      await gate.letThrough(readPassage(accountId, parameters, request));
      return reply.code(204).send();
    });
  };
}

/** A parameter that is misspelt would ask for less than was meant, so it is refused. */
function readParameters(query: unknown): Parameters {
  for (const [name, value] of Object.entries(query as Record<string, unknown>)) {
    if (!(PARAMETERS as readonly string[]).includes(name))
      throw new InvalidInput(name, `is not known here; there are ${PARAMETERS.join(', ')}.`);
    if (typeof value !== 'string' || value === '')
      throw new InvalidInput(name, 'must be given once, with a value.');
  }
  return query as Parameters;
}

function readPassage(
  accountId: string,
  { metric, quantity = '1', deploy, record }: Parameters,
  request: FastifyRequest,
): Passage {
  const deploys = isTrue('deploy', deploy);
  const records = isTrue('record', record);
  if (metric === undefined && (!deploys || records))
    throw new InvalidInput('metric', 'is required: name what is to be used.');
  if (!INTEGER.test(quantity)) throw new InvalidInput('quantity', 'must be an integer.');
  const use = metric === undefined ? null : { metric, quantity: BigInt(quantity) };
  return { accountId, deploys, use, recordedAs: records ? keyOf(request) : null };
}

function isTrue(name: string, value: string | undefined): boolean {
  if (value !== undefined && value !== 'true' && value !== 'false')
    throw new InvalidInput(name, 'must be true or false.');
  return value === 'true';
}

function keyOf({ headers }: FastifyRequest): string {
  const key = headers['idempotency-key'];
  return typeof key === 'string' ? key : newId();
}

function refuse(
  logger: Logger,
  error: FastifyError,
  request: FastifyRequest,
  reply: FastifyReply,
): FastifyReply {
  if (error instanceof RateLimited) reply.header('retry-after', error.retryAfterSeconds);
  if (error instanceof DomainError && STATUS[error.code] !== undefined)
    return answer(reply, STATUS[error.code] as number, error.code, error.message, detailsOf(error));
  logger.error({ err: error, requestId: request.id }, 'the gate stays shut');
  if (isPassing(error)) {
    const message = 'The service is not available for the moment. Try again shortly.';
    return answer(reply, 503, 'SERVICE_UNAVAILABLE', message);
  }
  const message = `Quote the request id ${request.id} when you ask about it.`;
  return answer(reply, 500, 'INTERNAL_SERVER_ERROR', message);
}

/** What programs want to know of a refusal, beside its code. */
function detailsOf(error: DomainError): object {
  if (error instanceof AccountBlocked) return { accountStatus: error.status };
  if (!(error instanceof UsageLimitExceeded)) return {};
  const { metric, current, limit, resetsAt } = error;
  return { usage: { metric, current: Number(current), limit: Number(limit), resetsAt } };
}

function answer(
  reply: FastifyReply,
  status: number,
  code: string,
  message: string,
  details: object = {},
): FastifyReply {
  if (status === 401) reply.header('www-authenticate', 'Bearer');
  return sendProblem(reply, status, message, { error: code, message, ...details });
}
