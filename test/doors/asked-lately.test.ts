import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { AskedLately } from '../../src/edge/asked-lately.ts';

beforeEach(() => {
  vi.useFakeTimers({ toFake: ['performance'] });
});
afterEach(() => {
  vi.useRealTimers();
});

const timesOf = (asked: AskedLately, name: string, count: number) =>
  Array.from({ length: count }, () => asked.again(name));

describe('what was asked for a short while ago', () => {
  it('is counted, each by its name', () => {
    const asked = new AskedLately();
    expect(timesOf(asked, 'page', 3)).toEqual([0, 1, 2]);
    expect(asked.again('other')).toBe(0);
    expect(asked.again('page')).toBe(3);
  });

  it('is counted on while it is asked for every quarter of a second', () => {
    const asked = new AskedLately();
    const found = Array.from({ length: 8 }, () => {
      vi.advanceTimersByTime(240);
      return asked.again('page');
    });
    expect(found).toEqual([0, 1, 2, 3, 4, 5, 6, 7]);
  });

  it('is forgotten after half a second at the latest, whether others ask or not', () => {
    const alone = new AskedLately();
    timesOf(alone, 'page', 2);
    vi.advanceTimersByTime(501);
    expect(alone.again('page')).toBe(0);

    const busy = new AskedLately();
    timesOf(busy, 'page', 2);
    for (let step = 0; step < 6; step += 1) {
      vi.advanceTimersByTime(100);
      busy.again('other');
    }
    expect(busy.again('page')).toBe(0);
  });

  it('is not kept for more than so many names', () => {
    const asked = new AskedLately();
    asked.again('page');
    for (let n = 0; n < 10_001; n += 1) asked.again(`name ${n}`);
    expect(asked.again('page')).toBe(0);
    expect(asked.again('name 10000')).toBe(1);
  });

  it('can be forgotten, or put off for a while', () => {
    const asked = new AskedLately();
    timesOf(asked, 'page', 5);
    asked.forget('page');
    expect(asked.again('page')).toBe(0);
    asked.putOff('page');
    expect(timesOf(asked, 'page', 101).filter((times) => times >= 0)).toEqual([0]);
  });
});
