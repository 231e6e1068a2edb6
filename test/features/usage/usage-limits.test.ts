import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { startGateway, type TestGateway } from '../../support/gateway.ts';
import { ManualClock } from '../../support/manual-clock.ts';
import {
  CheckUsageDocument,
  DailyUsageDocument,
  RecordUsageDocument,
  UsagePeriodsDocument,
} from '../../support/operations.generated.ts';
import { become, event, outcome, record, sql, statusOf, subscribe, used } from './given.ts';

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

describe('a limit', () => {
  it('that is soft counts on, and flags it', async () => {
    const account = await gateway.createAccount();
    await subscribe(gateway, account.id, 'pro');
    expect(await record(account, { metric: 'llmTokens', quantity: 5_000_001 })).toMatchObject({
      counter: { used: 5_000_001, remaining: 0, overLimit: true },
    });
  });

  it.each([
    ['apiCalls', 'UNLIMITED'],
    ['storage', 'CUSTOM'],
  ])('of the plan max on %s is %s and admits everything', async (metric, kind) => {
    const account = await gateway.createAccount();
    await subscribe(gateway, account.id, 'max');
    expect(await record(account, { metric, quantity: 1_000_000_000 })).toMatchObject({
      counter: { limit: { kind, value: null }, remaining: null, overLimit: false },
    });
  });

  it("is the new plan's as soon as the subscription is known, at every gateway", async () => {
    const account = await gateway.createAccount();
    await record(account, { quantity: 1000 });
    await neighbour.as(account.masterKey).request(RecordUsageDocument, {
      input: event({ metric: 'llmTokens' }),
    });
    expect(outcome(await record(account))).toBe('USAGE_LIMIT_EXCEEDED');

    await subscribe(gateway, account.id, 'pro');

    const { recordUsage } = await neighbour
      .as(account.masterKey)
      .request(RecordUsageDocument, { input: event() });
    expect(recordUsage).toMatchObject({ counter: { limit: { value: '50000' } } });
  });

  it("during the trial is the trial's own, and who passes it tells the lifecycle", async () => {
    const account = await gateway.createAccount();
    expect(outcome(await record(account, { metric: 'actions', quantity: 1000 }))).toBe(1000);
    expect(outcome(await record(account, { metric: 'actions' }))).toBe('USAGE_LIMIT_EXCEEDED');
    expect(await statusOf(gateway, account)).toBe('READONLY');

    clock.advance(1);
    expect(outcome(await record(account, { metric: 'actions' }))).toBe(1);
  });

  it('of a plan during the trial holds for the other metrics, and ends nothing', async () => {
    const account = await gateway.createAccount();
    expect(outcome(await record(account, { quantity: 1001 }))).toBe('USAGE_LIMIT_EXCEEDED');
    expect(await statusOf(gateway, account)).toBe('TRIAL');
  });
});

describe('a status', () => {
  it.each(['SUSPENDED', 'DELETED'])(
    '%s forbids to count, at once and everywhere',
    async (status) => {
      const account = await gateway.createAccount();
      const elsewhere = neighbour.as(account.masterKey);
      await elsewhere.request(RecordUsageDocument, { input: event() });

      await become(gateway, account.id, status);

      const { recordUsage } = await elsewhere.request(RecordUsageDocument, { input: event() });
      expect(recordUsage).toMatchObject({ code: 'ACCOUNT_BLOCKED', status });
      expect(await used(account)).toBe(1);
    },
  );

  it('forbids from the instant on that it is to end at, though no job has run', async () => {
    const account = await gateway.createAccount();
    await sql(gateway, 'update account set blocked_at = $2 where id = $1', [
      account.id,
      clock.now(),
    ]);
    expect(outcome(await record(account))).toBe('ACCOUNT_BLOCKED');
    const { checkUsage } = await account.client.request(CheckUsageDocument, { metric: 'apiCalls' });
    expect(checkUsage).toMatchObject({ allowed: false, reason: 'ACCOUNT_BLOCKED' });
  });
});

describe('a level', () => {
  it('goes up and down, not below zero, and not past its limit', async () => {
    const account = await gateway.createAccount();
    const storage = (quantity: number) => record(account, { metric: 'storage', quantity });
    expect(outcome(await storage(60))).toBe(60);
    expect(outcome(await storage(-20))).toBe(40);
    expect(outcome(await storage(61))).toBe('USAGE_LIMIT_EXCEEDED');
    const { errors } = await account.client.send(RecordUsageDocument, {
      input: event({ metric: 'storage', quantity: -41 }),
    });
    expect(errors[0]?.message).toMatch(/below zero: it stands at 40/);
    expect(await storage(60)).toMatchObject({
      counter: { used: 100, kind: 'LEVEL', resetsAt: null },
    });
  });

  it('carries over to the next periods, and a late event moves those it has passed', async () => {
    const account = await gateway.createAccount();
    const start = clock.now();
    await record(account, { metric: 'storage', quantity: 10 });
    clock.advance(35 * DAY_MS);
    expect(await used(account, 'storage')).toBe(10);
    await record(account, { metric: 'storage', quantity: 5 });
    await record(account, { metric: 'storage', quantity: 3, occurredAt: start });

    const { account: found } = await account.client.request(UsagePeriodsDocument, {});
    const levels = found?.usagePeriods.nodes.map(
      ({ counters }) => counters.find(({ metric }) => metric === 'storage')?.used,
    );
    expect(levels?.[0]).toBe(18);
    expect(levels?.at(-1)).toBe(13);
  });
});

describe('a late event', () => {
  it('counts in its own period and on its own day, and is held to the limit of that period', async () => {
    const account = await gateway.createAccount({ timeZone: 'America/New_York' });
    const created = clock.now();
    await record(account, { quantity: 999 });
    clock.advance(34 * DAY_MS);
    const late = (quantity: number) => record(account, { quantity, occurredAt: created });

    expect(outcome(await record(account, { quantity: 7 }))).toBe(7);
    expect(outcome(await late(2))).toBe('USAGE_LIMIT_EXCEEDED');
    expect(outcome(await late(1))).toBe(1000);

    expect(await used(account)).toBe(7);
    const { account: found } = await account.client.request(DailyUsageDocument, {
      metric: 'apiCalls',
      days: 40,
    });
    const days = found?.dailyUsage.filter(({ count }) => count > 0);
    expect(days).toEqual([
      { date: '2026-04-13', count: 7 },
      { date: '2026-03-10', count: 1000 },
    ]);
  });

  it('that is repeated later still answers with its own period', async () => {
    const account = await gateway.createAccount();
    await record(account, { quantity: 3, idempotencyKey: 'then' });
    clock.advance(60 * DAY_MS);
    expect(outcome(await record(account, { quantity: 3, idempotencyKey: 'then' }))).toBe(3);
    expect(await used(account)).toBe(0);
  });
});
