import { describe, expect, it } from 'vitest';
import { Coalescer } from '../../src/platform/coalescer.ts';

/** Work whose every step is let go by the test. */
function world(maxBatch = 100, more: { readonly secondFrom?: number } = {}) {
  const batches: string[][] = [];
  const open: { go: (outcomes?: string[]) => void; fail: (error: unknown) => void }[] = [];
  const coalescer = new Coalescer<string, string>({
    work: (requests) => {
      batches.push([...requests]);
      return new Promise((resolve, reject) => {
        const done = requests.map((request) => `${request}!`);
        open.push({ go: (outcomes = done) => resolve(outcomes), fail: reject });
      });
    },
    keyOf: (request) => request.split('#')[0] ?? request,
    isOutage: (error) => error instanceof Outage,
    maxBatch,
    ...more,
  });
  const step = async () => {
    await expect.poll(() => open.length, { interval: 1 }).toBeGreaterThan(0);
    return open.shift() as (typeof open)[number];
  };
  return { coalescer, batches, step };
}

class Outage extends Error {}

describe('the coalescer', () => {
  it('does a request that comes alone at once, alone', () => {
    const { coalescer, batches } = world();
    void coalescer.submit('a');
    expect(batches).toEqual([['a']]);
  });

  it('gathers what comes while a step is in flight, in the order in which it came', async () => {
    const { coalescer, batches, step } = world();
    const answers = ['a', 'b', 'c', 'd'].map((request) => coalescer.submit(request));
    (await step()).go();
    (await step()).go();
    expect(await Promise.all(answers)).toEqual(['a!', 'b!', 'c!', 'd!']);
    expect(batches).toEqual([['a'], ['b', 'c', 'd']]);
  });

  it('never lets two requests with one key share a step, and keeps their order', async () => {
    const { coalescer, batches, step } = world();
    const answers = ['x', 'k#1', 'k#2', 'b', 'k#3'].map((request) => coalescer.submit(request));
    for (let steps = 0; steps < 4; steps += 1) (await step()).go();
    expect(await Promise.all(answers)).toEqual(['x!', 'k#1!', 'k#2!', 'b!', 'k#3!']);
    expect(batches).toEqual([['x'], ['k#1', 'b'], ['k#2'], ['k#3']]);
  });

  it('takes no more than the largest batch at a time', async () => {
    const { coalescer, batches, step } = world(2);
    const answers = ['a', 'b', 'c', 'd'].map((request) => coalescer.submit(request));
    for (let steps = 0; steps < 3; steps += 1) (await step()).go();
    await Promise.all(answers);
    expect(batches).toEqual([['a'], ['b', 'c'], ['d']]);
  });

  it('begins a second step beside the first when enough are waiting, and no third', async () => {
    const { coalescer, batches, step } = world(100, { secondFrom: 3 });
    const answers = ['a', 'b', 'c'].map((request) => coalescer.submit(request));
    expect(batches).toEqual([['a']]);
    answers.push(...['d', 'e', 'f', 'g', 'h'].map((request) => coalescer.submit(request)));
    expect(batches).toEqual([['a'], ['b', 'c', 'd']]);
    const first = await step();
    (await step()).go();
    await Promise.all(answers.slice(1, 4));
    expect(batches).toEqual([['a'], ['b', 'c', 'd'], ['e', 'f', 'g', 'h']]);
    answers.push(coalescer.submit('i'));
    (await step()).go();
    await Promise.all(answers.slice(4, 8));
    expect(batches).toHaveLength(3);
    first.go();
    (await step()).go();
    expect(await Promise.all(answers)).toHaveLength(9);
    expect(batches.at(-1)).toEqual(['i']);
  });

  it('lets only the bad request of a batch fail', async () => {
    const { coalescer, batches, step } = world();
    const answers = Promise.allSettled(
      ['a', 'b', 'bad', 'd'].map((request) => coalescer.submit(request)),
    );
    (await step()).go();
    (await step()).fail(new Error('somebody is bad'));
    (await step()).go();
    (await step()).fail(new Error('bad is bad'));
    (await step()).go();
    expect(await answers).toMatchObject([
      { value: 'a!' },
      { value: 'b!' },
      { reason: { message: 'bad is bad' } },
      { value: 'd!' },
    ]);
    expect(batches.slice(1)).toEqual([['b', 'bad', 'd'], ['b'], ['bad'], ['d']]);
  });

  it('goes on after a failure', async () => {
    const { coalescer, step } = world();
    const first = coalescer.submit('a');
    (await step()).fail(new Error('no'));
    await expect(first).rejects.toThrow('no');
    const second = coalescer.submit('b');
    (await step()).go();
    expect(await second).toBe('b!');
  });

  it('goes on after work that throws before it promises anything, and after too few outcomes', async () => {
    let throws = true;
    const coalescer = new Coalescer<string, string>({
      work: (requests) => {
        if (throws) throw new Error('at once');
        return Promise.resolve(requests.length > 0 ? [] : []);
      },
      keyOf: (request) => request,
      isOutage: () => false,
      maxBatch: 10,
    });
    await expect(coalescer.submit('a')).rejects.toThrow('at once');
    throws = false;
    await expect(coalescer.submit('b')).rejects.toThrow('every request has its outcome');
    throws = true;
    await expect(coalescer.submit('c')).rejects.toThrow('at once');
  });

  it('refuses a request whose key cannot be told, and nobody else', async () => {
    const coalescer = new Coalescer<string, string>({
      work: async (requests) => [...requests],
      keyOf: (request) => {
        if (request === 'bad') throw new Error('no key');
        return request;
      },
      isOutage: () => false,
      maxBatch: 10,
    });
    const answers = [coalescer.submit('a'), coalescer.submit('bad'), coalescer.submit('b')];
    expect(await Promise.allSettled(answers)).toMatchObject([
      { value: 'a' },
      { reason: { message: 'no key' } },
      { value: 'b' },
    ]);
  });

  it('tries a batch once more, as a whole, when nobody knows what became of it', async () => {
    const { coalescer, batches, step } = world();
    const answers = ['a', 'b', 'c'].map((request) => coalescer.submit(request));
    (await step()).go();
    (await step()).fail(new Outage('the line is dead'));
    (await step()).go();
    expect(await Promise.all(answers)).toEqual(['a!', 'b!', 'c!']);
    expect(batches).toEqual([['a'], ['b', 'c'], ['b', 'c']]);
  });

  it('lets a batch fail together when the outage lasts, without a try for each', async () => {
    const { coalescer, batches, step } = world();
    const answers = Promise.allSettled(
      ['a', 'b', 'c', 'd'].map((request) => coalescer.submit(request)),
    );
    (await step()).go();
    (await step()).fail(new Outage('first'));
    (await step()).fail(new Outage('still'));
    const results = await answers;
    expect(results.slice(1).map((each) => (each as PromiseRejectedResult).reason.message)).toEqual([
      'still',
      'still',
      'still',
    ]);
    expect(batches).toHaveLength(3);
  });

  it('refuses with the batch whoever came while an outage lasted, and works for those who come later', async () => {
    const { coalescer, batches, step } = world();
    const first = coalescer.submit('a');
    const second = coalescer.submit('b');
    (await step()).fail(new Outage('first'));
    (await step()).fail(new Outage('still'));
    await expect(first).rejects.toThrow('still');
    await expect(second).rejects.toThrow('still');
    const later = coalescer.submit('b');
    (await step()).go();
    expect(await later).toBe('b!');
    expect(batches).toEqual([['a'], ['a'], ['b']]);
  });

  it('does not try again what took long to fail', async () => {
    const { coalescer, batches, step } = world();
    const answer = coalescer.submit('a');
    const { fail } = await step();
    const since = performance.now();
    await expect.poll(() => performance.now() - since, { interval: 50 }).toBeGreaterThan(550);
    fail(new Outage('no answer'));
    await expect(answer).rejects.toThrow('no answer');
    expect(batches).toEqual([['a']]);
  });

  it('gives up on the rest of a batch when an outage begins while it looks for the bad one', async () => {
    const { coalescer, batches, step } = world();
    const answers = Promise.allSettled(
      ['a', 'b', 'c', 'd'].map((request) => coalescer.submit(request)),
    );
    (await step()).go();
    (await step()).fail(new Error('somebody is bad'));
    (await step()).go();
    (await step()).fail(new Outage('first'));
    (await step()).fail(new Outage('still'));
    expect(await answers).toMatchObject([
      { value: 'a!' },
      { value: 'b!' },
      { reason: { message: 'still' } },
      { reason: { message: 'still' } },
    ]);
    expect(batches.slice(1)).toEqual([['b', 'c', 'd'], ['b'], ['c'], ['c']]);
  });
});
