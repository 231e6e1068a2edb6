import { fastify } from 'fastify';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { gateRoute } from '../../src/edge/gate-route.ts';
import type { UsageGateService } from '../../src/features/usage/usage-gate.service.ts';
import { createLogger } from '../../src/platform/logger.ts';
import { become, record, statusOf, used } from '../features/usage/given.ts';
import { startGateway, type TestAccount, type TestGateway } from '../support/gateway.ts';

let gateway: TestGateway;
beforeAll(async () => {
  gateway = await startGateway();
});
afterAll(() => gateway?.close());

function ask(key: string | null, query: string, headers: Record<string, string> = {}) {
  return fetch(`${gateway.url}/gate?${query}`, {
    headers: { ...(key === null ? {} : { authorization: `Bearer ${key}` }), ...headers },
  });
}

async function problemOf(response: Response) {
  expect(response.headers.get('content-type')).toMatch(/^application\/problem\+json/);
  expect(response.headers.get('cache-control')).toBe('no-store');
  const problem = (await response.json()) as Record<string, unknown>;
  expect(problem).toMatchObject({
    type: 'about:blank',
    title: expect.any(String),
    status: response.status,
    detail: problem.message,
    error: expect.any(String),
  });
  return problem;
}

async function agentKey(account: TestAccount, scopes: readonly string[]): Promise<string> {
  const { createApiKey } = await account.client.query<{ createApiKey: { secret: string } }>(
    'mutation ($input: CreateApiKeyInput!) { createApiKey(input: $input) { secret } }',
    { input: { kind: 'AGENT', name: 'agent', scopes } },
  );
  return createApiKey.secret;
}

describe('the gate', () => {
  it('lets on what is within the limit, and counts nothing unless asked to', async () => {
    const account = await gateway.createAccount();
    const response = await ask(account.masterKey, 'metric=apiCalls&quantity=1000');
    expect(response.status).toBe(204);
    expect(response.headers.get('cache-control')).toBe('no-store');
    expect(await response.text()).toBe('');
    expect(await used(account)).toBe(0);
  });

  it('takes one as the quantity', async () => {
    const account = await gateway.createAccount();
    await record(account, { quantity: 999 });
    expect((await ask(account.masterKey, 'metric=apiCalls')).status).toBe(204);
    await record(account);
    expect((await ask(account.masterKey, 'metric=apiCalls')).status).toBe(402);
  });

  it.each(['false', 'true'])('answers 402 with what it would become (record=%s)', async (flag) => {
    const account = await gateway.createAccount();
    await record(account, { quantity: 998 });
    const response = await ask(account.masterKey, `metric=apiCalls&quantity=3&record=${flag}`);
    expect(response.status).toBe(402);
    expect(await problemOf(response)).toMatchObject({
      error: 'USAGE_LIMIT_EXCEEDED',
      usage: { metric: 'apiCalls', current: 1001, limit: 1000, resetsAt: expect.any(String) },
    });
    expect(await used(account)).toBe(998);
  });

  it('counts when asked to: once per key, each time without one', async () => {
    const account = await gateway.createAccount();
    const count = (headers: Record<string, string> = {}) =>
      ask(account.masterKey, 'metric=apiCalls&quantity=2&record=true', headers);
    const answers = [
      await count({ 'idempotency-key': 'request-1' }),
      await count({ 'idempotency-key': 'request-1' }),
      await count(),
      await count(),
    ];
    expect(answers.map(({ status }) => status)).toEqual([204, 204, 204, 204]);
    expect(await used(account)).toBe(6);
    const other = await ask(account.masterKey, 'metric=apiCalls&quantity=3&record=true', {
      'idempotency-key': 'request-1',
    });
    expect(other.status).toBe(409);
    expect(await problemOf(other)).toMatchObject({ error: 'IDEMPOTENCY_CONFLICT' });
  });

  it('lets exactly as many through at once as are left', async () => {
    const account = await gateway.createAccount();
    await record(account, { quantity: 950 });
    const answers = await Promise.all(
      Array.from({ length: 100 }, () => ask(account.masterKey, 'metric=apiCalls&record=true')),
    );
    const statuses = answers.map(({ status }) => status);
    expect(statuses.filter((status) => status === 204)).toHaveLength(50);
    expect(statuses.filter((status) => status === 402)).toHaveLength(50);
  });

  it("tells the lifecycle when what it counts passes the trial's limit, not when it only asks", async () => {
    const account = await gateway.createAccount();
    await ask(account.masterKey, 'metric=actions&quantity=1001');
    expect(await statusOf(gateway, account)).toBe('TRIAL');
    await ask(account.masterKey, 'metric=actions&quantity=1001&record=true');
    expect(await statusOf(gateway, account)).toBe('READONLY');
  });
});

