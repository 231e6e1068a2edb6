import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { startGateway, type TestGateway } from '../../support/gateway.ts';
import { ManualClock } from '../../support/manual-clock.ts';
import {
  CheckUsageDocument,
  DailyUsageDocument,
  UsagePeriodDocument,
  UsagePeriodsDocument,
} from '../../support/operations.generated.ts';
import { outcome, record, sql, used } from './given.ts';

const NOW = '2026-03-10T12:00:00Z';
const DAY_MS = 86_400_000;

let clock: ManualClock;
let gateway: TestGateway;

beforeAll(async () => {
  clock = new ManualClock(NOW);
  gateway = await startGateway({ clock });
});
afterAll(async () => {
  await gateway?.close();
});
beforeEach(() => clock.set(NOW));

describe('checkUsage', () => {
  it('tells what would happen, and counts nothing', async () => {
    const account = await gateway.createAccount();
    await record(account, { quantity: 900 });
    const check = async (quantity?: number) =>
      (await account.client.request(CheckUsageDocument, { metric: 'apiCalls', quantity }))
        .checkUsage;

    expect(await check()).toEqual({
      allowed: true,
      metric: 'apiCalls',
      current: 900,
      limit: { kind: 'FINITE', value: '1000' },
      remaining: 100,
      resetsAt: '2026-04-09T12:00:00.000Z',
      reason: null,
    });
    expect(await check(101)).toMatchObject({ allowed: false, reason: 'USAGE_LIMIT_EXCEEDED' });
    expect(await used(account)).toBe(900);
  });

  it('needs the scope usage:record of an agent key', async () => {
    const account = await gateway.createAccount();
    const ask = async (scopes: string[]) => {
      const { createApiKey } = await account.client.query<{ createApiKey: { secret: string } }>(
        'mutation ($input: CreateApiKeyInput!) { createApiKey(input: $input) { secret } }',
        { input: { kind: 'AGENT', name: 'agent', scopes } },
      );
      return gateway.as(createApiKey.secret).send(CheckUsageDocument, { metric: 'apiCalls' });
    };
    expect((await ask(['usage:record'])).data?.checkUsage.allowed).toBe(true);
    expect((await ask(['billing:read'])).errors[0]?.extensions.code).toBe('MASTER_KEY_REQUIRED');
  });
});

describe('dailyUsage', () => {
  it('is 30 days, newest first and zero-filled, in the zone of the account', async () => {
    const account = await gateway.createAccount({ timeZone: 'Pacific/Apia' });
    await record(account, { quantity: 4 });
    const { account: found } = await account.client.request(DailyUsageDocument, {
      metric: 'apiCalls',
    });
    const days = found?.dailyUsage ?? [];
    expect(days).toHaveLength(30);
    expect(days[0]).toEqual({ date: '2026-03-11', count: 4 });
    expect(days.slice(1).every(({ count }) => count === 0)).toBe(true);
    expect(days.at(-1)?.date).toBe('2026-02-10');
  });

  it.each([0, 367])('refuses %i days', async (days) => {
    const account = await gateway.createAccount();
    const { errors } = await account.client.send(DailyUsageDocument, { metric: 'apiCalls', days });
    expect(errors[0]?.extensions).toMatchObject({ code: 'BAD_USER_INPUT', field: 'days' });
  });
});

describe('usagePeriod', () => {
  it('is the trial first, with a counter for each metric of the catalogue', async () => {
    const account = await gateway.createAccount({ timeZone: 'Asia/Kathmandu' });
    const { account: found } = await account.client.request(UsagePeriodDocument, {});
    expect(found?.usagePeriod).toMatchObject({
      label: '2026-03',
      start: clock.now().toISOString(),
      daysRemaining: 30,
    });
    expect(found?.usagePeriod.counters.map(({ metric, used: count }) => [metric, count])).toEqual([
      ['apiCalls', 0],
      ['llmTokens', 0],
      ['storage', 0],
      ['actions', 0],
    ]);
  });

  it('pages through all periods since the account began, the present one first', async () => {
    const account = await gateway.createAccount();
    await record(account, { quantity: 5 });
    clock.advance(100 * DAY_MS);
    const page = async (first: number, after?: string | null) =>
      (await account.client.request(UsagePeriodsDocument, { first, after })).account?.usagePeriods;
    const one = await page(3);
    const two = await page(3, one?.pageInfo.endCursor);

    expect(one?.totalCount).toBe(5);
    expect([one?.pageInfo.hasNextPage, two?.pageInfo.hasNextPage]).toEqual([true, false]);
    const all = [...(one?.nodes ?? []), ...(two?.nodes ?? [])];
    expect(all.map(({ label }) => label)).toEqual([
      '2026-06',
      '2026-05',
      '2026-04',
      '2026-04',
      '2026-03',
    ]);
    all.slice(1).forEach(({ end }, index) => {
      expect(end).toBe(all[index]?.start);
    });
    expect(all.at(-1)?.counters[0]?.used).toBe(5);
  });

  it('follows the account to another zone without losing what was counted', async () => {
    const account = await gateway.createAccount();
    clock.advance(45 * DAY_MS);
    await record(account, { quantity: 6 });
    await sql(gateway, 'update account set time_zone = $2 where id = $1', [
      account.id,
      'Australia/Lord_Howe',
    ]);
    expect(outcome(await record(account))).toBe(7);
    expect(await used(account)).toBe(7);
  });
});
