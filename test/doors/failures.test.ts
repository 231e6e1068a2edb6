import { DriverException } from '@mikro-orm/core';
import { GraphQLError } from 'graphql';
import { DatabaseError } from 'pg';
import Stripe from 'stripe';
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import { ConfigError } from '../../src/config/mistakes.ts';
import {
  DomainError,
  NotFound,
  ProviderUnavailable,
  RateLimited,
} from '../../src/platform/errors.ts';
import { startGateway, type TestAccount, type TestGateway } from '../support/gateway.ts';
import { DOORS } from './given-doors.ts';
import { RawSocket } from './raw-socket.ts';

// What is thrown and is no Error, the two executors word differently; nobody is shown either.
vi.unmock('../../src/edge/compiled-operations.ts');
// The resolvers would run for each way of answering: only the first of these lets them be replayed.
vi.unmock('../../src/edge/graphql-server.ts');

const SECRET = 'hunter2';
const SQL = `select secret_hash from api_key where prefix = '${SECRET}'`;
const PATH = '/srv/tollgate/src/features/account/api-key.store.ts';

/** What no answer may hold, whatever went wrong. */
const INSIDE =
  /hunter2|select |secret_hash|\/srv\/|\.ts\b|\bat [\w.]+ \(|node_modules|stack|sk_live|postgres|ECONN|127\.0\.0\.1/i;

class Unpromised extends DomainError {
  readonly code = 'SOMETHING_NEW';
}

function databaseError(code: string): Error {
  const error = new DatabaseError(`duplicate key: ${SQL}`, 100, 'error');
  return Object.assign(error, { code, detail: SECRET, table: 'api_key', query: SQL, file: PATH });
}

const circular = Object.assign(new Error(SECRET), { self: null as unknown });
circular.self = circular;

/** Everything that may be thrown in the inside, and the code that is shown for it. */
// biome-ignore format: a table is read by its rows.
const THROWN: readonly [what: string, thrown: () => unknown, code: string][] = [
  ['a bug', () => new TypeError(`Cannot read ${SECRET} of undefined`), 'INTERNAL_SERVER_ERROR'],
  ['a broken rule of the database', () => databaseError('23505'), 'INTERNAL_SERVER_ERROR'],
  ['a wrong statement', () => databaseError('42601'), 'INTERNAL_SERVER_ERROR'],
  ['an error of the mapper', () => new DriverException(databaseError('23505')), 'INTERNAL_SERVER_ERROR'],
  ['a database that is away', () => Object.assign(new Error(`connect ECONNREFUSED 127.0.0.1:5432 ${SECRET}`), { code: 'ECONNREFUSED' }), 'SERVICE_UNAVAILABLE'],
  ['a database that shuts down', () => databaseError('57P01'), 'SERVICE_UNAVAILABLE'],
  ['an error of the provider', () => new Stripe.errors.StripeAuthenticationError({ message: `Invalid API Key: sk_live_${SECRET}`, type: 'authentication_error', statusCode: 401 } as never), 'INTERNAL_SERVER_ERROR'],
  ['an error with a status of its own', () => Object.assign(new Error(SECRET), { statusCode: 400, status: 400, code: 'BAD_REQUEST' }), 'INTERNAL_SERVER_ERROR'],
  ['an error with extensions', () => Object.assign(new Error(SECRET), { extensions: { code: 'BAD_USER_INPUT', sql: SQL } }), 'INTERNAL_SERVER_ERROR'],
  ['an error of GraphQL from the inside', () => new GraphQLError(SECRET, { extensions: { code: 'BAD_USER_INPUT', sql: SQL, stacktrace: [PATH] } }), 'INTERNAL_SERVER_ERROR'],
  ['one that wraps another', () => new Error(`while ${SQL}`, { cause: new Error(SECRET) }), 'INTERNAL_SERVER_ERROR'],
  ['several at once', () => new AggregateError([new Error(SECRET)], SQL), 'INTERNAL_SERVER_ERROR'],
  ['a refusal that nobody promised', () => new Unpromised(SECRET, { sql: SQL }), 'INTERNAL_SERVER_ERROR'],
  ['a mistake in the settings', () => new ConfigError([`DATABASE_URL: ${SECRET}`]), 'INTERNAL_SERVER_ERROR'],
  ['one that names itself', () => circular, 'INTERNAL_SERVER_ERROR'],
  ['a text', () => SECRET, 'INTERNAL_SERVER_ERROR'],
  ['an object', () => ({ message: SECRET, sql: SQL }), 'INTERNAL_SERVER_ERROR'],
  ['an object without a prototype', () => Object.assign(Object.create(null), { sql: SQL }), 'INTERNAL_SERVER_ERROR'],
  ['nothing', () => undefined, 'INTERNAL_SERVER_ERROR'],
  ['null', () => null, 'INTERNAL_SERVER_ERROR'],
  ['a provider that is away', () => new ProviderUnavailable('Stripe does not answer.', {}, { cause: new Error(SECRET) }), 'PROVIDER_UNAVAILABLE'],
  ['a refusal', () => new NotFound('Account'), 'NOT_FOUND'],
  ['a limit', () => new RateLimited('Too many.', 7), 'RATE_LIMITED'],
];

describe('what goes wrong in the inside', () => {
  let gateway: TestGateway;
  let account: TestAccount;
  beforeAll(async () => {
    gateway = await startGateway();
    account = await gateway.createAccount();
  });
  afterEach(() => vi.restoreAllMocks());
  afterAll(() => gateway.close());

  describe.each(DOORS)('by %s', (_door, ask) => {
    it.each(THROWN)(
      'is told with its code and nothing of the inside: %s',
      async (_what, thrown, code) => {
        vi.spyOn(gateway.app.services.history, 'grantCount').mockImplementation(() => {
          throw thrown();
        });
        const errors = await ask(gateway, account.masterKey, {
          selection: 'creditGrants { totalCount }',
        });
        expect(errors).toHaveLength(1);
        expect(errors[0]?.extensions.code).toBe(code);
        expect(JSON.stringify(errors)).not.toMatch(INSIDE);
        if (code === 'INTERNAL_SERVER_ERROR') {
          expect(Object.keys(errors[0]?.extensions ?? {}).sort()).toEqual(['code', 'requestId']);
        }
      },
    );
  });

  it.each(THROWN)('is told no more when the key is looked up: %s', async (_what, thrown, code) => {
    vi.spyOn(gateway.app.services.apiKeys, 'authenticate').mockImplementation(() =>
      Promise.reject(thrown()),
    );
    const response = await fetch(`${gateway.url}/graphql`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', authorization: 'Bearer tg_any' },
      body: '{"query":"{ plans { slug } }"}',
    });
    const text = await response.text();
    expect(JSON.parse(text)).toMatchObject({ errors: [{ extensions: { code } }] });
    expect(response.status).toBeGreaterThanOrEqual(400);
    expect(text).not.toMatch(INSIDE);

    const gate = await fetch(`${gateway.url}/gate?metric=apiCalls`, {
      headers: { authorization: 'Bearer tg_any' },
    });
    expect(gate.status).toBeGreaterThanOrEqual(400);
    expect(await gate.text()).not.toMatch(INSIDE);

    const socket = await RawSocket.open(gateway.url);
    socket.send({ type: 'connection_init', payload: { Authorization: 'Bearer tg_any' } });
    const { code: closeCode, reason } = await socket.closed;
    expect([1013, 4500]).toContain(closeCode);
    expect(reason).not.toMatch(INSIDE);
  });

  it.each(THROWN)('is told no more when a stream is opened: %s', async (_what, thrown, code) => {
    vi.spyOn(gateway.app.services.balanceStreams, 'watchBalance').mockImplementation(() => {
      throw thrown();
    });
    const socket = await RawSocket.open(gateway.url);
    await socket.init(account.masterKey);
    socket.send({
      id: '1',
      type: 'subscribe',
      payload: { query: 'subscription { creditBalanceChanged { lagged } }' },
    });
    const errors = await socket.nextErrors();
    expect(errors[0]?.extensions.code).toBe(code);
    expect(JSON.stringify(errors)).not.toMatch(INSIDE);
    socket.close();
  });
});
