import type { FastifyInstance, FastifyRequest } from 'fastify';
import type { NewFault } from './faults.ts';
import type { PaymentReversalOrder } from './provider-sandbox.ts';
import type { WebhookFlow } from './webhook-outbox.ts';

/** What the control door can turn. */
export interface Controls {
  readonly providers: readonly string[];
  readonly faults: {
    arm(fault: NewFault): unknown;
    list(): unknown;
    clear(): void;
  };
  readonly webhooks: {
    flow(): WebhookFlow;
    setFlow(flow: Partial<WebhookFlow>): void;
    release(): number;
  };
  /** Ends a payment that is on its way; answers its checkout, or undefined when there is none. */
  settlePayment(checkoutId: string, outcome: 'succeed' | 'fail'): object | undefined;
  /** Refunds or disputes a payment, or ends that; answers what came of it, or undefined when that cannot be done. */
  reversePayment(order: PaymentReversalOrder): object | undefined;
  /** Moves domain time forward, letting everything happen that falls due on the way. */
  moveClock(to: Date): void;
  clock(): { now: string; offsetMs: number; nextDueAt: string | null };
  books(): Record<string, unknown>;
}

const FAULT = {
  type: 'object',
  required: ['effect'],
  additionalProperties: false,
  properties: {
    provider: { type: 'string' },
    method: { type: 'string' },
    path: { type: 'string' },
    times: { type: 'integer', minimum: 1 },
    after: { type: 'boolean' },
    effect: { type: 'string', enum: ['hang', '500', '502', '429', 'reset', 'truncate'] },
  },
} as const;

const FLOW = {
  type: 'object',
  additionalProperties: false,
  properties: {
    mode: { type: 'string', enum: ['deliver', 'hold', 'drop'] },
    dropShare: { type: 'number', minimum: 0, maximum: 1 },
    dropTypes: { type: 'array', items: { type: 'string' } },
    duplicates: { type: 'number', minimum: 0, maximum: 100 },
    shuffle: { type: 'boolean' },
  },
} as const;

const PAYMENT = {
  type: 'object',
  required: ['checkout', 'outcome'],
  additionalProperties: false,
  properties: {
    checkout: { type: 'string' },
    outcome: { type: 'string', enum: ['succeed', 'fail'] },
  },
} as const;

const REVERSAL = {
  type: 'object',
  required: ['payment', 'action'],
  additionalProperties: false,
  properties: {
    payment: { type: 'string' },
    action: {
      type: 'string',
      enum: ['refund', 'failRefund', 'dispute', 'winDispute', 'loseDispute'],
    },
    amount: { type: 'integer', minimum: 1 },
  },
} as const;

const CLOCK = {
  type: 'object',
  required: ['to'],
  additionalProperties: false,
  properties: { to: { type: 'string' } },
} as const;

/** A clock that another process keeps is never exactly ours: so much earlier is taken for now. */
const SLACK_MS = 60_000;

/** The door through which tests and an administrator's tools steer the sandbox. For this machine only. */
export function registerControlDoor(app: FastifyInstance, controls: Controls): void {
  app.addHook('onRequest', async (request, reply) => {
    if (fromThisMachine(request)) return;
    return reply
      .code(403)
      .send({ error: { message: 'The control door is for this machine only.' } });
  });
  app.post<{ Body: NewFault }>(
    '/_control/faults',
    { schema: { body: FAULT } },
    (request, reply) => {
      const { provider } = request.body;
      if (provider !== undefined && !controls.providers.includes(provider.toLowerCase())) {
        return reply.code(400).send({ error: { message: `No such provider: ${provider}` } });
      }
      return reply.send(controls.faults.arm(request.body));
    },
  );
  app.get('/_control/faults', () => ({ faults: controls.faults.list() }));
  app.delete('/_control/faults', () => {
    controls.faults.clear();
    return { faults: [] };
  });
  app.post<{ Body: Partial<WebhookFlow> }>(
    '/_control/webhooks',
    { schema: { body: FLOW } },
    (request) => {
      controls.webhooks.setFlow(request.body);
      return controls.webhooks.flow();
    },
  );
  app.post('/_control/webhooks/release', () => ({ released: controls.webhooks.release() }));
  app.post<{ Body: { checkout: string; outcome: 'succeed' | 'fail' } }>(
    '/_control/payments',
    { schema: { body: PAYMENT } },
    (request, reply) => {
      const settled = controls.settlePayment(request.body.checkout, request.body.outcome);
      if (settled !== undefined) return reply.send(settled);
      return reply.code(400).send({ error: { message: 'This checkout waits for no payment.' } });
    },
  );
  app.post<{ Body: PaymentReversalOrder }>(
    '/_control/reversals',
    { schema: { body: REVERSAL } },
    (request, reply) => {
      const reversed = controls.reversePayment(request.body);
      if (reversed !== undefined) return reply.send(reversed);
      return reply.code(400).send({ error: { message: 'This cannot be done to that payment.' } });
    },
  );
  app.get('/_control/clock', () => controls.clock());
  app.post<{ Body: { to: string } }>(
    '/_control/clock',
    { schema: { body: CLOCK } },
    (request, reply) => {
      const to = new Date(request.body.to);
      if (Number.isNaN(to.getTime())) {
        return reply.code(400).send({ error: { message: 'to is not an instant.' } });
      }
      if (to.getTime() < Date.parse(controls.clock().now) - SLACK_MS) {
        return reply.code(400).send({ error: { message: 'Time only moves forward.' } });
      }
      controls.moveClock(to);
      return reply.send(controls.clock());
    },
  );
  app.get('/_control/books', () => controls.books());
}

/** A page on another site can make a browser on this machine send requests: its host name or origin betrays it. */
function fromThisMachine(request: FastifyRequest): boolean {
  const address = request.socket.remoteAddress ?? '';
  const origin = request.headers.origin;
  return (
    /^(::ffff:)?127\.|^::1$/.test(address) &&
    isLoopbackUrl(`http://${request.headers.host ?? ''}`) &&
    (origin === undefined || isLoopbackUrl(origin))
  );
}

function isLoopbackUrl(text: string): boolean {
  if (!URL.canParse(text)) return false;
  return /^(localhost|127(\.\d+){3}|\[::1\])$/.test(new URL(text).hostname);
}
