import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { StaleState } from '../../src/platform/provider-effect.ts';
import {
  always,
  effects,
  type InboxDatabase,
  inboxDatabase,
  leaveEffect,
  received,
} from './given.ts';

let world: InboxDatabase;

beforeAll(async () => {
  world = await inboxDatabase();
});

afterAll(() => world?.close());

describe('two workers', () => {
  it('apply an event once when both have asked the provider', async () => {
    const both = Promise.withResolvers<void>();
    let asked = 0;
    const { worker, id, what, row } = await received(
      world.database,
      always(async (subscription) => {
        asked += 1;
        if (asked === 2) both.resolve();
        await both.promise;
        return leaveEffect(subscription);
      }),
    );

    await Promise.all([worker.work(id), worker.work(id)]);

    expect(asked).toBe(2);
    expect(await effects(world.database, what)).toBe(1);
    expect(await row()).toMatchObject({ status: 'PROCESSED' });
  });

  it('do not wait for each other: the second leaves an event that is being applied', async () => {
    const applying = Promise.withResolvers<void>();
    const release = Promise.withResolvers<void>();
    const { worker, id, what } = await received(
      world.database,
      always(async (subscription) => async (tx) => {
        applying.resolve();
        await release.promise;
        return leaveEffect(subscription)(tx);
      }),
    );

    const first = worker.work(id);
    await applying.promise;
    await worker.work(id);
    expect(await effects(world.database, what)).toBe(0);
    release.resolve();
    await first;

    expect(await effects(world.database, what)).toBe(1);
  });

  it('apply an event once when the first was given up for dead between asking and applying', async () => {
    const asking = Promise.withResolvers<void>();
    const late = Promise.withResolvers<void>();
    let asked = 0;
    const { worker, id, what, row } = await received(
      world.database,
      always(async (subscription) => {
        asked += 1;
        if (asked === 1) {
          asking.resolve();
          await late.promise;
        }
        return leaveEffect(subscription);
      }),
    );

    const dead = worker.work(id);
    await asking.promise;
    await worker.work(id);
    expect(await row()).toMatchObject({ status: 'PROCESSED', attempts: 2 });
    late.resolve();
    await dead;

    expect(await effects(world.database, what)).toBe(1);
  });

  it('apply it once when they are 32 and begin at once', async () => {
    const { worker, id, what } = await received(world.database);

    await Promise.all(Array.from({ length: 32 }, () => worker.work(id)));

    expect(await effects(world.database, what)).toBe(1);
  });
});

describe('an overtaken state', () => {
  it('is fetched again at once, in the same attempt', async () => {
    let fetched = 0;
    const { worker, id, what, row } = await received(
      world.database,
      always(async (subscription) => {
        fetched += 1;
        const stale = fetched < 3;
        return async (tx) => {
          await leaveEffect(subscription)(tx);
          if (stale) throw new StaleState('A later state is here.');
          return 'applied';
        };
      }),
    );

    await worker.work(id);

    expect(fetched).toBe(3);
    expect(await effects(world.database, what)).toBe(1);
    expect(await row()).toMatchObject({ status: 'PROCESSED', attempts: 1 });
  });

  it('is a failure when it is overtaken five times', async () => {
    let fetched = 0;
    const { worker, id, row } = await received(
      world.database,
      always(async () => {
        fetched += 1;
        return async () => {
          throw new StaleState('A later state is here.');
        };
      }),
    );

    await expect(worker.work(id)).rejects.toBeInstanceOf(StaleState);

    expect(fetched).toBe(5);
    expect(await row()).toMatchObject({ status: 'FAILED', attempts: 1 });
  });
});
