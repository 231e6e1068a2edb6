import { setImmediate as nextTurn } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { GatheredReads } from '../../src/live/gathered-reads.ts';
import { MovableClock, reckoned, SystemClock } from '../../src/platform/clock.ts';
import {
  apart,
  areGroundsGathered,
  Grounds,
  restOn,
  restOnUnknown,
} from '../../src/platform/grounds.ts';
import { ManualClock } from '../support/manual-clock.ts';

const gathered = async (work: () => unknown): Promise<Grounds> => {
  const grounds = new Grounds();
  await grounds.gatherFor(async () => work());
  return grounds;
};

describe('on what an answer rests', () => {
  it('is all that was noted while it was made, however often it waited', async () => {
    let isSo = true;
    const grounds = await gathered(async () => {
      await nextTurn();
      restOn(() => true);
      await Promise.all([nextTurn().then(() => restOn(async () => isSo))]);
    });
    expect(await grounds.hold()).toBe(true);
    isSo = false;
    expect(await grounds.hold()).toBe(false);
  });

  it('is not what others noted meanwhile', async () => {
    const [one, other] = await Promise.all([
      gathered(async () => {
        restOn(() => true);
        await nextTurn();
      }),
      gathered(restOnUnknown),
    ]);
    expect([one.areKnown, other.areKnown]).toEqual([true, false]);
  });

  it('is unknown when nothing was noted, or something that nobody can look at, even if that comes late', async () => {
    expect((await gathered(() => undefined)).areKnown).toBe(false);
    let late: Promise<void> = Promise.resolve();
    const grounds = await gathered(() => {
      restOn(() => true);
      late = nextTurn().then(restOnUnknown);
    });
    expect(await grounds.hold()).toBe(true);
    await late;
    expect(await grounds.hold()).toBe(false);
  });

  it('is left to whoever does something apart', async () => {
    const grounds = await gathered(() => {
      apart(restOnUnknown);
      expect(apart(areGroundsGathered)).toBe(false);
      expect(areGroundsGathered()).toBe(true);
      restOn(() => true);
    });
    expect(await grounds.hold()).toBe(true);
  });

  it('is unknown when a clock was looked at, or something was read that others read too', async () => {
    const reads = new GatheredReads({ read: async () => new Map(), maxBatch: 1 });
    const clocks = [new SystemClock(), new MovableClock(0), new ManualClock()];
    const looks = [...clocks.map((clock) => () => clock.now()), () => reads.read('key')];
    for (const look of looks) {
      const grounds = await gathered(() => {
        restOn(() => true);
        return look();
      });
      expect(grounds.areKnown).toBe(false);
    }
  });

  it('is the time for as long as reckoning with it comes to the same', async () => {
    const clock = new ManualClock('2026-03-01T12:00:00Z');
    const until = new Date('2026-03-01T12:01:00Z');
    const grounds = await gathered(() => {
      expect(reckoned(clock, (now) => now < until)).toBe(true);
    });
    clock.advance(59_999);
    expect(await grounds.hold()).toBe(true);
    clock.advance(1);
    expect(await grounds.hold()).toBe(false);
  });
});
