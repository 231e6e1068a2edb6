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
  it('sends the first message at once, and the others when all of them are made', async () => {
    const outbox = new LiveOutbox();
    const sent: string[] = [];
    outbox.add(givenSender('first', 1, sent));
    expect(sent).toEqual(['first']);

    outbox.add(givenSender('second', 1, sent));
    await Promise.resolve().then(() => outbox.add(givenSender('third', 1, sent)));
    expect(sent).toEqual(['first']);

    await eventually(() => sent.length === 3);
    expect(sent).toEqual(['first', 'second', 'third']);
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
    expect(sent.indexOf('one')).toBeLessThan(2_000);
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
