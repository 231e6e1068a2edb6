import { randomUUID } from 'node:crypto';
import { request } from 'node:http';
import { type FastifyInstance, fastify } from 'fastify';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { webhookRoute } from '../../src/edge/webhook-route.ts';
import { inboxTasks } from '../../src/inbox/inbox.jobs.ts';
import type { Inbox } from '../../src/inbox/inbox.ts';
import { JobRunner } from '../../src/jobs/job-runner.ts';
import type { Database } from '../../src/platform/database/database.ts';
import { Metrics } from '../../src/platform/metrics.ts';
import {
  always,
  connect,
  effects,
  type InboxDatabase,
  inboxDatabase,
  inboxOn,
  leaveEffect,
  rowOf,
  signatureOf,
  silent,
  stripe,
  subscriptionUpdated,
  workerOn,
} from '../inbox/given.ts';
import { createTestDatabase } from '../support/postgres.ts';

const SECRET_WORD = 'never-to-be-echoed';

let world: InboxDatabase;
let databases: Database[];
let doors: Door[];

beforeAll(async () => {
  world = await inboxDatabase();
  databases = [world.database, await connect(world.files.appUrl)];
  doors = await Promise.all(databases.map((database) => openDoor(inboxOn(database))));
});

afterAll(async () => {
  await Promise.all((doors ?? []).map((door) => door.server.close()));
  await databases?.[1]?.close();
  await world?.close();
});

interface Door {
  readonly server: FastifyInstance;
  readonly url: string;
}

/** The route on a server that has JSON routes of its own beside it, as the gateway has. */
async function openDoor(inbox: Inbox): Promise<Door> {
  const server = fastify({ genReqId: () => randomUUID() });
  server.post('/echo', async ({ body }) => body);
  await server.register(
    webhookRoute({
      providers: new Map([['STRIPE', stripe]]),
      inbox,
      logger: silent,
      metrics: new Metrics(),
    }),
  );
  const url = await server.listen({ host: '127.0.0.1', port: 0 });
  return { server, url };
}

function deliver(
  body: string | Buffer,
  headers: Record<string, string> = {},
  door = doors[0] as Door,
): Promise<Response> {
  return fetch(`${door.url}/webhooks/stripe`, {
    method: 'POST',
    body: new Uint8Array(Buffer.from(body)),
    headers: {
      'content-type': 'application/json; charset=utf-8',
      'stripe-signature': signatureOf(body),
      ...headers,
    },
  });
}

async function expectProblem(response: Response, status: number): Promise<void> {
  const text = await response.text();
  expect(response.status).toBe(status);
  expect(response.headers.get('content-type')).toMatch(/^application\/problem\+json/);
  expect(JSON.parse(text)).toEqual({
    type: 'about:blank',
    title: expect.any(String),
    status,
    detail: expect.any(String),
  });
  expect(text).not.toContain(SECRET_WORD);
  expect(text).not.toMatch(/\bat .*\.(ts|js):\d/);
}

async function stored(): Promise<number> {
  const { rows } = await world.database.pool.query('select 1 from webhook_event');
  return rows.length;
}

const event = (overrides: object = {}) =>
  JSON.stringify(subscriptionUpdated(undefined, { note: SECRET_WORD, ...overrides }));

describe('a signed webhook', () => {
  it('is answered when it is stored', async () => {
    const id = `evt_${randomUUID()}`;

    const response = await deliver(event({ id }));

    expect(response.status).toBe(200);
    expect(await response.json()).toEqual({ received: true });
    expect(await rowOf(world.database, id)).toMatchObject({ status: 'RECEIVED' });
  });

  it('is checked on the bytes that came: spaces and escapes are not tidied up', async () => {
    const body = JSON.stringify(subscriptionUpdated(), null, 4).replace('sub_of', '\\u0073ub_of');

    expect((await deliver(body)).status).toBe(200);
  });

  it('may have 256 KiB', async () => {
    const frame = event({ padding: '' }).length;
    const body = event({ padding: 'x'.repeat(262_144 - frame) });

    expect(Buffer.byteLength(body)).toBe(262_144);
    expect((await deliver(body)).status).toBe(200);
  });

  it('leaves the other routes their JSON parser', async () => {
    const response = await fetch(`${doors[0]?.url}/echo`, {
      method: 'POST',
      body: '{"a":1}',
      headers: { 'content-type': 'application/json' },
    });

    expect(await response.json()).toEqual({ a: 1 });
  });
});

