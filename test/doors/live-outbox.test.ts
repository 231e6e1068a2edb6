import { describe, expect, it } from 'vitest';
import { restAfter } from '../../src/edge/live-audiences.ts';
import { LiveOutbox } from '../../src/edge/live-outbox.ts';
import { eventually } from '../live/given.ts';

function givenSender(name: string, messages: number, sent: string[]) {
  let left = messages;
  return {
    sendSome: (most: number) => {
      const now = Math.min(most, left);
      left -= now;
      for (let n = 0; n < now; n += 1) sent.push(name);
      return { sent: now, isDone: left === 0 };
    },
  };
}

describe('the outbox', () => {
  it('sends when everybody who is at it has made his messages', async () => {
    const outbox = new LiveOutbox();
    const sent: string[] = [];
    outbox.add(givenSender('one', 1, sent));
    await Promise.resolve().then(() => outbox.add(givenSender('other', 1, sent)));

    expect(sent).toEqual([]);
    await eventually(() => sent.length === 2);
    expect(sent).toEqual(['one', 'other']);
  });

  it('lets requests through, and others send, while one has messages for thousands', async () => {
    const outbox = new LiveOutbox();
    const sent: string[] = [];
    outbox.add(givenSender('many', 10_000, sent));
    outbox.add(givenSender('one', 1, sent));
    let turns = 0;
    const count = () => {
      turns += 1;
      if (sent.length < 10_001) setImmediate(count);
    };
    setImmediate(count);
    await eventually(() => sent.length === 10_001);

    expect(turns).toBeGreaterThan(10);
    expect(sent.indexOf('one')).toBeLessThan(1_000);
  });
});

describe('the rest of an audience', () => {
  it.each([
    ['a message to one', 600, 0],
    ['a message to a few', 6 * 600, 0],
    ['a message to a hundred', 100 * 600, 13],
    ['a burst of entries to eleven', 11 * 6_000, 15],
    ['a message to ten thousand, which took longer than any rest', 10_000 * 600, 0],
  ])('after %s', (_what, bytes, expected) => {
    const tookMs = bytes / 60_000;
    expect(Math.floor(restAfter(bytes, tookMs))).toBe(expected);
  });
});
