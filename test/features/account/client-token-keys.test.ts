import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { ApiKeyService } from '../../../src/features/account/api-key.service.ts';
import { ApiKeyStore } from '../../../src/features/account/api-key.store.ts';
import { ClientTokenService } from '../../../src/features/account/client-token.service.ts';
import { ClientTokenKeyStore } from '../../../src/features/account/client-token-key.store.ts';
import { ClientTokenKeys } from '../../../src/features/account/client-token-keys.service.ts';
import { Database } from '../../../src/platform/database/database.ts';
import { entities } from '../../../src/platform/database/entities.ts';
import { ManualClock } from '../../support/manual-clock.ts';
import { createTestDatabase, type TestDatabase } from '../../support/postgres.ts';

const ACCOUNT = '019a0000-0000-7000-8000-000000000001';
const KEY = '019a0000-0000-7000-8000-000000000002';
const HOUR = 3_600_000;
const realTime = new ManualClock('2026-03-01T12:00:00Z');
let files: TestDatabase;
let database: Database;
beforeAll(async () => {
  files = await createTestDatabase();
  database = await Database.connect({
    url: files.appUrl,
    entities,
    poolSize: 10,
    onPoolError: () => undefined,
  });
});
beforeEach(() => database.pool.query('delete from client_token_key'));
afterAll(async () => {
  await database.close();
  await files.drop();
});

/** A gateway process as far as tokens go: it has a memory of its own. */
function aProcess(tokenSecret: string | null = 'the same for all') {
  const store = new ClientTokenKeyStore(database);
  const keys = new ClientTokenKeys({ database, store, realTime, tokenSecret });
  const apiKeys = new ApiKeyService({
    database,
    clock: realTime,
    store: new ApiKeyStore(database),
    adminKey: null,
  });
  const tokens = new ClientTokenService({ keys, apiKeys, realTime });
  const mint = async (ttl = 3_600) => (await tokens.mint(ACCOUNT, KEY, ttl)).token;
  const takes = (token: string) =>
    tokens.authenticate(token).then(
      ({ accountId }) => accountId === ACCOUNT,
      () => false,
    );
  return { keys, mint, takes };
}
const count = async (where = 'true') =>
  Number(
    (await database.pool.query(`select count(*) from client_token_key where ${where}`)).rows[0]
      .count,
  );

describe('signing keys', () => {
  it('are made once, however many processes need one first', async () => {
    const processes = Array.from({ length: 6 }, () => aProcess());
    const tokens = await Promise.all(processes.map(({ mint }) => mint()));
    expect(await count()).toBe(1);
    for (const { takes } of processes)
      expect(await Promise.all(tokens.map(takes))).toEqual(tokens.map(() => true));
  });

  it('take turns by the day, one at a time, however many processes rotate at once', async () => {
    const processes = Array.from({ length: 6 }, () => aProcess());
    await processes[0]?.mint();
    realTime.advance(24 * HOUR - 1);
    await Promise.all(processes.map(({ keys }) => keys.rotate()));
    expect(await count()).toBe(1);
    realTime.advance(1);
    await Promise.all(processes.map(({ keys }) => keys.rotate()));
    expect(await count()).toBe(2);
    expect(await count('rotated_at is null')).toBe(1);
  });

  it('verify until the last token that they signed has expired, and are deleted then', async () => {
    const [one, two] = [aProcess(), aProcess()];
    await one.mint();
    realTime.advance(24 * HOUR);
    const old = await one.mint();
    await two.keys.rotate();
    const next = await two.mint();
    for (const { takes } of [one, two]) {
      expect(await takes(old)).toBe(true);
      expect(await takes(next)).toBe(true);
    }
    realTime.advance(HOUR - 1_000);
    expect(await aProcess().takes(old)).toBe(true);
    realTime.advance(1_000);
    for (const { takes } of [one, two, aProcess()]) expect(await takes(old)).toBe(false);
    realTime.advance(3 * 60_000);
    await one.keys.rotate();
    expect(await count()).toBe(1);
  });

  it('say nothing to a process with another secret, which has its own', async () => {
    const [one, two, none] = [aProcess('one'), aProcess('two'), aProcess(null)];
    const token = await one.mint();
    for (const { takes, mint } of [two, none]) {
      expect(await takes(token)).toBe(false);
      expect(await one.takes(await mint())).toBe(false);
    }
    expect(await count('rotated_at is null')).toBe(3);
  });

  it('cannot be had from the database alone', async () => {
    const { keys } = aProcess('a secret');
    const { secret } = await keys.signing();
    const { rows } = await database.pool.query('select * from client_token_key');
    expect(rows[0].seed).toHaveLength(32);
    expect(JSON.stringify(rows)).not.toContain(JSON.stringify([...secret]).slice(1, -1));
    const row = await aProcess(null).keys.verifying(rows[0].id);
    expect(row).toBeNull();
  });
});
