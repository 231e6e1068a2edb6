import { describe, expect, it } from 'vitest';
import { GatheredReads } from '../../src/live/gathered-reads.ts';
import { Coalescer } from '../../src/platform/coalescer.ts';
import { inBackground, isInBackground } from '../../src/platform/database/background.ts';

/** Work that stands still in the background until it is let go, and says where it was done. */
function standstill() {
  const gate = Promise.withResolvers<void>();
  const work = async (keys: readonly string[]) => {
    const where = isInBackground() ? 'background' : 'foreground';
    if (isInBackground()) await gate.promise;
    return keys.map((key) => `${key} in the ${where}`);
  };
  return { work, letGo: gate.resolve };
}

describe('what is done in the background', () => {
  it('keeps nobody waiting who reads the same things', async () => {
    const { work, letGo } = standstill();
    const reads = new GatheredReads({
      read: async (keys) => {
        const done = await work(keys);
        return new Map(keys.map((key, index) => [key, done[index] ?? '']));
      },
      maxBatch: 10,
    });
    const behind = inBackground(() => reads.read('a'));

    expect(await reads.read('a')).toBe('a in the foreground');
    letGo();
    expect(await behind).toBe('a in the background');
  });

  it('keeps nobody waiting whose requests are gathered', async () => {
    const { work, letGo } = standstill();
    const coalescer = new Coalescer({
      work,
      keyOf: (request) => request,
      isOutage: () => false,
      maxBatch: 10,
    });
    const behind = inBackground(() => coalescer.submit('a'));

    expect(await coalescer.submit('b')).toBe('b in the foreground');
    letGo();
    expect(await behind).toBe('a in the background');
  });
});
