import { Client } from 'pg';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { cutListeners } from '../live/given.ts';
import { startGateway, type TestAccount, type TestGateway } from '../support/gateway.ts';
import {
  ApiKeysDocument,
  CreateApiKeyDocument,
  CreditBalanceChangedDocument,
  RevokeApiKeyDocument,
} from '../support/operations.generated.ts';
import { createTestDatabase, type TestDatabase } from '../support/postgres.ts';
import { RawSocket } from './raw-socket.ts';

const BALANCE = 'subscription { creditBalanceChanged { balance { available } } }';

describe('the socket door', () => {
  let database: TestDatabase;
  let gateway: TestGateway;
  let other: TestGateway;
  let account: TestAccount;

  beforeAll(async () => {
    database = await createTestDatabase();
    gateway = await startGateway({ database });
    other = await startGateway({ database });
    account = await gateway.createAccount({ credits: '10' });
  });
  afterAll(async () => {
    await gateway.close();
    await other.close();
    await database.drop();
  });

  /** An agent key of the account, with what revokes it. */
  async function givenAgentKey(scopes = ['billing:read']) {
    const { createApiKey: made } = await account.client.request(CreateApiKeyDocument, {
      input: { kind: 'AGENT', name: 'Agent', scopes },
    });
    const { id } = made.apiKey;
    return {
      id,
      secret: made.secret,
      revoke: () => account.client.request(RevokeApiKeyDocument, { id }),
    };
  }

  async function refusalOf(payload: object | undefined) {
    const socket = await RawSocket.open(gateway.url);
    socket.send({ type: 'connection_init', payload });
    return socket.closed;
  }

  async function errorsOf(query: string, extra: object = {}, key = account.masterKey) {
    const socket = await RawSocket.open(gateway.url);
    await socket.init(key);
    socket.send({ id: '1', type: 'subscribe', payload: { query, ...extra } });
    const errors = await socket.nextErrors();
    socket.close();
    return errors;
  }

  it.each([
    ['without a credential', undefined, 'A key is needed'],
    ['with an empty one', { Authorization: '' }, 'A key is needed'],
    ['with one that is no bearer token', { Authorization: 'Basic abc' }, 'must read "Bearer tg_'],
    ['with one that is no text', { Authorization: 17 }, 'must read "Bearer tg_'],
    ['with a wrong key', { Authorization: 'Bearer tg_master_no' }, 'unknown or revoked'],
  ])('closes a socket that comes %s, and says why', async (_name, payload, reason) => {
    expect(await refusalOf(payload)).toEqual({
      code: 4401,
      reason: expect.stringContaining(reason),
    });
  });

  it('closes a socket that comes with a revoked key', async () => {
    const key = await givenAgentKey();
    await key.revoke();
    expect(await refusalOf({ Authorization: `Bearer ${key.secret}` })).toEqual({
      code: 4401,
      reason: 'This key is unknown or revoked.',
    });
  });

  it('closes the open sockets of a key when it is revoked, on every gateway', async () => {
    const key = await givenAgentKey();
    const sockets = [await RawSocket.open(gateway.url), await RawSocket.open(other.url)];
    for (const socket of sockets) {
      await socket.init(key.secret);
      socket.send({ id: '1', type: 'subscribe', payload: { query: BALANCE } });
      await socket.next('next');
    }
    const bystander = await RawSocket.open(other.url);
    await bystander.init(account.masterKey);

    const revokedAt = performance.now();
    await key.revoke();

    for (const socket of sockets)
      expect(await socket.closed).toEqual({ code: 4403, reason: 'This key was revoked.' });
    expect(performance.now() - revokedAt).toBeLessThan(2_000);
    bystander.send({ type: 'ping' });
    await bystander.next('pong');
    bystander.close();
  });

  it('closes the sockets of keys that were revoked while nobody could tell', async () => {
    const key = await givenAgentKey();
    const socket = await RawSocket.open(gateway.url);
    await socket.init(key.secret);
    const client = new Client({ connectionString: database.ownerUrl });
    await client.connect();
    await client.query('update api_key set revoked_at = now() where id = $1', [key.id]);
    await client.end();

    await cutListeners(database);

    expect(await socket.closed).toMatchObject({ code: 4403 });
  });

  it('tells an agent key without the scope that the master key is needed', async () => {
    const key = await givenAgentKey(['credits:spend']);
    const ended = await gateway
      .live(key.secret)
      .subscribe(CreditBalanceChangedDocument, {})
      .ended();
    expect(ended).toMatchObject([
      { extensions: { code: 'MASTER_KEY_REQUIRED' }, path: ['creditBalanceChanged'] },
    ]);
  });

  it('does not tell another account from one that does not exist', async () => {
    const stranger = await gateway.createAccount();
    const missing = '00000000-0000-7000-8000-000000000000';
    const live = gateway.live(account.masterKey);
    const ends = await Promise.all(
      [stranger.id, missing, 'nonsense'].map((accountId) =>
        live.subscribe(CreditBalanceChangedDocument, { accountId }).ended(),
      ),
    );
    for (const end of ends) {
      expect(end).toMatchObject([
        { message: 'Account not found.', extensions: { code: 'NOT_FOUND' } },
      ]);
    }
    const order = await live
      .subscribeText('subscription { orderChanged(id: "nonsense") { id } }')
      .ended();
    expect(order).toMatchObject([{ extensions: { code: 'NOT_FOUND' } }]);
  });

  it('leaves the other subscriptions of a socket alone when one is refused', async () => {
    const live = gateway.live(account.masterKey);
    const good = live.subscribe(CreditBalanceChangedDocument, {});
    await live.subscribe(CreditBalanceChangedDocument, { accountId: 'nonsense' }).ended();
    expect((await good.next()).creditBalanceChanged.balance.total).toBe('10');
  });

  it.each([
    ['a syntax error', 'subscription {', {}, 'GRAPHQL_PARSE_FAILED'],
    ['an unknown field', 'subscription { weather }', {}, 'GRAPHQL_VALIDATION_FAILED'],
    [
      'two fields at once',
      'subscription { a: creditBalanceChanged { lagged } b: creditBalanceChanged { lagged } }',
      {},
      'GRAPHQL_VALIDATION_FAILED',
    ],
    [
      'a literal of the wrong type',
      BALANCE.replace('Changed', 'Changed(after: 1.5)'),
      {},
      'BAD_USER_INPUT',
    ],
    [
      'a variable of the wrong type',
      'subscription ($after: SafeInt) { creditBalanceChanged(after: $after) { lagged } }',
      { variables: { after: 1.5 } },
      'BAD_USER_INPUT',
    ],
    ['an unknown operation', BALANCE, { operationName: 'Other' }, 'OPERATION_RESOLUTION_FAILURE'],
    ['a query', '{ plans { slug } }', {}, 'BAD_REQUEST'],
    ['a mutation', 'mutation { revokeApiKey(id: "1") { id } }', {}, 'BAD_REQUEST'],
    ['a look at the schema', '{ __schema { types { name } } }', {}, 'BAD_REQUEST'],
  ])('refuses %s, and keeps the socket', async (_name, query, extra, code) => {
    const [error] = await errorsOf(query, extra);
    expect(error?.extensions.code).toBe(code);
    if (code === 'BAD_REQUEST') expect(error?.message).toContain('by HTTP to /graphql');
    if (code === 'BAD_USER_INPUT') expect(error?.message).toContain('after');
  });

  it('refuses more than a hundred subscriptions on one socket', async () => {
    const socket = await RawSocket.open(gateway.url);
    await socket.init(account.masterKey);
    for (let id = 1; id <= 100; id += 1)
      socket.send({ id: `${id}`, type: 'subscribe', payload: { query: BALANCE } });
    for (let id = 1; id <= 100; id += 1) await socket.next('next');
    socket.send({ id: '101', type: 'subscribe', payload: { query: BALANCE } });
    expect(await socket.nextErrors()).toMatchObject([{ extensions: { code: 'BAD_REQUEST' } }]);
    socket.send({ id: '1', type: 'complete' });
    socket.send({ id: '102', type: 'subscribe', payload: { query: BALANCE } });
    await socket.next('next');
    socket.close();
  });

  it('closes a socket on a message that is too large', async () => {
    const socket = await RawSocket.open(gateway.url);
    await socket.init(account.masterKey);
    socket.send({ id: '1', type: 'subscribe', payload: { query: BALANCE + ' '.repeat(70_000) } });
    expect((await socket.closed).code).toBe(1009);
  });

  it.each([
    ['is no JSON', 'hello'],
    ['is of no known type', { type: 'shout' }],
    ['has no query', { id: '1', type: 'subscribe', payload: {} }],
  ])('closes a socket on a message that %s', async (_name, message) => {
    const socket = await RawSocket.open(gateway.url);
    await socket.init(account.masterKey);
    socket.send(message);
    expect(await socket.closed).toEqual({ code: 4400, reason: 'Invalid message received' });
  });

  it('closes a socket that subscribes before it says who it is', async () => {
    const socket = await RawSocket.open(gateway.url);
    socket.send({ id: '1', type: 'subscribe', payload: { query: BALANCE } });
    expect((await socket.closed).code).toBe(4401);
  });

  it('closes a socket that does not say who it is in time', async () => {
    const socket = await RawSocket.open(gateway.url);
    expect((await socket.closed).code).toBe(4408);
  });

  it('closes a socket that does not speak the protocol', async () => {
    const socket = await RawSocket.open(gateway.url, { protocol: null });
    expect((await socket.closed).code).toBe(4406);
    await expect(RawSocket.open(gateway.url, { protocol: 'graphql-ws' })).rejects.toThrow();
  });

  it.each(['/', '/graphiql', '/graphqls', '/socket'])('opens no socket at %s', async (path) => {
    await expect(RawSocket.open(gateway.url, { path })).rejects.toThrow('HTTP 404');
  });

  it('does not mind a client that goes away in the middle of everything', async () => {
    const socket = await RawSocket.open(gateway.url);
    socket.send({ type: 'connection_init', payload: { Authorization: 'Bearer tg_master_no' } });
    socket.close();
    const { apiKeys } = await account.client.request(ApiKeysDocument);
    expect(apiKeys.length).toBeGreaterThan(0);
  });
});
