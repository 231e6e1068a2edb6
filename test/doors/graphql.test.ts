import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startGateway, type TestAccount, type TestGateway } from '../support/gateway.ts';
import type { GraphErrorShown } from '../support/graph-client.ts';

interface Answer {
  readonly status: number;
  readonly headers: Headers;
  readonly text: string;
  readonly body: { readonly data?: unknown; readonly errors?: readonly GraphErrorShown[] };
}

describe('the HTTP door', () => {
  let gateway: TestGateway;
  let account: TestAccount;
  beforeAll(async () => {
    gateway = await startGateway();
    account = await gateway.createAccount({ credits: '10' });
  });
  afterAll(() => gateway.close());

  async function ask(init: RequestInit = {}, path = '/graphql'): Promise<Answer> {
    const response = await fetch(gateway.url + path, init);
    const text = await response.text();
    const isJson = /json/.test(response.headers.get('content-type') ?? '');
    return {
      status: response.status,
      headers: response.headers,
      text,
      body: isJson ? JSON.parse(text) : {},
    };
  }

  function post(body: unknown, headers: Record<string, string> = {}): Promise<Answer> {
    return ask({
      method: 'POST',
      headers: {
        'content-type': 'application/json',
        authorization: `Bearer ${account.masterKey}`,
        ...headers,
      },
      body: typeof body === 'string' ? body : JSON.stringify(body),
    });
  }

  /** Nothing that a client is shown may tell of the inside. */
  function expectNoInside(text: string): void {
    expect(text).not.toMatch(/stacktrace|node_modules|\.ts:|\.js:|select |PostgreSQL/i);
  }

  it.each([
    ['a syntax error', { query: '{ plans {' }, 400, 'GRAPHQL_PARSE_FAILED'],
    ['an unknown field', { query: '{ weather }' }, 400, 'GRAPHQL_VALIDATION_FAILED'],
    [
      'an unknown operation',
      { query: 'query A { plans { slug } }', operationName: 'B' },
      400,
      'OPERATION_RESOLUTION_FAILURE',
    ],
    [
      'a subscription',
      { query: 'subscription { creditBalanceChanged { lagged } }' },
      400,
      'BAD_REQUEST',
    ],
    ['no query', {}, 400, 'BAD_REQUEST'],
    ['a batch', [{ query: '{ plans { slug } }' }], 400, 'BAD_REQUEST'],
    ['an empty batch', [], 400, 'BAD_REQUEST'],
    ['what is no object', '"hello"', 400, 'BAD_REQUEST'],
    ['what is no JSON', '{"query":', 400, 'BAD_REQUEST'],
    [
      'variables that are no object',
      { query: '{ plans { slug } }', variables: 'x' },
      400,
      'BAD_REQUEST',
    ],
  ])('refuses %s', async (_name, body, status, code) => {
    const answer = await post(body);
    expect(answer).toMatchObject({ status, body: { errors: [{ extensions: { code } }] } });
    expectNoInside(answer.text);
  });

  const SPEND =
    'mutation ($input: SpendCreditsInput!) { spendCredits(input: $input) { __typename } }';
  const CHECKOUT =
    'mutation ($input: CreateCheckoutInput!) { createCheckout(input: $input) { __typename } }';
  const ACCOUNT =
    'mutation ($input: CreateAccountInput!) { createAccount(input: $input) { masterKey } }';
  const BALANCE = 'query ($first: Int) { account { creditGrants(first: $first) { totalCount } } }';

  it.each([
    ['amount', SPEND, { amount: 'much', idempotencyKey: 'a' }],
    ['amount', SPEND, { amount: '1.0000001', idempotencyKey: 'a' }],
    ['amount', SPEND, { amount: 1.5, idempotencyKey: 'a' }],
    ['amount', SPEND, { amount: '1'.repeat(100_000), idempotencyKey: 'a' }],
    ['idempotencyKey', SPEND, { amount: '1', idempotencyKey: 5 }],
    ['idempotencyKey', SPEND, { amount: '1' }],
    ['nonsense', SPEND, { amount: '1', idempotencyKey: 'a', nonsense: 1 }],
    [
      'successUrl',
      CHECKOUT,
      { successUrl: 'nowhere', cancelUrl: 'http://localhost', idempotencyKey: 'a' },
    ],
    [
      'interval',
      CHECKOUT,
      {
        interval: 'DAILY',
        successUrl: 'http://localhost',
        cancelUrl: 'http://localhost',
        idempotencyKey: 'a',
      },
    ],
    ['timeZone', ACCOUNT, { externalId: 'x', name: 'x', timeZone: 'Mars/Base' }],
    ['currency', ACCOUNT, { externalId: 'x', name: 'x', currency: 'CREDITS' }],
    ['metadata', SPEND, { amount: '1', idempotencyKey: 'a', metadata: 'text' }],
  ])('names %s when its variable is wrong', async (field, query, input) => {
    const answer = await post({ query, variables: { input } });
    expect(answer.status).toBe(400);
    const [error] = answer.body.errors ?? [];
    expect(error?.extensions).toEqual({ code: 'BAD_USER_INPUT' });
    expect(error?.message).toContain(field);
    expect(answer.text.length).toBeLessThan(1_000);
    expectNoInside(answer.text);
  });

  it.each([
    [
      'amount',
      'mutation { spendCredits(input: { amount: "much", idempotencyKey: "a" }) { __typename } }',
    ],
    [
      'amount',
      'mutation { spendCredits(input: { amount: 1.5, idempotencyKey: "a" }) { __typename } }',
    ],
    [
      'successUrl',
      'mutation { createCheckout(input: { successUrl: "nowhere", cancelUrl: "http://a", idempotencyKey: "a" }) { __typename } }',
    ],
    [
      'timeZone',
      'mutation { createAccount(input: { externalId: "x", name: "x", timeZone: "Mars" }) { masterKey } }',
    ],
    [
      'currency',
      'mutation { createAccount(input: { externalId: "x", name: "x", currency: "C" }) { masterKey } }',
    ],
    ['first', '{ account { creditGrants(first: "two") { totalCount } } }'],
  ])('names %s when its literal is wrong', async (field, query) => {
    const answer = await post({ query });
    expect(answer.status).toBe(400);
    const [error] = answer.body.errors ?? [];
    expect(error?.extensions).toEqual({ code: 'BAD_USER_INPUT' });
    expect(error?.message).toContain(field);
    expectNoInside(answer.text);
  });

  it('names an argument that a field finds wrong', async () => {
    const answer = await post({ query: BALANCE, variables: { first: -1 } });
    expect(answer.body.errors).toMatchObject([
      { path: ['account', 'creditGrants'], extensions: { code: 'BAD_USER_INPUT', field: 'first' } },
    ]);
  });

  it('asks for a credential where one is needed, by status and header too', async () => {
    const query = '{ account { id } }';
    const anonymous = await ask({
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ query }),
    });
    const wrong = await post({ query }, { authorization: 'Bearer tg_master_wrong' });
    const other = await post({ query }, { authorization: 'Basic abc' });
    for (const answer of [anonymous, wrong, other]) {
      expect(answer.status).toBe(401);
      expect(answer.headers.get('www-authenticate')).toBe('Bearer');
      expect(answer.body.errors).toMatchObject([{ extensions: { code: 'UNAUTHENTICATED' } }]);
    }
  });

  it('gives what needs no credential to anybody, and refuses a wrong one even then', async () => {
    const query = '{ plans { slug } }';
    const body = JSON.stringify({ query });
    const headers = { 'content-type': 'application/json' };
    expect((await ask({ method: 'POST', headers, body })).status).toBe(200);
    expect((await post({ query }, { authorization: 'Bearer tg_master_wrong' })).status).toBe(401);
  });

  it('answers a query by GET, and refuses a mutation', async () => {
    const headers = {
      authorization: `Bearer ${account.masterKey}`,
      'apollo-require-preflight': '1',
    };
    const query = await ask({ headers }, `/graphql?query=${encodeURIComponent('{plans{slug}}')}`);
    expect(query.status).toBe(200);
    const mutation = encodeURIComponent('mutation { revokeApiKey(id: "1") { id } }');
    const refused = await ask({ headers }, `/graphql?query=${mutation}`);
    expect(refused.status).toBe(405);
  });

  it.each(['text/plain', 'application/x-www-form-urlencoded', 'multipart/form-data; boundary=x'])(
    'refuses what a foreign page could send without asking: %s',
    async (type) => {
      const query = `mutation { spendCredits(input: { amount: "1", idempotencyKey: "${type}" }) { __typename } }`;
      const answer = await post(JSON.stringify({ query }), { 'content-type': type });
      expect([400, 415]).toContain(answer.status);
      expect(answer.body.errors?.[0]?.extensions.code).toBe('BAD_REQUEST');
      const get = await ask({}, `/graphql?query=${encodeURIComponent('{plans{slug}}')}`);
      expect(get.status).toBe(400);
    },
  );

  it('refuses a body beyond a mebibyte, as JSON', async () => {
    const answer = await post({ query: '{ plans { slug } }', padding: 'x'.repeat(1_100_000) });
    expect(answer).toMatchObject({
      status: 413,
      body: {
        errors: [
          { message: 'A request has at most 1024 KiB.', extensions: { code: 'BAD_REQUEST' } },
        ],
      },
    });
  });

  it('shows of a failure of ours the request id and nothing else', async () => {
    const { history } = gateway.app.services;
    const broken = Object.assign(new TypeError('Cannot read secret of undefined'), { secret: 'x' });
    const original = history.grants;
    history.grants = () => Promise.reject(broken);
    try {
      const answer = await post({ query: BALANCE });
      const [error] = answer.body.errors ?? [];
      expect(error?.extensions).toEqual({
        code: 'INTERNAL_SERVER_ERROR',
        requestId: expect.stringMatching(/^[0-9a-f-]{36}$/),
      });
      expect(error?.message).toContain(String(error?.extensions.requestId));
      expect(answer.text).not.toContain('secret');
      expectNoInside(answer.text);
    } finally {
      history.grants = original;
    }
  });

  it('shows as a failure of ours what a field cannot write', async () => {
    const { history } = gateway.app.services;
    const original = history.grantCount;
    history.grantCount = () => Promise.resolve('many' as unknown as bigint);
    try {
      const [error] = (await post({ query: BALANCE })).body.errors ?? [];
      expect(error?.extensions.code).toBe('INTERNAL_SERVER_ERROR');
    } finally {
      history.grantCount = original;
    }
  });

  it('answers at other paths with a problem', async () => {
    const answer = await ask({}, '/nothing/here?secret=1');
    expect(answer.status).toBe(404);
    expect(answer.headers.get('content-type')).toContain('application/problem+json');
    expect(answer.text).toContain('There is nothing at GET /nothing/here.');
    expect((await ask({ method: 'DELETE' })).status).toBe(404);
  });
});

describe('the HTTP door in production', () => {
  let gateway: TestGateway;
  beforeAll(async () => {
    gateway = await startGateway({
      environment: {
        NODE_ENV: 'production',
        STRIPE_SECRET_KEY: 'sk_test_nobody',
        STRIPE_WEBHOOK_SECRETS: 'whsec_nobody',
        STRIPE_API_BASE: 'http://127.0.0.1:9',
        REDIRECT_ORIGINS: 'https://example.com',
      },
    });
  });
  afterAll(() => gateway.close());

  it('shows neither its schema nor GraphiQL', async () => {
    const client = gateway.as(null);
    const looked = await client.post({ query: '{ __schema { types { name } } }' });
    expect(looked.status).toBe(400);
    const guessed = await client.post({ query: '{ plan(slug: "x") { slugs } }' });
    expect(guessed.errors[0]?.message).not.toContain('Did you mean');
    expect((await fetch(`${gateway.url}/graphiql`)).status).toBe(404);
  });
});
