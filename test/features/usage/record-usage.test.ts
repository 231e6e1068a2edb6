import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { startGateway, type TestGateway } from '../../support/gateway.ts';
import { ManualClock } from '../../support/manual-clock.ts';
import {
  RecordUsageBatchDocument,
  RecordUsageDocument,
} from '../../support/operations.generated.ts';
import { event, outcome, record, subscribe, used } from './given.ts';

const NOW = '2026-03-10T12:00:00Z';
const DAY_MS = 86_400_000;

let clock: ManualClock;
let gateway: TestGateway;
let neighbour: TestGateway;

beforeAll(async () => {
  clock = new ManualClock(NOW);
  gateway = await startGateway({ clock });
  neighbour = await startGateway({ clock, database: gateway.database });
});
afterAll(async () => {
  await neighbour?.close();
  await gateway?.close();
});
beforeEach(() => clock.set(NOW));

const daysAgo = (days: number) => new Date(clock.now().getTime() - days * DAY_MS);

describe('recordUsage', () => {
  it('counts an event in the present period, against the limit of the default plan', async () => {
    const account = await gateway.createAccount();
    await record(account, { quantity: 40 });

    expect(await record(account, { quantity: 2 })).toMatchObject({
      counter: {
        metric: 'apiCalls',
        kind: 'COUNTER',
        used: 42,
        limit: { kind: 'FINITE', value: '1000' },
        remaining: 958,
        overLimit: false,
        resetsAt: '2026-04-09T12:00:00.000Z',
      },
    });
    expect(await used(account)).toBe(42);
  });

  it('refuses whole what would pass a hard limit, and tells what it would have become', async () => {
    const account = await gateway.createAccount();
    await record(account, { quantity: 990 });

    const refused = await record(account, { quantity: 11 });

    expect(refused).toMatchObject({
      __typename: 'UsageLimitExceeded',
      code: 'USAGE_LIMIT_EXCEEDED',
      metric: 'apiCalls',
      current: 1001,
      limit: 1000,
      resetsAt: '2026-04-09T12:00:00.000Z',
      httpStatus: 402,
    });
    expect(outcome(await record(account, { quantity: 10 }))).toBe(1000);
  });

  it('counts exactly what is left when 200 events arrive at once at two gateways', async () => {
    const account = await gateway.createAccount();
    await record(account, { quantity: 900 });
    const clients = [account.client, neighbour.as(account.masterKey)];

    const outcomes = await Promise.all(
      Array.from({ length: 200 }, async (_, n) => {
        const client = clients[n % 2] ?? account.client;
        const { recordUsage } = await client.request(RecordUsageDocument, { input: event() });
        return outcome(recordUsage);
      }),
    );

    const counted = outcomes.filter((found) => typeof found === 'number');
    expect(counted.toSorted((a, b) => a - b)).toEqual(
      Array.from({ length: 100 }, (_, n) => 901 + n),
    );
    expect(outcomes.filter((found) => found === 'USAGE_LIMIT_EXCEEDED')).toHaveLength(100);
    expect(await used(account)).toBe(1000);
  });

  it('counts one key once, however often and wherever it arrives', async () => {
    const account = await gateway.createAccount();
    const input = event({ quantity: 5 });
    const clients = [account.client, neighbour.as(account.masterKey)];

    const answers = await Promise.all(
      Array.from({ length: 40 }, (_, n) => clients[n % 2]?.request(RecordUsageDocument, { input })),
    );

    expect(answers.map((answer) => answer && outcome(answer.recordUsage))).toEqual(
      Array.from({ length: 40 }, () => 5),
    );
    expect(await used(account)).toBe(5);
  });

  it('refuses a key that comes again with other input', async () => {
    const account = await gateway.createAccount();
    await record(account, { idempotencyKey: 'once' });
    for (const other of [{ quantity: 2 }, { metric: 'llmTokens' }, { occurredAt: daysAgo(1) }]) {
      expect(await record(account, { idempotencyKey: 'once', ...other })).toMatchObject({
        code: 'IDEMPOTENCY_CONFLICT',
        idempotencyKey: 'once',
      });
    }
    expect(await used(account)).toBe(1);
  });

  it('forgets a refusal: its key may be tried again', async () => {
    const account = await gateway.createAccount();
    const input = { quantity: 1001, idempotencyKey: 'too-many' };
    expect(outcome(await record(account, input))).toBe('USAGE_LIMIT_EXCEEDED');
    expect(outcome(await record(account, { ...input, quantity: 7 }))).toBe(7);
  });

  it.each<[string, object, RegExp]>([
    ['an unknown metric', { metric: 'apicalls' }, /^metric .*apiCalls, llmTokens/],
    ['zero', { quantity: 0 }, /^quantity must not be zero/],
    ['a negative count on a counter', { quantity: -1 }, /^quantity must be more than zero/],
    ['an empty key', { idempotencyKey: ' ' }, /^idempotencyKey/],
    ['a key that is too long', { idempotencyKey: 'k'.repeat(256) }, /^idempotencyKey/],
    ['an event of 36 days ago', { occurredAt: '2026-02-02T12:00:00Z' }, /^occurredAt .*35 days/],
    ['an event of long ago', { occurredAt: '0001-01-01T00:00:00Z' }, /^occurredAt .*35 days/],
    ['an event 6 minutes ahead', { occurredAt: '2026-03-10T12:06:00Z' }, /^occurredAt .*5 minutes/],
    ['an event of the far future', { occurredAt: '9999-12-31T23:59:59Z' }, /^occurredAt/],
    ['more than JSON can say', { quantity: 2 ** 53 }, /2\^53|safe|9007199254740992/i],
    ['half an event', { quantity: 0.5 }, /quantity|integer/i],
  ])('refuses %s', async (_what, given, message) => {
    const account = await gateway.createAccount();
    const { errors } = await account.client.send(RecordUsageDocument, {
      input: { ...event(), ...given },
    });
    expect(errors[0]?.extensions.code).toBe('BAD_USER_INPUT');
    expect(errors[0]?.message).toMatch(message);
    expect(await used(account)).toBe(0);
  });

  it('refuses an account with a zone that does not exist', async () => {
    await expect(gateway.createAccount({ timeZone: 'Mars/Olympus_Mons' })).rejects.toThrow(
      /BAD_USER_INPUT/,
    );
  });

  it('keeps an unlimited count within what JSON can say', async () => {
    const account = await gateway.createAccount();
    await subscribe(gateway, account.id, 'max');
    const most = Number.MAX_SAFE_INTEGER;
    expect(outcome(await record(account, { quantity: most }))).toBe(most);
    const { errors } = await account.client.send(RecordUsageDocument, { input: event() });
    expect(errors[0]?.extensions).toMatchObject({ code: 'BAD_USER_INPUT', field: 'quantity' });
  });

  it("looks like a missing account to somebody else's key", async () => {
    const [mine, theirs] = [await gateway.createAccount(), await gateway.createAccount()];
    const { errors } = await mine.client.send(RecordUsageDocument, {
      input: { ...event(), accountId: theirs.id },
    });
    expect(errors[0]?.extensions.code).toBe('NOT_FOUND');
    const missing = await gateway.admin.send(RecordUsageDocument, {
      input: { ...event(), accountId: randomUUID() },
    });
    expect(missing.errors[0]?.extensions.code).toBe('NOT_FOUND');
  });
});

