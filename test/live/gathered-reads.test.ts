import { setImmediate as nextTurn } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { GatheredReads } from '../../src/live/gathered-reads.ts';

/** Reads whose batches stand still until they are let go, one after the other. */
function givenReads(maxBatch: number, firstBatch = maxBatch) {
  const batches: { readonly keys: readonly string[]; readonly letGo: () => void }[] = [];
  const reads = new GatheredReads<string>({
    read: async (keys) => {
      const gate = Promise.withResolvers<void>();
      batches.push({ keys, letGo: gate.resolve });
      await gate.promise;
      return new Map(keys.map((key) => [key, `${key}!`]));
    },
    maxBatch,
    firstBatch,
  });
  return { reads, batches };
}

describe('gathered reads', () => {
  it('are one read for all who ask for the same', async () => {
    const { reads, batches } = givenReads(10);
    const asked = [reads.read('a'), reads.read('b'), reads.read('a')];
    await Promise.resolve();
    batches[0]?.letGo();

    expect(await Promise.all(asked)).toEqual(['a!', 'b!', 'a!']);
    expect(batches.map(({ keys }) => keys)).toEqual([['a', 'b']]);
  });

  it('begin after they were asked for: who asks while one is under way is read for again', async () => {
    const { reads, batches } = givenReads(10);
    const first = reads.read('a');
    await Promise.resolve();
    const second = reads.read('a');
    batches[0]?.letGo();
    await first;

    expect(batches).toHaveLength(2);
    batches[1]?.letGo();
    expect(await second).toBe('a!');
  });

  it('have the next batch on its way when somebody is answered', async () => {
    const { reads, batches } = givenReads(1);
    const seen = reads.read('a').then(() => batches.length);
    void reads.read('b');
    await Promise.resolve();
    batches[0]?.letGo();

    expect(await seen).toBe(2);
    batches[1]?.letGo();
  });

  it('begin with a small batch when none is in flight', async () => {
    const { reads, batches } = givenReads(3, 1);
    const asked = Promise.all(['a', 'b', 'c', 'd', 'e'].map((key) => reads.read(key)));
    await Promise.resolve();
    while (batches.length < 3) {
      batches.at(-1)?.letGo();
      await nextTurn();
    }
    batches.at(-1)?.letGo();

    expect(await asked).toHaveLength(5);
    expect(batches.map(({ keys }) => keys.join(''))).toEqual(['a', 'bcd', 'e']);
  });

  it('hand over the next batch before they make use of answers, even where that takes a turn', async () => {
    const order: string[] = [];
    const reads = new GatheredReads<string>({
      read: async (keys) => {
        // As a pool does, which gives a connection when the turn has ended.
        await new Promise<void>((resolve) => process.nextTick(resolve));
        order.push(`read ${keys}`);
        return new Map(keys.map((key) => [key, key]));
      },
      maxBatch: 1,
    });
    await Promise.all(['a', 'b'].map(async (key) => order.push(`told ${await reads.read(key)}`)));

    expect(order).toEqual(['read a', 'read b', 'told a', 'told b']);
  });

  it('keep nobody waiting for what takes one of them longer', async () => {
    const slow = Promise.withResolvers<string>();
    const reads = new GatheredReads<string>({
      read: async () =>
        new Map<string, string | Promise<string>>([
          ['slow', slow.promise],
          ['fast', 'at once'],
        ]),
      maxBatch: 10,
    });
    const late = reads.read('slow');

    expect(await reads.read('fast')).toBe('at once');
    slow.resolve('in the end');
    expect(await late).toBe('in the end');
  });

  it('are answered in turns, and whoever asks in between is read for before the last answer', async () => {
    const begun: (readonly string[])[] = [];
    const reads = new GatheredReads({
      read: async (keys) => {
        begun.push(keys);
        return new Map(keys.map((key) => [key, key]));
      },
      maxBatch: 10,
      answersInTurn: 2,
    });
    const answered: string[] = [];
    const ask = async (key: string) => answered.push((await reads.read(key)) ?? 'nothing');
    const batch = ['a', 'b', 'c', 'd', 'e', 'f'].map(ask);
    await Promise.race(batch);
    const late = ask('late');
    await Promise.all([...batch, late]);

    expect(begun.map((keys) => keys.length)).toEqual([6, 1]);
    expect(answered.indexOf('late')).toBeLessThan(answered.indexOf('f'));
    expect(answered.toSorted()).toEqual(['a', 'b', 'c', 'd', 'e', 'f', 'late']);
  });
});
