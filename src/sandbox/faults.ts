import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import type { ProviderSandbox } from './provider-sandbox.ts';

type FaultEffect = 'hang' | '500' | '502' | '429' | 'reset' | 'truncate';

/** Something that goes wrong with the next `times` requests that it fits. */
export interface Fault {
  readonly provider?: string;
  readonly method?: string;
  /** A path, the beginning of one, or a pattern in which `*` stands for anything. Without it: the API, not the pages. */
  readonly path?: string;
  readonly times: number;
  /** Whether the request has its effect before it goes wrong. Its answer is kept for its idempotency key then. */
  readonly after: boolean;
  readonly effect: FaultEffect;
}

export type NewFault = Pick<Fault, 'effect'> & Partial<Fault>;

/** What every provider has in the paths of its API. */
const API = '/v1/';

interface Armed {
  readonly fault: Fault;
  left: number;
}

/** The faults that somebody asked for. They are forgotten when the sandbox stops. */
export class Faults {
  readonly #providers: readonly ProviderSandbox[];
  #armed: Armed[] = [];

  constructor(providers: readonly ProviderSandbox[]) {
    this.#providers = providers;
  }

  /** Arms a fault: once unless `times` says otherwise; a hanging or truncated answer has its effect unless `after` is false. */
  arm(fault: NewFault): Fault {
    const whole: Fault = {
      ...fault,
      times: fault.times ?? 1,
      after: fault.after ?? (fault.effect === 'hang' || fault.effect === 'truncate'),
    };
    this.#armed.push({ fault: whole, left: whole.times });
    return whole;
  }

  list(): (Fault & { left: number })[] {
    return this.#armed.map(({ fault, left }) => ({ ...fault, left }));
  }

  clear(): void {
    this.#armed = [];
  }

  /** Stands between the network and the providers' endpoints. */
  register(app: FastifyInstance): void {
    const late = new WeakMap<FastifyRequest, FaultEffect>();
    app.addHook('onRequest', async (request, reply) => {
      const fault = this.#take(request);
      if (fault === undefined) return;
      if (fault.after) late.set(request, fault.effect);
      else return strike(fault.effect, reply, '');
    });
    app.addHook('onSend', async (request, reply, payload) => {
      const effect = late.get(request);
      if (effect === undefined) return payload;
      late.delete(request);
      return strikeLate(effect, reply, String(payload ?? ''));
    });
  }

  #take(request: FastifyRequest): Fault | undefined {
    const path = request.url.split('?', 1)[0] ?? '';
    const provider = this.#providers.find((candidate) => candidate.owns(path))?.name;
    if (provider === undefined) return undefined;
    const armed = this.#armed.find(({ fault }) => fits(fault, provider, request.method, path));
    if (armed === undefined) return undefined;
    armed.left -= 1;
    if (armed.left <= 0) this.#armed = this.#armed.filter((other) => other !== armed);
    return armed.fault;
  }
}

function fits(fault: Fault, provider: string, method: string, path: string): boolean {
  if (fault.provider !== undefined && fault.provider.toLowerCase() !== provider) return false;
  if (fault.method !== undefined && fault.method.toUpperCase() !== method) return false;
  if (fault.path === undefined) return path.includes(API);
  if (!fault.path.includes('*')) return path.startsWith(fault.path);
  const pattern = fault.path.split('*').map((part) => part.replace(/[.+?^${}()|[\]\\]/g, '\\$&'));
  return new RegExp(`^${pattern.join('.*')}$`).test(path);
}

function strike(effect: FaultEffect, reply: FastifyReply, body: string): FastifyReply {
  if (effect === '500' || effect === '502' || effect === '429') {
    const answer = REFUSALS[effect];
    return reply.code(Number(effect)).type(answer.type).send(answer.body);
  }
  reply.hijack();
  cut(effect, reply, body);
  return reply;
}

/** In place of an answer that was about to be sent. One that is cut never ends. */
function strikeLate(
  effect: FaultEffect,
  reply: FastifyReply,
  body: string,
): string | Promise<never> {
  if (effect === '500' || effect === '502' || effect === '429') {
    const answer = REFUSALS[effect];
    reply.code(Number(effect)).type(answer.type).removeHeader('content-length');
    return answer.body;
  }
  cut(effect, reply, body);
  return new Promise<never>(() => {});
}

function cut(effect: 'hang' | 'reset' | 'truncate', reply: FastifyReply, body: string): void {
  const socket = reply.raw.socket;
  if (effect === 'reset') socket?.resetAndDestroy();
  if (effect !== 'truncate') return;
  const half = body.slice(0, Math.floor(body.length / 2)) || '{"object": ';
  reply.raw.writeHead(reply.statusCode, {
    'content-type': 'application/json',
    'content-length': Buffer.byteLength(body) + half.length + 1,
  });
  reply.raw.write(half, () => socket?.destroy());
}

const REFUSALS = {
  '500': {
    type: 'application/json',
    body: JSON.stringify({
      error: { type: 'api_error', message: 'An unknown error occurred (a fault of the sandbox).' },
    }),
  },
  '502': { type: 'text/html', body: '<html><body><h1>502 Bad Gateway</h1></body></html>' },
  '429': {
    type: 'application/json',
    body: JSON.stringify({
      error: {
        type: 'invalid_request_error',
        code: 'rate_limit',
        message: 'Too many requests (a fault of the sandbox).',
      },
    }),
  },
} as const;
