import { describe, expect, it } from 'vitest';
import { LiveHub } from '../../src/live/hub.ts';
import { everyState, LiveStream } from '../../src/live/live-stream.ts';

/** A hub whose hints are given by hand. */
async function givenHub() {
  let hint: (text: string) => void = () => undefined;
  let gap: () => void = () => undefined;
  const hub = new LiveHub({
    start: async (onHint, onGap) => {
      hint = onHint;
      gap = onGap;
    },
    close: async () => undefined,
  });
  await hub.start();
  return { hub, hint: (text: string) => hint(text), gap: () => gap() };
}

const watch = (hub: LiveHub, id: string, state = { name: 'the same' }) =>
  new LiveStream({
    hub,
    topic: 'account',
    id,
    read: everyState(
      async () => state,
      () => hub.markOf('account', id),
    ),
  });

describe('streams of a state', () => {
  it('are at the same place when nothing was told of in between', async () => {
    const { hub, hint } = await givenHub();
    const [one, other] = [watch(hub, 'a'), watch(hub, 'a')];
    await one.next();
    hint('account:b');
    await other.next();

    expect(one.place).toBe(other.place);
    for (const stream of [one, other]) await stream.return();
  });

  it('are at another place after every hint and every gap, though the state is equal', async () => {
    const { hub, hint, gap } = await givenHub();
    const [behind, ahead] = [watch(hub, 'a'), watch(hub, 'a')];
    await behind.next();
    const places = [];
    for (const tell of [() => undefined, () => hint('account:a'), () => hint('account:*'), gap]) {
      tell();
      await ahead.next();
      places.push(ahead.place);
    }

    expect(places[0]).toBe(behind.place);
    expect(new Set(places).size).toBe(4);
    for (const stream of [behind, ahead]) await stream.return();
  });

  it('are never at a place of those who watched before', async () => {
    const { hub } = await givenHub();
    const first = watch(hub, 'a');
    await first.next();
    const { place } = first;
    await first.return();
    const second = watch(hub, 'a');
    await second.next();

    expect(second.place).not.toBe(place);
    await second.return();
  });

  it('tell of a hint that comes while they read', async () => {
    const { hub, hint } = await givenHub();
    const gate = Promise.withResolvers<void>();
    let reads = 0;
    const read = everyState(
      async () => {
        reads += 1;
        if (reads === 1) await gate.promise;
        return reads;
      },
      () => hub.markOf('account', 'a'),
    );
    const stream = new LiveStream({ hub, topic: 'account', id: 'a', read });
    const first = stream.next();
    hint('account:a');
    gate.resolve();
    await first;

    expect((await stream.next()).value).toBe(2);
    await stream.return();
  });
});
