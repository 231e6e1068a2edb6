import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startGateway, type TestGateway } from '../support/gateway.ts';

describe('the headers of an answer', () => {
  let gateway: TestGateway;
  beforeAll(async () => {
    gateway = await startGateway();
  });
  afterAll(() => gateway.close());

  const JSON_TYPE = { 'content-type': 'application/json' };
  // biome-ignore format: a table is read by its rows.
  const ANSWERS: readonly [what: string, path: string, init: RequestInit, status: number][] = [
    ['GraphQL', '/graphql', { method: 'POST', headers: JSON_TYPE, body: '{"query":"{ plans { slug } }"}' }, 200],
    ['a mistake', '/graphql', { method: 'POST', headers: JSON_TYPE, body: '{"query":"{ pla' }, 400],
    ['a wrong key', '/graphql', { method: 'POST', headers: { ...JSON_TYPE, authorization: 'Bearer no' }, body: '{}' }, 401],
    ['too large a request', '/graphql', { method: 'POST', headers: JSON_TYPE, body: 'x'.repeat(1_100_000) }, 413],
    ['the gate', '/gate', {}, 401],
    ['a webhook without a signature', '/webhooks/stripe', { method: 'POST', headers: JSON_TYPE, body: '{}' }, 400],
    ['a webhook of another type', '/webhooks/stripe', { method: 'POST', body: '{}' }, 415],
    ['too large a webhook', '/webhooks/stripe', { method: 'POST', headers: JSON_TYPE, body: 'x'.repeat(300_000) }, 413],
    ['a look at the door for webhooks', '/webhooks/stripe', {}, 404],
    ['health', '/healthz', {}, 200],
    ['readiness', '/readyz', {}, 200],
    ['nothing', '/nothing', {}, 404],
    ['no address', '/%', {}, 400],
    ['no address of a webhook', '/webhooks/stripe%', { method: 'POST' }, 400],
    ['GraphiQL', '/graphiql', {}, 200],
  ];

  const initOf = (what: string) => ANSWERS.find(([name]) => name === what)?.[2] ?? {};

  it.each(ANSWERS)('protect browsers from misuse: %s', async (what, path, init, status) => {
    const { headers, ...answer } = await fetch(gateway.url + path, init).then((response) => ({
      headers: response.headers,
      status: response.status,
    }));
    expect(answer.status).toBe(status);
    expect(headers.get('x-content-type-options')).toBe('nosniff');
    expect(headers.get('x-frame-options')).toBe('DENY');
    expect(headers.get('referrer-policy')).toBe('no-referrer');
    expect(headers.get('strict-transport-security')).toContain('max-age=31536000');
    expect(headers.get('x-powered-by')).toBeNull();
    expect(headers.get('server')).toBeNull();
    expect(headers.get('x-request-id')).toMatch(/^[0-9a-f-]{36}$/);
    const policy = headers.get('content-security-policy');
    if (what === 'GraphiQL') expect(policy).toContain("connect-src 'self' ws: wss:");
    else expect(policy).toMatch(/^default-src 'none';/);
    expect(policy).toContain("frame-ancestors 'none'");
  });

  it.each<[string, RequestInit, string, string]>([
    ['/%', {}, 'Bad Request', 'look for a stray % in it'],
    ['/nothing', {}, 'Not Found', 'GraphQL is at /graphql'],
    [
      '/webhooks/stripe',
      initOf('a webhook of another type'),
      'Unsupported Media Type',
      'application/json',
    ],
    ['/webhooks/stripe', initOf('too large a webhook'), 'Content Too Large', 'at most 256 KiB'],
  ])('go with a problem that says what to do: %s', async (path, init, title, detail) => {
    const answer = await fetch(gateway.url + path, init);
    expect(answer.headers.get('content-type')).toContain('application/problem+json');
    expect(await answer.json()).toEqual({
      type: 'about:blank',
      title,
      status: answer.status,
      detail: expect.stringContaining(detail),
    });
  });

  it('forbid to keep what only its owner may see', async () => {
    const init = ANSWERS[0]?.[2];
    const answer = await fetch(`${gateway.url}/graphql`, init);
    expect(answer.headers.get('cache-control')).toBe('no-store');
  });

  it.each(['a-b_c.1:2', '0'.repeat(128)])(
    'give back the id that a request came with: %s',
    async (id) => {
      const answer = await fetch(`${gateway.url}/healthz`, { headers: { 'x-request-id': id } });
      expect(answer.headers.get('x-request-id')).toBe(id);
    },
  );

  it.each(['', '0'.repeat(129), 'a b', '{"a":1}', '<script>', 'a,b'])(
    'give a new id for one that is none: %s',
    async (id) => {
      const answer = await fetch(`${gateway.url}/healthz`, { headers: { 'x-request-id': id } });
      expect(answer.headers.get('x-request-id')).toMatch(/^[0-9a-f-]{36}$/);
    },
  );
});