describe('recordUsageBatch', () => {
  it('gives each event its own outcome', async () => {
    const account = await gateway.createAccount();
    const { recordUsageBatch } = await account.client.request(RecordUsageBatchDocument, {
      input: {
        events: [
          event({ quantity: 600, idempotencyKey: 'a' }),
          event({ metric: 'unknown' }),
          event({ quantity: 500 }),
          event({ quantity: 600, idempotencyKey: 'a' }),
          event({ quantity: 1, idempotencyKey: 'a' }),
          event({ quantity: -1 }),
          event({ quantity: 400 }),
        ],
      },
    });
    expect(recordUsageBatch.results.map(outcome)).toEqual([
      600,
      'BAD_USER_INPUT',
      'USAGE_LIMIT_EXCEEDED',
      expect.toSatisfy((found) => found === 600 || found === 1000),
      'IDEMPOTENCY_CONFLICT',
      'BAD_USER_INPUT',
      1000,
    ]);
    expect(recordUsageBatch.results[1]).toMatchObject({
      __typename: 'InvalidUsageEvent',
      field: 'metric',
    });
  });

  it('takes 500 events, and refuses 501 and none', async () => {
    const account = await gateway.createAccount();
    const send = (count: number) =>
      account.client.send(RecordUsageBatchDocument, {
        input: { events: Array.from({ length: count }, () => event()) },
      });
    expect((await send(500)).data?.recordUsageBatch.results).toHaveLength(500);
    for (const count of [501, 0]) {
      expect((await send(count)).errors[0]?.extensions).toMatchObject({
        code: 'BAD_USER_INPUT',
        field: 'events',
      });
    }
    expect(await used(account)).toBe(500);
  });
});
