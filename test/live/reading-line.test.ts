import { afterEach, describe, expect, it } from 'vitest';
import { LiveHub } from '../../src/live/hub.ts';
import { LiveStream } from '../../src/live/live-stream.ts';
import { ReadingLine } from '../../src/live/reading-line.ts';
import { eventually } from './given.ts';

interface Reading {
  readonly name: string;
  readonly after: number | null;
  readonly answer: (place: number) => void;
  readonly fail: (error: Error) => void;
}

describe('a line of those who read', () => {
  const streams: LiveStream<string, number>[] = [];
  afterEach(async () => {
    for (const stream of streams.splice(0)) await stream.return();
  });

  /** Streams that share a line, whose readings stand still until they are answered. */
  async function givenStreams(most: number) {
    let hint: (text: string) => void = () => undefined;
    const hub = new LiveHub({
      start: async (onHint) => {
        hint = onHint;
      },
      close: async () => undefined,
    });
    await hub.start();
    const line = new ReadingLine(most);
    const readings: Reading[] = [];
    const open = (name: string) => {
      const read = (after: number | null) =>
        new Promise<{ event: string; place: number }>((resolve, reject) => {
          const answer = (place: number) => resolve({ event: `${name} ${place}`, place });
          readings.push({ name, after, answer, fail: reject });
        });
      const stream = new LiveStream({ hub, topic: 'thing', id: name, read, line });
      streams.push(stream);
      return stream;
    };
    const names = () => readings.map(({ name }) => name);
    return { hint: (text: string) => hint(text), open, readings, names };
  }

  it('lets so many read at a time, and the others when it is their turn', async () => {
    const { open, readings, names } = await givenStreams(2);
    const asked = ['a', 'b', 'c', 'd'].map((name) => open(name).next());

    expect(names()).toEqual(['a', 'b']);
    readings[1]?.answer(1);
    await asked[1];
    expect(names()).toEqual(['a', 'b', 'c']);
    readings[0]?.answer(1);
    await asked[0];
    expect(names()).toEqual(['a', 'b', 'c', 'd']);
  });

  it('goes on after a reading that failed', async () => {
    const { open, readings, names } = await givenStreams(1);
    const [first] = [open('a').next(), open('b').next()];
    readings[0]?.fail(new Error('It broke.'));

    await expect(first).rejects.toThrow('It broke.');
    expect(names()).toEqual(['a', 'b']);
  });

  it('passes by who has left', async () => {
    const { open, readings, names } = await givenStreams(1);
    const [first, second, third] = ['a', 'b', 'c'].map(open);
    const asked = [first?.next(), second?.next(), third?.next()];
    await second?.return();
    readings[0]?.answer(1);

    await asked[0];
    expect(names()).toEqual(['a', 'c']);
    expect(await asked[1]).toEqual({ value: undefined, done: true });
  });

  it('reads once for all the hints that came while somebody stood in it', async () => {
    const { hint, open, readings, names } = await givenStreams(1);
    const waits = open('b');
    const heard = waits.next();
    readings[0]?.answer(1);
    await heard;
    const [first, second] = [open('a').next(), waits.next()];
    for (let n = 0; n < 3; n += 1) hint('thing:b');
    readings[1]?.answer(1);
    await first;

    expect(names()).toEqual(['b', 'a', 'b']);
    expect(readings[2]?.after).toBe(1);
    readings[2]?.answer(2);
    expect(await second).toEqual({ value: 'b 2', done: false });
  });

  it('is there for those who come when it was empty', async () => {
    const { open, readings } = await givenStreams(1);
    for (const round of [1, 2]) {
      const asked = ['a', 'b', 'c'].map((name) => open(`${name}${round}`).next());
      for (const [n, one] of asked.entries()) {
        await eventually(() => readings.length > 3 * (round - 1) + n);
        readings.at(-1)?.answer(round);
        await one;
      }
    }

    expect(readings.map(({ name }) => name)).toEqual(['a1', 'b1', 'c1', 'a2', 'b2', 'c2']);
  });
});
