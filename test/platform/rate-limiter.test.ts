import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { Database } from '../../src/platform/database/database.ts';
import { entities } from '../../src/platform/database/entities.ts';
import { createLogger } from '../../src/platform/logger.ts';
import { RateLimiter, WINDOW_MS } from '../../src/platform/rate-limit/rate-limiter.ts';
import { RateWindowStore } from '../../src/platform/rate-limit/rate-window.store.ts';
import { createTestDatabase, type TestDatabase } from '../support/postgres.ts';

const START = Date.UTC(2026, 0, 1);
const logger = createLogger('silent');

describe('one process that limits rates', () => {
  let now = START;
  let writes = 0;
  const alone = {
    share: async () => {
      writes += 1;
      return [];
    },
    forget: async () => undefined,
  };
  let limiter: RateLimiter;
  beforeEach(() => {
    now = START;
    writes = 0;
    limiter = new RateLimiter({ windows: alone, logger, now: () => now });
  });
  afterEach(() => limiter.close());

  /** How many of so many requests are let through. */
  function pass(requests: number, limit: number, subject = 'a'): number {
    let passed = 0;
    for (let n = 0; n < requests; n += 1) if (limiter.take(subject, limit) === 0) passed += 1;
    return passed;
  }

  it('lets through as many as the limit says, of each subject by itself', () => {
    expect(pass(15, 10)).toBe(10);
    expect(pass(15, 10, 'b')).toBe(10);
  });

  it('knows no limit of 0', () => {
    expect(pass(1_000, 0)).toBe(1_000);
    expect(limiter.waitFor('a', 0)).toBe(0);
  });

  it('lets the window slide: half a minute later, half of the limit is free again', () => {
    pass(10, 10);
    now += WINDOW_MS;
    expect(pass(10, 10)).toBe(0);
    now += WINDOW_MS / 2;
    expect(pass(10, 10)).toBe(5);
    now += 2 * WINDOW_MS;
    expect(pass(20, 10)).toBe(10);
  });

  it('does not count what it refuses', () => {
    pass(1_000, 10);
    now += 1.5 * WINDOW_MS;
    expect(pass(1_000, 10)).toBe(5);
  });

  it.each([0, 1_000, 30_000, 59_999])(
    'tells truly when to come again, %i ms into a minute',
    (elapsed) => {
      now += elapsed;
      pass(7, 7);
      const seconds = limiter.take('a', 7);
      expect(seconds).toBeGreaterThan(0);
      now += seconds * 1_000;
      expect(limiter.take('a', 7)).toBe(0);
    },
  );

  it('only looks when it is asked how long to wait', () => {
    for (let n = 0; n < 100; n += 1) expect(limiter.waitFor('a', 10)).toBe(0);
    pass(10, 10);
    expect(limiter.waitFor('a', 10)).toBeGreaterThan(0);
  });

  it('writes nothing of subjects that stay far below their limit', () => {
    vi.useFakeTimers();
    pass(900, 64_000);
    vi.advanceTimersByTime(10_000);
    expect(writes).toBe(0);
    pass(200, 64_000);
    vi.advanceTimersByTime(10_000);
    expect(writes).toBe(1);
    vi.useRealTimers();
  });

  it('goes on by itself when the others cannot be asked', async () => {
    const away = { ...alone, share: () => Promise.reject(new Error('away')) };
    const lonely = new RateLimiter({ windows: away, logger, now: () => now });
    for (let n = 0; n < 10; n += 1) expect(lonely.take('a', 10)).toBe(0);
    await vi.waitFor(() => expect(lonely.take('a', 10)).toBeGreaterThan(0), 10_000);
    lonely.close();
  });
});

describe('several processes that limit rates', () => {
  let testDatabase: TestDatabase;
  let database: Database;
  beforeAll(async () => {
    testDatabase = await createTestDatabase();
    database = await Database.connect({
      url: testDatabase.appUrl,
      entities,
      poolSize: 4,
      onPoolError: () => undefined,
    });
  });
  afterAll(async () => {
    await database.close();
    await testDatabase.drop();
  });

  /** Limiters that share one database and one time. */
  function given(count: number, now: () => number): RateLimiter[] {
    const windows = new RateWindowStore(database);
    return Array.from({ length: count }, () => new RateLimiter({ windows, logger, now }));
  }

  /** Resolves when all that was counted of a subject is added up: whoever tells of more learns of it. */
  async function untilTold(subject: string, count: bigint): Promise<void> {
    const text = 'select request_count as count from rate_window where subject = $1';
    await vi.waitFor(async () => {
      const rows = await database.query({ name: 'told', text }, [subject]);
      expect(rows).toEqual([{ count }]);
    }, 10_000);
  }

  it('know soon what the others let through, and refuse together', async () => {
    const [first, second] = given(2, () => START) as [RateLimiter, RateLimiter];
    for (let n = 0; n < 60; n += 1) expect(first.take('shared', 100)).toBe(0);
    await untilTold('shared', 60n);
    for (let n = 0; n < 39; n += 1) expect(second.take('shared', 100)).toBe(0);
    await vi.waitFor(() => expect(second.waitFor('shared', 99)).toBeGreaterThan(0), 10_000);

    expect(second.take('shared', 100)).toBe(0);
    expect(second.take('shared', 100)).toBeGreaterThan(0);
    await untilTold('shared', 100n);
    first.take('shared', 100);
    await vi.waitFor(() => expect(first.waitFor('shared', 100)).toBeGreaterThan(0), 10_000);
    for (const limiter of [first, second]) limiter.close();
  });

  it('count together under load, on many subjects at once, without losing one or a deadlock', async () => {
    const limiters = given(4, () => START);
    const subjects = Array.from({ length: 50 }, (_, n) => `many-${n}`);
    for (let round = 0; round < 20; round += 1) {
      for (const limiter of limiters) {
        for (const subject of subjects.toSorted(() => Math.random() - 0.5))
          limiter.take(subject, 64);
      }
      await new Promise((resolve) => setImmediate(resolve));
    }
    const total = async () => {
      const sql = `select min(request_count) as least, max(request_count) as most from rate_window where subject like 'many-%'`;
      return (await database.query({ name: 'least', text: sql }, []))[0];
    };
    await vi.waitFor(async () => expect(await total()).toEqual({ least: 80n, most: 80n }), 5_000);
    for (const limiter of limiters) limiter.close();
  });

  it('remember what the minute before was, also of what only the others let through', async () => {
    let now = START + 10 * WINDOW_MS;
    const [first, second] = given(2, () => now) as [RateLimiter, RateLimiter];
    for (let n = 0; n < 64; n += 1) first.take('before', 64);
    await untilTold('before', 64n);
    now += WINDOW_MS;
    second.take('before', 64);
    await vi.waitFor(() => expect(second.waitFor('before', 64)).toBeGreaterThan(0), 10_000);
    for (const limiter of [first, second]) limiter.close();
  });

  it('forget what is over', async () => {
    const windows = new RateWindowStore(database);
    await windows.share([{ subject: 'old', count: 1 }], new Date(0), new Date(-WINDOW_MS));
    await windows.forget(new Date(1));
    const sql = `select count(*) as left from rate_window where subject = 'old'`;
    expect(await database.query({ name: 'old', text: sql }, [])).toEqual([{ left: 0n }]);
  });
});
