import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { Audience } from '../../src/edge/live-audiences.ts';
import { LiveOutbox } from '../../src/edge/live-outbox.ts';
import { SharedResult } from '../../src/edge/shared-results.ts';
import type { Waiting } from '../../src/live/live-stream.ts';

// Time stands still but for what a test lets go by, so that a rest is as long as it should be on any machine.
beforeEach(() => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'performance'] });
});
afterEach(() => {
  vi.useRealTimers();
});

/** An audience of so many, whose stream is asked for the next event whenever it listens. */
function given(listeners: number) {
  const asked: Waiting<unknown>[] = [];
  let heard = 0;
  const stream = {
    place: 0,
    ask: (waiting: Waiting<unknown>) => asked.push(waiting),
    return: () => Promise.resolve({ value: undefined, done: true }),
  };
  const result = new SharedResult({ data: { text: 'x'.repeat(600) } });
  const seat = { name: 'a', place: 0, stream, execute: () => result, share: async () => result };
  const audience = new Audience(seat as never, new Set(), new LiveOutbox(), () => undefined);
  for (let n = 0; n < listeners; n += 1) {
    const sendAtOnce = () => {
      heard += 1;
      return true;
    };
    audience.add({ sendAtOnce } as never);
  }
  audience.listen();
  return { asked, heard: () => heard };
}

describe('an audience', () => {
  it('of many rests after each event, so that what follows meanwhile is one event', () => {
    const { asked, heard } = given(240);
    asked[0]?.told({});
    expect(heard()).toBe(240);

    vi.advanceTimersByTime(19);
    expect(asked).toHaveLength(1);
    vi.advanceTimersByTime(1);
    expect(asked).toHaveLength(2);
  });

  it('of a few is told of the next event at once', () => {
    const { asked, heard } = given(3);
    asked[0]?.told({});

    expect(heard()).toBe(3);
    expect(asked).toHaveLength(2);
  });
});
