import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { eventually } from '../live/given.ts';
import { startGateway, type TestAccount, type TestGateway } from '../support/gateway.ts';
import { ApiKeysDocument, CreateApiKeyDocument } from '../support/operations.generated.ts';
import { createTestDatabase, type TestDatabase } from '../support/postgres.ts';
import { RawSocket } from './raw-socket.ts';

const BALANCE = 'subscription { creditBalanceChanged { balance { available } } }';
const PER_KEY = 40;
const PER_ADDRESS = 30;
const WRONG_KEYS = 10;

function counter(): () => number {
  let count = 0;
  return () => {
    count += 1;
    return count;
  };
}

describe('how often one may ask', () => {
  let database: TestDatabase;
  let gateway: TestGateway;
  let other: TestGateway;
  let account: TestAccount;

  beforeAll(async () => {
    database = await createTestDatabase();
    const environment = {
      RATE_LIMIT_PER_KEY: String(PER_KEY),
      RATE_LIMIT_PER_ADDRESS: String(PER_ADDRESS),
      RATE_LIMIT_WRONG_KEYS: String(WRONG_KEYS),
      TRUSTED_PROXIES: '127.0.0.0/8',
      SOCKETS_PER_KEY: '3',
      SOCKETS_PER_ADDRESS: '5',
    };
    gateway = await startGateway({ database, environment });
    other = await startGateway({ database, environment });
    account = await gateway.createAccount();
  });
  afterAll(async () => {
    await gateway.close();
    await other.close();
    await database.drop();
  });

  async function givenKey(): Promise<string> {
    const { createApiKey } = await account.client.request(CreateApiKeyDocument, {
      input: { kind: 'MASTER', name: 'Key' },
    });
    return createApiKey.secret;
  }

  /** Asks for plans from an address, as a proxy would pass it on. */
  function ask(from: string, key: string | null, at = gateway): Promise<Response> {
    return fetch(`${at.url}/graphql`, {
      method: 'POST',
      headers: {
        'content-type': 'application/json',
        'x-forwarded-for': from,
        ...(key === null ? {} : { authorization: `Bearer ${key}` }),
      },
      body: '{"query":"{ plans { slug } }"}',
    });
  }

  async function statuses(count: number, once: () => Promise<Response>): Promise<number[]> {
    const heard: number[] = [];
    for (let n = 0; n < count; n += 1) heard.push((await once()).status);
    return heard;
  }

  it('is limited for each key, and told with the time to come again', async () => {
    const key = await givenKey();
    expect(await statuses(PER_KEY, () => ask('10.0.0.1', key))).toEqual(Array(PER_KEY).fill(200));
    const refused = await ask('10.0.0.2', key);
    expect(refused.status).toBe(429);
    const wait = Number(refused.headers.get('retry-after'));
    expect(wait).toBeGreaterThan(0);
    expect(wait).toBeLessThanOrEqual(121);
    expect(await refused.json()).toEqual({
      errors: [
        {
          message: `Too many requests came with this key. Come again in ${wait} s.`,
          extensions: { code: 'RATE_LIMITED', retryAfterSeconds: wait },
        },
      ],
    });
    expect((await ask('10.0.0.1', await givenKey())).status).toBe(200);
  });

  it('is limited for each key at every process, at the gate and on sockets too', async () => {
    const key = await givenKey();
    await statuses(PER_KEY, () => ask('10.0.0.3', key));
    await eventually(async () => (await ask('10.0.0.3', key, other)).status === 429);

    const gate = await fetch(`${gateway.url}/gate?metric=apiCalls`, {
      headers: { authorization: `Bearer ${key}` },
    });
    expect(gate.status).toBe(429);
    expect(Number(gate.headers.get('retry-after'))).toBeGreaterThan(0);
    expect(gate.headers.get('content-type')).toContain('application/problem+json');
    expect(await gate.json()).toMatchObject({ status: 429, error: 'RATE_LIMITED' });

    const socket = await RawSocket.open(gateway.url);
    socket.send({ type: 'connection_init', payload: { Authorization: `Bearer ${key}` } });
    expect(await socket.closed).toEqual({
      code: 1013,
      reason: expect.stringContaining('Too many requests came with this key.'),
    });
  });

  it('counts what is asked on a socket', async () => {
    const key = await givenKey();
    await statuses(PER_KEY - 2, () => ask('10.0.0.4', key));
    const socket = await RawSocket.open(gateway.url);
    await socket.init(key);
    socket.send({ id: '1', type: 'subscribe', payload: { query: BALANCE } });
    await socket.next('next');
    socket.send({ id: '2', type: 'subscribe', payload: { query: BALANCE } });
    expect(await socket.nextErrors()).toMatchObject([
      { extensions: { code: 'RATE_LIMITED', retryAfterSeconds: expect.any(Number) } },
    ]);
    socket.close();
  });

  it('is limited for each address when nobody says who it is', async () => {
    expect(await statuses(PER_ADDRESS, () => ask('10.1.0.1', null))).toEqual(
      Array(PER_ADDRESS).fill(200),
    );
    expect((await ask('10.1.0.1', null)).status).toBe(429);
    expect((await ask('10.1.0.2', null)).status).toBe(200);
    expect((await ask('10.1.0.1', await givenKey())).status).toBe(200);
  });

  it('takes the addresses of one network of IPv6 for one', async () => {
    const from = (n: number) => `2001:db8:1:2::${n.toString(16)}`;
    const next = counter();
    await statuses(PER_ADDRESS, () => ask(from(next()), null));
    expect((await ask('2001:db8:1:2:ffff:1:2:3', null)).status).toBe(429);
    expect((await ask('2001:db8:1:3::1', null)).status).toBe(200);
  });

  it('lets an address guess a few keys only, and does not look the others up', async () => {
    const good = await givenKey();
    expect((await ask('10.2.0.1', good)).status).toBe(200);
    const unused = await givenKey();
    const next = counter();
    const guess = () =>
      ask('10.2.0.1', `tg_master_${String(next()).padStart(12, '0')}_${'x'.repeat(40)}`);
    expect(await statuses(WRONG_KEYS, guess)).toEqual(Array(WRONG_KEYS).fill(401));

    const lookedUp = vi.spyOn(gateway.app.services.apiKeys, 'authenticate');
    expect(await statuses(3, guess)).toEqual([429, 429, 429]);
    expect((await ask('10.2.0.1', unused)).status).toBe(429);
    expect(lookedUp).not.toHaveBeenCalled();
    lookedUp.mockRestore();

    expect((await ask('10.2.0.1', good)).status).toBe(200);
    expect((await ask('10.2.0.2', unused)).status).toBe(200);
  });

  it('believes a proxy that is trusted, and nobody else', async () => {
    const direct = await startGateway({ database, environment: { RATE_LIMIT_PER_ADDRESS: '5' } });
    const next = counter();
    const spoofed = await statuses(6, () => ask(`10.3.0.${next()}`, null, direct));
    expect(spoofed).toEqual([200, 200, 200, 200, 200, 429]);
    await direct.close();
    // Behind a trusted proxy the last name is its own; what stands before it anybody may have written.
    await statuses(PER_ADDRESS, () => ask(`10.4.0.${next()}, 10.3.9.9`, null));
    expect((await ask('10.3.9.9', null)).status).toBe(429);
  });

  it('has at most so many sockets open with one key, and lets another in when one closes', async () => {
    const key = await givenKey();
    const open = async (from: string) => {
      const socket = await RawSocket.open(gateway.url, { headers: { 'x-forwarded-for': from } });
      socket.send({ type: 'connection_init', payload: { Authorization: `Bearer ${key}` } });
      return socket;
    };
    const sockets = await Promise.all(['10.5.0.1', '10.5.0.2', '10.5.0.3'].map(open));
    for (const socket of sockets) await socket.next('connection_ack');
    const fourth = await open('10.5.0.4');
    expect(await fourth.closed).toEqual({
      code: 1013,
      reason: 'Too many sockets are open with this key.',
    });
    sockets[0]?.close();
    await eventually(async () => {
      const again = await open('10.5.0.4');
      const isIn = await again.next('connection_ack').then(
        () => true,
        () => false,
      );
      if (isIn) sockets.push(again);
      return isIn;
    });
    for (const socket of sockets) socket.close();
  });

  it('has at most so many sockets open from one address, with or without a key', async () => {
    const headers = { 'x-forwarded-for': '10.6.0.1' };
    const sockets = await Promise.all(
      Array.from({ length: 5 }, () => RawSocket.open(gateway.url, { headers })),
    );
    await expect(RawSocket.open(gateway.url, { headers })).rejects.toThrow('HTTP 429');
    const elsewhere = await RawSocket.open(gateway.url, {
      headers: { 'x-forwarded-for': '10.6.0.2' },
    });
    elsewhere.close();
    sockets[0]?.close();
    await eventually(() =>
      RawSocket.open(gateway.url, { headers }).then(
        (socket) => sockets.push(socket) > 0,
        () => false,
      ),
    );
    for (const socket of sockets) socket.close();
  });

  it('does not ask whether the gateway lives or is ready', async () => {
    const alive = await statuses(PER_ADDRESS + 10, () => fetch(`${gateway.url}/healthz`));
    expect(new Set(alive)).toEqual(new Set([200]));
  });

  it('is generous by default', async () => {
    const usual = await startGateway({ database });
    const client = usual.as(account.masterKey);
    const answers = await Promise.all(
      Array.from({ length: 500 }, () => client.send(ApiKeysDocument)),
    );
    expect(answers.every(({ status }) => status === 200)).toBe(true);
    await usual.close();
  });
});