describe('what is refused', () => {
  const signed = (body: string | Buffer) => ({ 'stripe-signature': signatureOf(body) });
  const oneByteOff = (body: string) => body.replace('cus_1', 'cus_2');

  it.each<[string, number, () => { body: string | Buffer; headers?: Record<string, string> }]>([
    ['an unsigned body', 400, () => ({ body: event(), headers: { 'stripe-signature': '' } })],
    [
      'another secret',
      400,
      () => {
        const body = event();
        return { body, headers: { 'stripe-signature': signatureOf(body, Date.now(), 'whsec_x') } };
      },
    ],
    [
      'an altered body',
      400,
      () => {
        const body = event();
        return { body: oneByteOff(body), headers: signed(body) };
      },
    ],
    [
      'an old signature',
      400,
      () => {
        const body = event();
        return { body, headers: { 'stripe-signature': signatureOf(body, Date.now() - 301_000) } };
      },
    ],
    [
      'a signature from the future',
      400,
      () => {
        const body = event();
        return { body, headers: { 'stripe-signature': signatureOf(body, Date.now() + 120_000) } };
      },
    ],
    ['a body that is not JSON', 400, () => ({ body: `{"${SECRET_WORD}"` })],
    ['null', 400, () => ({ body: 'null' })],
    ['an empty body', 400, () => ({ body: '' })],
    ['a list', 400, () => ({ body: `["${SECRET_WORD}"]` })],
    ['bytes that are not UTF-8', 400, () => ({ body: Buffer.from([0x7b, 0xff, 0xfe, 0x7d]) })],
    [
      'a thin event',
      400,
      () => ({
        body: JSON.stringify({
          id: 'evt_thin',
          object: 'v2.core.event',
          type: 'v1.x',
          livemode: false,
        }),
      }),
    ],
    ['an event of the live mode', 400, () => ({ body: event({ livemode: true }) })],
    ['an id that no column can hold', 400, () => ({ body: event({ id: 'evt\0' }) })],
    [
      'a form',
      415,
      () => ({
        body: event(),
        headers: { 'content-type': 'application/x-www-form-urlencoded' },
      }),
    ],
    ['plain text', 415, () => ({ body: event(), headers: { 'content-type': 'text/plain' } })],
    ['a body of 256 KiB and a byte', 413, () => ({ body: `"${'x'.repeat(262_143)}"` })],
  ])('%s (%i)', async (_what, status, given) => {
    const before = await stored();
    const { body, headers } = given();

    await expectProblem(await deliver(body, headers), status);

    expect(await stored()).toBe(before);
  });

  it('a body without a type (415)', async () => {
    await expectProblem(await deliver(event(), { 'content-type': '' }), 415);
  });

  it('a body that grows past the limit without saying so (413)', async () => {
    const { port } = new URL(doors[0]?.url ?? '');
    const status = await new Promise<number | undefined>((resolve, reject) => {
      const sending = request(
        {
          port,
          path: '/webhooks/stripe',
          method: 'POST',
          headers: { 'content-type': 'application/json' },
        },
        (response) => {
          response.resume();
          resolve(response.statusCode);
          sending.destroy();
        },
      );
      sending.on('error', reject);
      for (let part = 0; part < 5; part += 1) sending.write('x'.repeat(65_536));
    });

    expect(status).toBe(413);
  });

  it('a provider that is not set up (404)', async () => {
    const response = await fetch(`${doors[0]?.url}/webhooks/creem`, {
      method: 'POST',
      body: event(),
      headers: { 'content-type': 'application/json' },
    });

    expect(response.status).toBe(404);
  });

  it('everything while the database is away (503)', async () => {
    const files = await createTestDatabase();
    const database = await connect(files.appUrl);
    const door = await openDoor(inboxOn(database));
    expect((await deliver(event(), {}, door)).status).toBe(200);

    await files.drop();
    await expectProblem(await deliver(event(), {}, door), 503);

    await door.server.close();
    await database.close();
  });
});

describe('copies of one webhook', () => {
  it.each([
    ['fifty, one after another', 50, 1],
    ['32 at once', 32, 32],
  ])('%s, at two gateways, are all answered 200 and applied once', async (_how, count, atOnce) => {
    const body = event();
    const { id } = JSON.parse(body) as { id: string };
    const runners = databases.map(
      (database) =>
        new JobRunner({
          url: world.files.appUrl,
          database,
          logger: silent,
          tasks: inboxTasks(
            inboxOn(database),
            workerOn(
              database,
              always(async (what) => leaveEffect(what)),
            ),
          ),
          crontab: [],
        }),
    );
    await Promise.all(runners.map((runner) => runner.start()));

    const statuses: number[] = [];
    for (let sent = 0; sent < count; sent += atOnce) {
      const answers = await Promise.all(
        Array.from({ length: atOnce }, (_, n) => deliver(body, {}, doors[(sent + n) % 2])),
      );
      statuses.push(...answers.map((answer) => answer.status));
    }
    await runners[0]?.whenIdle();
    await Promise.all(runners.map((runner) => runner.stop()));

    expect(statuses).toEqual(Array.from({ length: count }, () => 200));
    expect(await rowOf(world.database, id)).toMatchObject({ status: 'PROCESSED' });
    expect(await effects(world.database, idOfSubscription(body))).toBe(1);
  });
});

function idOfSubscription(body: string): string {
  return (JSON.parse(body) as { data: { object: { id: string } } }).data.object.id;
}
