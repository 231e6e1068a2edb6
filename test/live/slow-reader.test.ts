import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { RawSocket } from '../doors/raw-socket.ts';
import { startGateway, type TestGateway } from '../support/gateway.ts';
import { appendEntries, eventually, span } from './given.ts';

interface Event {
  readonly creditBalanceChanged: {
    readonly lagged: boolean;
    readonly balance: { readonly sequence: number };
    readonly transactions: readonly { readonly sequence: number; readonly description: string }[];
  };
}

const QUERY =
  'subscription { creditBalanceChanged { lagged balance { sequence } transactions { sequence description } } }';

describe('a subscriber that stops reading', () => {
  let gateway: TestGateway;
  beforeAll(async () => {
    gateway = await startGateway();
  });
  afterAll(() => gateway.close());

  it('is not piled up for, and is told that it lagged when it reads again', async () => {
    const account = await gateway.createAccount();
    const socket = await RawSocket.open(gateway.url);
    await socket.init(account.masterKey);
    socket.send({ id: '1', type: 'subscribe', payload: { query: QUERY } });
    const start = (await socket.next<Event>('next')).creditBalanceChanged.balance.sequence;

    socket.pause();
    const last = start + 100_000;
    for (let made = 0; made < 100_000; made += 1_000)
      await appendEntries(gateway.database, account.id, 1_000);
    socket.resume();

    let at = start;
    let read = 0;
    let lagged = 0;
    while (at < last) {
      const { creditBalanceChanged: event } = await socket.next<Event>('next');
      if (event.lagged) lagged += 1;
      else expect(event.transactions[0]?.sequence ?? at + 1).toBe(at + 1);
      read += event.transactions.length;
      at = event.balance.sequence;
    }
    expect(at).toBe(last);
    expect(lagged).toBeGreaterThanOrEqual(1);
    // What it was sent while it did not read is what the network took, not what was made.
    expect(read).toBeLessThan(50_000);

    await appendEntries(gateway.database, account.id, 1);
    const { creditBalanceChanged: next } = await socket.next<Event>('next');
    expect(next).toMatchObject({ lagged: false, transactions: [{ sequence: last + 1 }] });
    socket.close();
  });

  it('keeps nobody waiting who listens to the same, and goes on with them when it comes back', async () => {
    const account = await gateway.createAccount();
    const sockets = await Promise.all([1, 2, 3].map(() => RawSocket.open(gateway.url)));
    for (const socket of sockets) {
      await socket.init(account.masterKey);
      socket.send({ id: '1', type: 'subscribe', payload: { query: QUERY } });
    }
    const [start = 0] = await Promise.all(
      sockets.map(async (socket) => {
        const { creditBalanceChanged } = await socket.next<Event>('next');
        return creditBalanceChanged.balance.sequence;
      }),
    );
    const [slow, ...others] = sockets;
    const hear = async (
      socket: RawSocket | undefined,
      last: number,
      heard: number[] = [],
    ): Promise<number[]> => {
      for (let at = 0; at < last; ) {
        const event = (await socket?.next<Event>('next'))?.creditBalanceChanged;
        at = event?.balance.sequence ?? last;
        heard.push(...(event?.transactions.map(({ sequence }) => sequence) ?? []));
      }
      return heard;
    };
    const rounds = 60;
    const all = span(start + 1, start + rounds * 500);

    slow?.pause();
    const heardByOthers = others.map((): number[] => []);
    const hearing = others.map((socket, n) => hear(socket, start + all.length, heardByOthers[n]));
    for (let round = 0; round < rounds; round += 1) {
      await appendEntries(gateway.database, account.id, 500);
      // They are given time to hear of each, or on a busy machine they would lag themselves.
      await eventually(() => heardByOthers.every(({ length }) => length >= (round + 1) * 500));
    }
    for (const heard of await Promise.all(hearing)) expect(heard).toEqual(all);
    slow?.resume();
    const late = await hear(slow, start + all.length);

    expect(late).toEqual(late.toSorted((a, b) => a - b));
    expect(new Set(late).size).toBe(late.length);
    await appendEntries(gateway.database, account.id, 1);
    for (const socket of sockets)
      expect(await hear(socket, all.length + start + 1)).toEqual([all.length + start + 1]);
    for (const socket of sockets) socket.close();
  });
});