describe('a status', () => {
  it.each([
    ['READONLY', 'metric=apiCalls', 204],
    ['READONLY', 'metric=apiCalls&deploy=true', 403],
    ['READONLY', 'deploy=true', 403],
    ['SUSPENDED', 'metric=apiCalls', 403],
    ['SUSPENDED', 'metric=apiCalls&record=true', 403],
    ['DELETED', 'metric=apiCalls', 403],
    ['ACTIVE', 'metric=apiCalls&deploy=true&record=true', 204],
    ['ACTIVE', 'deploy=true', 204],
  ])('%s answers %s with %i', async (status, query, expected) => {
    const account = await gateway.createAccount();
    await become(gateway, account.id, status);
    const response = await ask(account.masterKey, query);
    expect(response.status).toBe(expected);
    if (expected === 403) {
      const problem = await problemOf(response);
      expect(problem).toMatchObject({ error: 'ACCOUNT_BLOCKED', accountStatus: status });
    }
  });
});

describe('who may ask', () => {
  it('is refused without a key, and with one that is unknown', async () => {
    for (const key of [null, 'tg_master_unknown']) {
      const response = await ask(key, 'metric=apiCalls');
      expect(response.status).toBe(401);
      expect(response.headers.get('www-authenticate')).toBe('Bearer');
      expect(await problemOf(response)).toMatchObject({ error: 'UNAUTHENTICATED' });
    }
  });

  it('is an agent only with the scope usage:record', async () => {
    const account = await gateway.createAccount();
    const may = await agentKey(account, ['usage:record']);
    const mayNot = await agentKey(account, ['billing:read', 'credits:spend']);
    expect((await ask(may, 'metric=apiCalls&record=true')).status).toBe(204);
    const refused = await ask(mayNot, 'metric=apiCalls');
    expect(refused.status).toBe(403);
    expect(await problemOf(refused)).toMatchObject({ error: 'MASTER_KEY_REQUIRED' });
  });

  it("is not told of somebody else's account", async () => {
    const [mine, theirs] = [await gateway.createAccount(), await gateway.createAccount()];
    const response = await ask(mine.masterKey, `metric=apiCalls&accountId=${theirs.id}`);
    expect(response.status).toBe(404);
    expect(await problemOf(response)).toMatchObject({ error: 'NOT_FOUND' });
  });
});

describe('a request that says nothing clear', () => {
  it.each([
    ['quantity=1', /metric is required/],
    ['deploy=true&record=true', /metric is required/],
    ['metric=', /metric must be given once/],
    ['metric=apiCalls&metric=actions', /metric must be given once/],
    ['metric=unknown', /"unknown" is not in the catalogue/],
    ['metric=apiCalls&quantity=0', /must not be zero/],
    ['metric=apiCalls&quantity=-1', /more than zero/],
    ['metric=apiCalls&quantity=1.5', /must be an integer/],
    ['metric=apiCalls&quantity=1e3', /must be an integer/],
    ['metric=apiCalls&quantity=99999999999999999999', /must be an integer/],
    ['metric=apiCalls&quantity=9999999999999999', /must lie within/],
    ['metric=apiCalls&record=yes', /record must be true or false/],
    ['metric=apiCalls&recrod=true', /recrod is not known here/],
    ['metric=storage&quantity=-1', /below zero/],
    ['metric=storage&quantity=-1&record=true', /below zero/],
  ])('%s is refused', async (query, message) => {
    const account = await gateway.createAccount();
    const response = await ask(account.masterKey, query);
    expect(response.status).toBe(400);
    const problem = await problemOf(response);
    expect(problem.error).toBe('BAD_USER_INPUT');
    expect(problem.message).toMatch(message);
  });

  it('with an idempotency key that is empty is refused', async () => {
    const account = await gateway.createAccount();
    const response = await ask(account.masterKey, 'metric=apiCalls&record=true', {
      'idempotency-key': ' ',
    });
    expect(response.status).toBe(400);
  });
});

describe('when something fails', () => {
  const away = Object.assign(new Error('connect ECONNREFUSED'), { code: 'ECONNREFUSED' });
  const nobody = { kind: 'admin', keyId: 'key' } as const;

  it.each([
    ['the database is away', 503, async () => nobody, away],
    ['the gate itself has a bug', 500, async () => nobody, new TypeError('a secret detail')],
    ['keys cannot be read', 503, () => Promise.reject(away), null],
  ])('%s, it stays shut (%i)', async (_what, status, admit, failure) => {
    const server = fastify();
    const gate = { letThrough: () => Promise.reject(failure) } as unknown as UsageGateService;
    await server.register(gateRoute({ admit, gate, logger: createLogger('silent') }));
    const url = await server.listen({ host: '127.0.0.1', port: 0 });

    const response = await fetch(`${url}/gate?metric=apiCalls&accountId=a`);

    expect(response.status).toBe(status);
    const problem = await problemOf(response);
    expect(JSON.stringify(problem)).not.toMatch(/secret|ECONNREFUSED/);
    await server.close();
  });
});
