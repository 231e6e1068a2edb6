import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import type { Duplex } from 'node:stream';
import type { ExecutionResult } from 'graphql';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { WebSocket, WebSocketServer } from 'ws';
import { LiveFrames } from '../../src/edge/live-frames.ts';
import { SharedResult } from '../../src/edge/shared-results.ts';

interface Pair {
  readonly server: WebSocket;
  readonly connection: Duplex;
  readonly client: WebSocket;
  readonly heard: string[];
}

describe('frames that are made once for many', () => {
  let sockets: WebSocketServer;
  beforeEach(async () => {
    sockets = new WebSocketServer({ port: 0, host: '127.0.0.1' });
    await once(sockets, 'listening');
  });
  afterEach(async () => {
    for (const client of sockets.clients) client.terminate();
    await new Promise((resolve) => sockets.close(resolve));
  });

  async function givenPair(): Promise<Pair> {
    const connected = once(sockets, 'connection');
    const client = new WebSocket(`ws://127.0.0.1:${(sockets.address() as AddressInfo).port}`);
    const heard: string[] = [];
    client.on('message', (data) => heard.push(String(data)));
    const [server, request] = (await connected) as [WebSocket, { socket: Duplex }];
    await once(client, 'open');
    return { server, connection: request.socket, client, heard };
  }

  async function hearAll({ client, heard }: Pair, count: number): Promise<unknown[]> {
    while (heard.length < count) await once(client, 'message');
    return heard.map((text) => JSON.parse(text));
  }

  const sharedOf = (result: ExecutionResult) => new SharedResult(result);

  it.each([1, 40, 60, 30_000, 40_000, 70_000])(
    'carry %i characters of any size, behind each id',
    async (size) => {
      const [one, other] = [await givenPair(), await givenPair()];
      const frames = new LiveFrames();
      const result = { data: { text: 'é'.repeat(size) } };
      const shared = sharedOf(result);

      expect(frames.sendAtOnce(one.server, one.connection, 'first', shared)).toBe(true);
      expect(frames.sendAtOnce(other.server, other.connection, 'other', shared)).toBe(true);

      const next = { type: 'next', payload: result };
      expect(await hearAll(one, 1)).toEqual([{ id: 'first', ...next }]);
      expect(await hearAll(other, 1)).toEqual([{ id: 'other', ...next }]);
    },
  );

  it.each(['"', '\\', 'é', '\n', ''])(
    'leave the id %j to somebody who knows how to write it',
    async (id) => {
      const { server, connection } = await givenPair();

      expect(new LiveFrames().sendAtOnce(server, connection, id, sharedOf({ data: {} }))).toBe(
        false,
      );
    },
  );

  it('carry one result after the other, of any size and behind ids of any length', async () => {
    const pair = await givenPair();
    const frames = new LiveFrames();
    const sent = [3, 30_000, 5, 70_000, 5, 16_000, 17_000].map((size, n) => {
      const id = 'i'.repeat(1 + (n % 3));
      const payload = { data: { n, text: 'é'.repeat(size) } };
      expect(frames.sendAtOnce(pair.server, pair.connection, id, sharedOf(payload))).toBe(true);
      return { id, type: 'next', payload };
    });

    expect(await hearAll(pair, sent.length)).toEqual(sent);
  });

  it('wait for nobody who does not read, and are not changed under what is still to be sent', async () => {
    const [stalled, other] = [await givenPair(), await givenPair()];
    const frames = new LiveFrames();
    const result = { data: { text: 'x'.repeat(4_000_000) } };
    const shared = sharedOf(result);
    stalled.client.pause();

    let taken = 0;
    while (frames.sendAtOnce(stalled.server, stalled.connection, 'slow', shared)) taken += 1;
    expect(frames.sendAtOnce(other.server, other.connection, 'fast', shared)).toBe(true);
    stalled.client.resume();

    expect(taken).toBeGreaterThan(0);
    const slow = (await hearAll(stalled, taken)) as { id: string }[];
    expect(slow.map(({ id }) => id)).toEqual(Array(taken).fill('slow'));
    expect(await hearAll(other, 1)).toEqual([{ id: 'fast', type: 'next', payload: result }]);
  });

  it('ask whether the peer is there, behind what is on its way', async () => {
    const pair = await givenPair();
    const frames = new LiveFrames();
    const pong = once(pair.server, 'pong');
    frames.sendAtOnce(pair.server, pair.connection, 'id', sharedOf({ data: { n: 1 } }));
    frames.ping(pair.server, pair.connection);

    expect(String((await pong)[0])).toBe('');
    expect(pair.heard).toHaveLength(1);
  });
});
