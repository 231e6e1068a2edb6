import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createTestDatabase, type TestDatabase } from '../support/postgres.ts';
import { givenProcess, type ProcessWorld } from './given.ts';
import { stallReaders } from './stalled-readers.ts';

const MIB = 1_048_576;

// In small; `npm run bench:sockets` does the same with a hundred of them and a thousand entries a second.
describe('subscribers that stop reading', { timeout: 90_000 }, () => {
  let database: TestDatabase;
  let world: ProcessWorld;
  beforeAll(async () => {
    database = await createTestDatabase();
    world = await givenProcess(database.ownerUrl, { LOG_LEVEL: 'debug' });
  });
  afterAll(async () => {
    await world?.close();
    await database?.drop();
  });

  it('are told to come back and let go, cost no memory, and keep nobody waiting', async () => {
    const accounts = [await world.createAccount('1000'), await world.createAccount('1000')];
    const figures = await stallReaders({
      gateway: world.gateway,
      url: world.url,
      databaseUrl: database.ownerUrl,
      accounts,
      stalled: 20,
      entriesPerSecond: 500,
      withinMs: 30_000,
    });
    expect(figures.closeCodes).toEqual(Array.from({ length: 20 }, () => 1013));
    expect(figures.memoryAtMost - figures.memoryBefore).toBeLessThan(64 * MIB);
    expect(figures.delays).toHaveLength(figures.entries / 50);
  });
});
