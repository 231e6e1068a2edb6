import { Client } from 'pg';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ApiKeyService } from '../../../src/features/account/api-key.service.ts';
import { ApiKeyStore } from '../../../src/features/account/api-key.store.ts';
import { KeyRevocations } from '../../../src/features/account/key-revocations.service.ts';
import { Database } from '../../../src/platform/database/database.ts';
import { entities } from '../../../src/platform/database/entities.ts';
import { ManualClock } from '../../support/manual-clock.ts';
import { createTestDatabase, type TestDatabase } from '../../support/postgres.ts';

const clock = new ManualClock('2026-03-01T12:00:00Z');
let files: TestDatabase;
let database: Database;
let keys: ApiKeyService;
beforeAll(async () => {
  files = await createTestDatabase();
  database = await Database.connect({
    url: files.appUrl,
    entities,
    poolSize: 10,
    onPoolError: () => undefined,
  });
  keys = new ApiKeyService({ database, clock, store: new ApiKeyStore(database), adminKey: null });
});
afterAll(async () => {
  await database.close();
  await files.drop();
});

const run = async (url: string, text: string) => {
  const client = new Client({ connectionString: url });
  await client.connect();
  await client.query(text).finally(() => client.end());
};
const made = () =>
  keys.createKey({ kind: 'ADMIN', accountId: null, name: 'A key', scopes: [], agentId: null });
const revoked = async () => {
  const { apiKey } = await made();
  await keys.revokeKey(apiKey.id);
  return apiKey.id;
};

/** What a process knows, on a clock of its own, with the looks that it took. */
function aProcess() {
  const told: string[] = [];
  const store = new ApiKeyStore(database);
  const process = { now: 0, looks: 0, isAway: false, told };
  const revocations = new KeyRevocations({
    store: {
      revocationsSince: async (count) => {
        process.looks += 1;
        if (process.isAway) throw new Error('The database is away.');
        return store.revocationsSince(count);
      },
    },
    onRevoked: (keyIds) => told.push(...keyIds),
    onRewound: () => told.push('everything'),
    now: () => process.now,
  });
  return Object.assign(process, { revocations });
}

describe('revocations', () => {
  it('are numbered without a gap, however many come at once, and only once each', async () => {
    const ids = await Promise.all(Array.from({ length: 20 }, revoked));
    await Promise.all(ids.map((id) => keys.revokeKey(id)));
    const { rows } = await database.pool.query(
      `select k.revocation, c.count from api_key k cross join key_revocation_count c where k.id = any ($1) order by 1`,
      [ids],
    );
    const last = BigInt(rows[0].count);
    expect(rows.map(({ revocation }) => BigInt(revocation))).toEqual(
      rows.map((_, index) => last - 19n + BigInt(index)),
    );
  });

  it('are counted by nobody but the database', async () => {
    await expect(database.pool.query('update key_revocation_count set count = 0')).rejects.toThrow(
      'permission denied',
    );
  });

  it('of several keys at once are made in one order, so that nobody waits in a circle', async () => {
    const ids = (await Promise.all(Array.from({ length: 12 }, made))).map(
      ({ apiKey }) => apiKey.id,
    );
    const byHand = (some: readonly string[]) =>
      database.pool.query('update api_key set revoked_at = now() where id = any ($1)', [some]);
    await Promise.all([
      ...ids.map((id) => keys.revokeKey(id)),
      byHand(ids),
      byHand(ids.toReversed()),
    ]);
    const { rows } = await database.pool.query(
      'select count(distinct revocation)::int as n from api_key where id = any ($1)',
      [ids],
    );
    expect(rows[0].n).toBe(ids.length);
  });

  it('are told of once, those from before the first look not at all', async () => {
    await revoked();
    const process = aProcess();
    await process.revocations.untilKnown();
    const ids = [await revoked(), await revoked()];
    process.now += 2_000;
    await process.revocations.untilKnown();
    process.now += 2_000;
    await process.revocations.untilKnown();

    expect(process.told.toSorted()).toEqual(ids.toSorted());
    expect(process.looks).toBe(3);
  });

  it('are all doubted when the database knows of fewer than before', async () => {
    await revoked();
    const process = aProcess();
    await process.revocations.untilKnown();
    await run(files.ownerUrl, 'update key_revocation_count set count = count - 1');
    process.now += 2_000;
    await process.revocations.untilKnown();
    await run(files.ownerUrl, 'update key_revocation_count set count = count + 1');

    expect(process.told).toEqual(['everything']);
  });

  it('cost one look a second, which nobody waits for before two have gone by', async () => {
    const process = aProcess();
    await process.revocations.untilKnown();
    process.now += 999;
    for (let n = 0; n < 100; n += 1) expect(process.revocations.untilKnown()).toBeNull();
    expect(process.looks).toBe(1);

    process.now += 1;
    for (let n = 0; n < 100; n += 1) expect(process.revocations.untilKnown()).toBeNull();
    expect(process.looks).toBe(2);
    process.now += 1_000;
    const waiting = Array.from({ length: 10 }, () => process.revocations.untilKnown());
    expect(waiting.every((wait) => wait !== null)).toBe(true);
    await Promise.all(waiting);
    expect(process.looks).toBe(2);
  });

  it('are not known to anybody while the database does not say', async () => {
    const process = aProcess();
    process.isAway = true;
    await expect(process.revocations.untilKnown()).rejects.toThrow('away');
    await expect(process.revocations.untilKnown()).rejects.toThrow('away');
    process.isAway = false;
    await process.revocations.untilKnown();
    expect(process.revocations.untilKnown()).toBeNull();
  });
});

describe('a key that was found good', () => {
  it('is not looked up again until it is revoked, by whatever hand', async () => {
    class CountingStore extends ApiKeyStore {
      lookups = 0;
      override proofs(prefixes: readonly string[]) {
        this.lookups += 1;
        return super.proofs(prefixes);
      }
    }
    const store = new CountingStore(database);
    const other = new ApiKeyService({ database, clock, store, adminKey: null });
    const { apiKey, secret } = await made();
    for (let n = 0; n < 10; n += 1) await other.authenticate(secret);
    expect(store.lookups).toBe(1);

    await database.pool.query('update api_key set revoked_at = now() where id = $1', [apiKey.id]);
    const isRefused = () =>
      other.authenticate(secret).then(
        () => false,
        () => true,
      );
    await expect.poll(isRefused, { timeout: 2_500 }).toBe(true);
    expect(store.lookups).toBe(2);
  });
});
