import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startGateway, type TestGateway } from '../support/gateway.ts';
import { RawSocket } from './raw-socket.ts';

const OURS = 'https://app.example.com';
const FOREIGN = 'https://evil.example';

describe('a page of another origin', () => {
  let closed: TestGateway;
  let open: TestGateway;
  beforeAll(async () => {
    closed = await startGateway();
    open = await startGateway({
      environment: { ALLOWED_ORIGINS: `${OURS}, http://localhost:3000` },
    });
  });
  afterAll(async () => {
    await closed.close();
    await open.close();
  });

  /** What a browser asks before it lets a page send a key. */
  function preflight(gateway: TestGateway, origin: string, path = '/graphql'): Promise<Response> {
    return fetch(gateway.url + path, {
      method: 'OPTIONS',
      headers: {
        origin,
        'access-control-request-method': 'POST',
        'access-control-request-headers': 'authorization,content-type',
      },
    });
  }

  function post(gateway: TestGateway, origin: string): Promise<Response> {
    return fetch(`${gateway.url}/graphql`, {
      method: 'POST',
      headers: { origin, 'content-type': 'application/json' },
      body: '{"query":"{ plans { slug } }"}',
    });
  }

  const allowed = (response: Response) => response.headers.get('access-control-allow-origin');

  it.each([OURS, 'http://localhost:3000'])('may ask when it was allowed: %s', async (origin) => {
    const asked = await preflight(open, origin);
    expect(asked.status).toBe(204);
    expect(allowed(asked)).toBe(origin);
    expect(asked.headers.get('access-control-allow-headers')).toContain('authorization');
    expect(asked.headers.get('access-control-allow-credentials')).toBeNull();
    const answer = await post(open, origin);
    expect(answer.status).toBe(200);
    expect(allowed(answer)).toBe(origin);
    expect(answer.headers.get('vary')?.toLowerCase()).toContain('origin');
    expect(answer.headers.get('access-control-expose-headers')).toContain('retry-after');
  });

  it('reads why it was refused, when it was allowed to ask', async () => {
    const answer = await fetch(`${open.url}/graphql`, {
      method: 'POST',
      headers: { origin: OURS, 'content-type': 'application/json', authorization: 'Bearer no' },
      body: '{"query":"{ plans { slug } }"}',
    });
    expect(answer.status).toBe(401);
    expect(allowed(answer)).toBe(OURS);
  });

  it.each([
    FOREIGN,
    'null',
    `${OURS}.evil.example`,
    'http://app.example.com',
    `${OURS}:8443`,
    'http://localhost:3001',
  ])('is not let in by its browser otherwise: %s', async (origin) => {
    for (const gateway of [open, closed]) {
      expect(allowed(await preflight(gateway, origin))).toBeNull();
      expect(allowed(await post(gateway, origin))).toBeNull();
    }
    expect(allowed(await preflight(closed, OURS))).toBeNull();
  });

  it('is let in nowhere but at /graphql', async () => {
    for (const path of ['/gate', '/webhooks/stripe', '/readyz', '/graphiql']) {
      expect(allowed(await preflight(open, OURS, path))).toBeNull();
    }
  });

  it.each([
    ['a form', { 'content-type': 'application/x-www-form-urlencoded' }],
    ['plain text', { 'content-type': 'text/plain' }],
    ['no type at all', {}],
  ])('cannot make a browser send %s without a preflight', async (_what, headers) => {
    const response = await fetch(`${open.url}/graphql`, {
      method: 'POST',
      headers: { origin: FOREIGN, ...headers },
      body: new TextEncoder().encode('{"query":"mutation { revokeApiKey(id: \\"1\\") { id } }"}'),
    });
    expect([400, 415]).toContain(response.status);
  });

  it('opens a socket only when it was allowed', async () => {
    const socket = await RawSocket.open(open.url, { headers: { origin: OURS } });
    socket.close();
    for (const origin of [FOREIGN, 'null', `${OURS}.evil.example`]) {
      await expect(RawSocket.open(open.url, { headers: { origin } })).rejects.toThrow('HTTP 403');
    }
    await expect(RawSocket.open(closed.url, { headers: { origin: OURS } })).rejects.toThrow(
      'HTTP 403',
    );
  });

  it("needs no leave when it is the gateway's own, and neither does a program", async () => {
    const own = await RawSocket.open(closed.url, { headers: { origin: closed.url } });
    own.close();
    const program = await RawSocket.open(closed.url);
    program.close();
  });
});
