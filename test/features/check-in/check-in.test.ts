import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { startGateway, type TestAccount, type TestGateway } from '../../support/gateway.ts';
import { ManualClock } from '../../support/manual-clock.ts';
import {
  CheckInConfigDocument,
  CheckInDocument,
  CheckInStatusDocument,
  CreateApiKeyDocument,
  UpdateCheckInConfigDocument,
} from '../../support/operations.generated.ts';

const DAY = 86_400_000;

describe('checking in', () => {
  const clock = new ManualClock('2026-03-01T12:00:00Z');
  let gateway: TestGateway;
  let second: TestGateway;
  beforeAll(async () => {
    gateway = await startGateway({ clock });
    second = await startGateway({ clock, database: gateway.database });
  });
  afterEach(async () => {
    await gateway.app.services.database.pool.query('delete from check_in_config');
  });
  afterAll(async () => {
    await second.close();
    await gateway.close();
  });

  it('gives the credits of the day, which expire when the settings say so', async () => {
    const account = await gateway.createAccount({ credits: '5' });
    const checked = await checkIn(account);
    expect(checked).toMatchObject({
      __typename: 'CheckInPayload',
      streak: 1,
      nextAt: '2026-03-02T00:00:00.000Z',
      transaction: {
        type: 'GRANT',
        amount: '1',
        balanceAfter: '6',
        allocations: [
          { amount: '1', grant: { source: 'CHECK_IN', expiresAt: '2026-03-31T12:00:00.000Z' } },
        ],
      },
      balance: { available: '6', promotionalCredits: expect.any(String) },
    });
    expect(await statusOf(account)).toEqual({
      checkedInToday: true,
      streak: 1,
      nextAt: '2026-03-02T00:00:00.000Z',
    });
  });

  it('is done once a day, and says when the next one is possible', async () => {
    const account = await gateway.createAccount({ timeZone: 'America/New_York' });
    expect(await statusOf(account)).toEqual({
      checkedInToday: false,
      streak: 0,
      nextAt: '2026-03-01T05:00:00.000Z',
    });
    await checkIn(account);
    expect(await checkIn(account)).toMatchObject({
      __typename: 'AlreadyCheckedIn',
      code: 'ALREADY_CHECKED_IN',
      nextAt: '2026-03-02T05:00:00.000Z',
    });
  });

  it('adds a bonus on the day on which the streak reaches it, and starts again after a missed day', async () => {
    const account = await gateway.createAccount();
    const given: [number, string][] = [];
    for (let day = 1; day <= 8; day += 1) {
      const checked = await mustCheckIn(account);
      given.push([checked.streak, checked.transaction.amount]);
      clock.advance(DAY);
    }
    expect(given).toEqual([
      [1, '1'],
      [2, '1'],
      [3, '1'],
      [4, '1'],
      [5, '1'],
      [6, '1'],
      [7, '4'],
      [8, '1'],
    ]);
    expect(await statusOf(account)).toMatchObject({ checkedInToday: false, streak: 8 });
    clock.advance(DAY);
    expect(await statusOf(account)).toMatchObject({ streak: 0 });
    expect(await mustCheckIn(account)).toMatchObject({ streak: 1 });
  });

  it.each([
    ['in the middle of a day', 'UTC', '2026-06-10T12:00:00Z'],
    ['in the last moment before midnight', 'Asia/Tokyo', '2026-06-11T14:59:59.999Z'],
    ['in the hour that daylight saving repeats', 'America/New_York', '2026-11-01T06:30:00Z'],
    ['on the day that daylight saving shortens', 'Africa/Cairo', '2026-04-23T22:00:00Z'],
  ])('happens exactly once when 50 come at once %s', async (_when, timeZone, now) => {
    clock.set(now);
    const account = await gateway.createAccount({ timeZone, credits: '0' });
    const clients = [account.client, second.as(account.masterKey)];
    const answers = await Promise.all(
      Array.from({ length: 50 }, (_, n) => checkInAs(clients[n % 2] as TestAccount['client'])),
    );
    const kinds = answers.map(({ __typename }) => __typename);
    expect(kinds.filter((kind) => kind === 'CheckInPayload')).toHaveLength(1);
    expect(kinds.filter((kind) => kind === 'AlreadyCheckedIn')).toHaveLength(49);
  });

  it('happens exactly twice when 50 come around midnight', async () => {
    clock.set('2026-06-10T23:59:59.999Z');
    const account = await gateway.createAccount();
    const before = Array.from({ length: 25 }, () => checkInAs(account.client));
    await Promise.race(before);
    clock.advance(1);
    const answers = await Promise.all([
      ...before,
      ...Array.from({ length: 25 }, () => checkInAs(account.client)),
    ]);
    const streaks = answers.flatMap((answer) =>
      answer.__typename === 'CheckInPayload' ? [answer.streak] : [],
    );
    expect(streaks.toSorted()).toEqual([1, 2]);
  });

  it('cannot be had twice by moving to another zone and back', async () => {
    clock.set('2026-06-10T20:00:00Z');
    const account = await gateway.createAccount({ timeZone: 'America/Los_Angeles' });
    await mustCheckIn(account);
    await moveTo(account, 'Asia/Tokyo');
    expect(await mustCheckIn(account)).toMatchObject({ streak: 2 });
    for (const timeZone of ['America/Los_Angeles', 'Asia/Tokyo', 'Pacific/Pago_Pago']) {
      await moveTo(account, timeZone);
      expect(await checkIn(account)).toMatchObject({ __typename: 'AlreadyCheckedIn' });
      expect(await statusOf(account)).toMatchObject({ checkedInToday: true, streak: 2 });
    }
  });

  it.each(['READONLY', 'SUSPENDED', 'DELETED'] as const)('stops in %s', async (status) => {
    const account = await gateway.createAccount();
    await gateway.app.services.database.pool.query('update account set status = $2 where id = $1', [
      account.id,
      status,
    ]);
    expect(await checkIn(account)).toMatchObject({ __typename: 'AccountBlocked', status });
    expect(await statusOf(account)).toMatchObject({ checkedInToday: false });
  });

  it('stops while it is switched off', async () => {
    const account = await gateway.createAccount();
    await configure({ enabled: false });
    expect(await checkIn(account)).toMatchObject({ __typename: 'NotAllowedNow' });
    await configure({ enabled: true });
    expect(await checkIn(account)).toMatchObject({ __typename: 'CheckInPayload' });
  });

  it('needs the master key, or an administrator who names the account', async () => {
    const account = await gateway.createAccount();
    const { createApiKey } = await account.client.request(CreateApiKeyDocument, {
      input: {
        kind: 'AGENT',
        name: 'Agent',
        scopes: ['billing:read', 'credits:spend', 'usage:record'],
      },
    });
    const agent = gateway.as(createApiKey.secret);
    const refused = await agent.send(CheckInDocument, { input: {} });
    expect(refused.errors[0]?.extensions.code).toBe('MASTER_KEY_REQUIRED');
    const stranger = await gateway.createAccount();
    const notTheirs = await stranger.client.send(CheckInDocument, {
      input: { accountId: account.id },
    });
    expect(notTheirs.errors[0]?.extensions.code).toBe('NOT_FOUND');
    const { checkIn: done } = await gateway.admin.request(CheckInDocument, {
      input: { accountId: account.id },
    });
    expect(done.__typename).toBe('CheckInPayload');
    const unknown = await gateway.admin.send(CheckInDocument, { input: { accountId: 'nobody' } });
    expect(unknown.errors[0]?.extensions.code).toBe('NOT_FOUND');
  });

  it('is set by the catalogue file, until an administrator sets it', async () => {
    const { checkInConfig } = await gateway.admin.request(CheckInConfigDocument);
    expect(checkInConfig).toEqual({
      enabled: true,
      credits: '1',
      streakBonuses: [
        { days: 7, credits: '3' },
        { days: 30, credits: '15' },
      ],
      expiresAfterDays: 30,
    });
    const changed = await configure({
      credits: '2.5',
      streakBonuses: [{ days: 1, credits: '0.5' }],
      expiresAfterDays: null,
    });
    expect(changed).toEqual({
      enabled: true,
      credits: '2.5',
      streakBonuses: [{ days: 1, credits: '0.5' }],
      expiresAfterDays: null,
    });
    const seen = await second.admin.request(CheckInConfigDocument);
    expect(seen.checkInConfig).toEqual(changed);
    const account = await gateway.createAccount();
    expect(await checkIn(account)).toMatchObject({
      transaction: { amount: '3', allocations: [{ grant: { expiresAt: null } }] },
    });
  });

  it('keeps both of two changes that are made at once', async () => {
    await Promise.all([configure({ credits: '9' }), configure({ expiresAfterDays: 9 })]);
    const { checkInConfig } = await gateway.admin.request(CheckInConfigDocument);
    expect(checkInConfig).toMatchObject({ credits: '9', expiresAfterDays: 9 });
  });

  it.each([
    ['credits', { credits: '0' }],
    ['credits', { credits: '-1' }],
    ['credits', { credits: '1000000.000001' }],
    ['streakBonuses', { streakBonuses: [{ days: 0, credits: '1' }] }],
    ['streakBonuses', { streakBonuses: [{ days: 7, credits: '0' }] }],
    [
      'streakBonuses',
      {
        streakBonuses: [
          { days: 7, credits: '1' },
          { days: 7, credits: '2' },
        ],
      },
    ],
    ['expiresAfterDays', { expiresAfterDays: 0 }],
  ])('refuses settings with wrong %s', async (field, input) => {
    const { errors } = await gateway.admin.send(UpdateCheckInConfigDocument, { input });
    expect(errors[0]?.extensions).toMatchObject({ code: 'BAD_USER_INPUT', field });
  });

  it('shows and takes its settings from administrators only', async () => {
    const account = await gateway.createAccount();
    const shown = await account.client.send(CheckInConfigDocument, {});
    const set = await account.client.send(UpdateCheckInConfigDocument, {
      input: { credits: '99' },
    });
    for (const { errors } of [shown, set]) expect(errors[0]?.extensions.code).toBe('FORBIDDEN');
  });

  function checkIn(account: TestAccount) {
    return checkInAs(account.client);
  }

  async function mustCheckIn(account: TestAccount) {
    const checked = await checkIn(account);
    if (checked.__typename !== 'CheckInPayload') throw new Error(checked.__typename);
    return checked;
  }

  async function statusOf(account: TestAccount) {
    return (await account.client.request(CheckInStatusDocument)).account?.checkIn;
  }

  async function configure(input: object) {
    return (await gateway.admin.request(UpdateCheckInConfigDocument, { input }))
      .updateCheckInConfig;
  }

  async function moveTo(account: TestAccount, timeZone: string) {
    await gateway.app.services.database.pool.query(
      'update account set time_zone = $2 where id = $1',
      [account.id, timeZone],
    );
  }
});

async function checkInAs(client: TestAccount['client']) {
  return (await client.request(CheckInDocument, { input: {} })).checkIn;
}
