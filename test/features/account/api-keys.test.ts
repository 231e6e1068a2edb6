import { createHash } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ApiKeyService } from '../../../src/features/account/api-key.service.ts';
import { ApiKeyStore } from '../../../src/features/account/api-key.store.ts';
import { startGateway, type TestAccount, type TestGateway } from '../../support/gateway.ts';
import type { GraphClient } from '../../support/graph-client.ts';
import {
  ApiKeysDocument,
  CreateApiKeyDocument,
  CreditBalanceChangedDocument,
  OverviewDocument,
  RevokeApiKeyDocument,
} from '../../support/operations.generated.ts';

let gateway: TestGateway;
let other: TestGateway;
let account: TestAccount;
beforeAll(async () => {
  gateway = await startGateway();
  other = await startGateway({ database: gateway.database });
  account = await gateway.createAccount();
});
afterAll(async () => {
  await other.close();
  await gateway.close();
});

const create = (client: GraphClient, input: object) =>
  client.send(CreateApiKeyDocument, {
    input: { kind: 'MASTER', name: 'A key', ...input } as never,
  });
const made = async (input: object = {}, client = account.client) => {
  const { data, errors } = await create(client, input);
  if (!data) throw new Error(JSON.stringify(errors));
  return data.createApiKey;
};
const refusalOf = async (answer: ReturnType<GraphClient['send']>) => {
  const { errors, status } = await answer;
  return { status, code: errors[0]?.extensions.code, message: errors[0]?.message };
};
const statusWith = async (url: string, key: string) => {
  const response = await fetch(`${url}/graphql`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', authorization: `Bearer ${key}` },
    body: '{"query":"{ account { id } }"}',
  });
  await response.text();
  return response.status;
};

describe('a key', () => {
  it('is kept as a hash, and found by its prefix', async () => {
    const { secret, apiKey } = await made({
      kind: 'AGENT',
      scopes: ['billing:read'],
      agentId: 'a-1',
    });
    expect(secret).toMatch(/^tg_agent_[A-Za-z0-9]{12}_[A-Za-z0-9]{40}$/);
    expect(secret.split('_')[2]).toBe(apiKey.prefix);
    const { rows } = await gateway.app.services.database.pool.query(
      'select * from api_key where prefix = $1',
      [apiKey.prefix],
    );
    expect(rows[0].secret_hash).toEqual(createHash('sha256').update(secret).digest());
    expect(JSON.stringify(rows)).not.toContain(secret.split('_')[3]);
    const { apiKeys } = await account.client.request(ApiKeysDocument);
    expect(JSON.stringify(apiKeys)).not.toContain(secret.split('_')[3]);
    expect(apiKeys.at(-1)).toMatchObject({
      scopes: ['billing:read'],
      agentId: 'a-1',
      revokedAt: null,
    });
  });

  it('is refused in the same words, whatever is wrong with it', async () => {
    const { secret } = await made();
    const last = secret.endsWith('A') ? 'B' : 'A';
    const wrong = [
      secret.slice(0, -1) + last,
      secret.replace('tg_master', 'tg_admin'),
      secret.replace(/_[A-Za-z0-9]{12}_/, '_AAAAAAAAAAAA_'),
      `${secret}x`,
      'tg_master_',
      'nothing',
      'x'.repeat(8_000),
    ];
    for (const key of wrong) {
      expect(await refusalOf(gateway.as(key).send(OverviewDocument))).toEqual({
        status: 401,
        code: 'UNAUTHENTICATED',
        message: 'This key is unknown or revoked.',
      });
    }
    expect(await statusWith(gateway.url, secret)).toBe(200);
  });

  it.each([
    [
      { kind: 'AGENT' },
      'scopes must name at least one of billing:read, credits:spend, usage:record.',
    ],
    [{ kind: 'AGENT', scopes: [] }, 'scopes must name at least one of'],
    [{ kind: 'AGENT', scopes: ['billing:read', 'all'] }, 'scopes "all" does not exist'],
    [{ kind: 'AGENT', scopes: ['BILLING:READ'] }, 'scopes "BILLING:READ" does not exist'],
    [{ kind: 'MASTER', scopes: ['billing:read'] }, 'scopes are for agent keys only'],
    [{ kind: 'MASTER', name: '  ' }, 'name must not be empty.'],
    [{ kind: 'MASTER', name: 'a\0' }, 'name contains a NUL character.'],
    [{ kind: 'MASTER', name: 'n'.repeat(256) }, 'name is too long: at most 255 characters.'],
    [{ kind: 'MASTER', agentId: '\ud800' }, 'agentId contains half of a character'],
  ])('made of %j is refused', async (input, message) => {
    const refusal = await refusalOf(create(account.client, input));
    expect(refusal.code).toBe('BAD_USER_INPUT');
    expect(refusal.message).toContain(message);
  });

  it('of an account makes no administrators; an agent’s makes none at all', async () => {
    expect(await refusalOf(create(account.client, { kind: 'ADMIN' }))).toMatchObject({
      code: 'FORBIDDEN',
      status: 403,
    });
    const { secret } = await made({
      kind: 'AGENT',
      scopes: ['billing:read', 'credits:spend', 'usage:record'],
    });
    const agent = gateway.as(secret);
    for (const answer of [
      create(agent, {}),
      agent.send(ApiKeysDocument),
      agent.send(RevokeApiKeyDocument, { id: account.id }),
    ])
      expect(await refusalOf(answer)).toMatchObject({ code: 'MASTER_KEY_REQUIRED', status: 403 });
  });

  it('of somebody else looks like none', async () => {
    const stranger = await gateway.createAccount();
    const { apiKey } = await made();
    const revokeBy = (id: string) => refusalOf(stranger.client.send(RevokeApiKeyDocument, { id }));
    const none = await revokeBy('0198f7a2-0000-7000-8000-000000000000');
    expect(none).toMatchObject({ code: 'NOT_FOUND', message: 'API key not found.' });
    expect(await revokeBy(apiKey.id)).toEqual(none);
    expect(await revokeBy('nonsense')).toEqual(none);
    const list = stranger.client.send(ApiKeysDocument, { accountId: account.id });
    expect(await refusalOf(list)).toMatchObject({
      code: 'NOT_FOUND',
      message: 'Account not found.',
    });
    expect(await refusalOf(create(stranger.client, { accountId: account.id }))).toMatchObject({
      code: 'NOT_FOUND',
    });
  });
});

describe('a revoked key', () => {
  it('stops at once where it was revoked, within two seconds elsewhere, and closes its sockets', async () => {
    const { secret, apiKey } = await made();
    const here = gateway.live(secret);
    const there = other.live(secret);
    const untouched = gateway.live(account.masterKey);
    for (const socket of [here, there, untouched])
      await socket.subscribe(CreditBalanceChangedDocument, {}).next();
    for (const { url } of [gateway, other]) expect(await statusWith(url, secret)).toBe(200);

    const revokedAt = Date.now();
    await account.client.request(RevokeApiKeyDocument, { id: apiKey.id });
    expect(await statusWith(gateway.url, secret)).toBe(401);
    await expect.poll(() => statusWith(other.url, secret), { timeout: 2_000 }).toBe(401);
    for (const socket of [here, there]) expect((await socket.closed()).code).toBe(4403);
    expect(Date.now() - revokedAt).toBeLessThan(2_000);
    expect(await statusWith(gateway.url, account.masterKey)).toBe(200);
    const revocations = async () =>
      (await account.client.request(ApiKeysDocument)).apiKeys.map(({ id, revokedAt }) => [
        id,
        revokedAt,
      ]);
    const first = await revocations();
    await account.client.request(RevokeApiKeyDocument, { id: apiKey.id });
    expect(await revocations()).toEqual(first);
  });

  it('stops within moments even if nobody was told', async () => {
    const { secret, apiKey } = await made();
    expect(await statusWith(other.url, secret)).toBe(200);
    await gateway.app.services.database.pool.query(
      'update api_key set revoked_at = now() where id = $1',
      [apiKey.id],
    );
    await expect.poll(() => statusWith(other.url, secret), { timeout: 3_000 }).toBe(401);
  });

  it('is not trusted again by a look that began before it was revoked', async () => {
    const { secret, apiKey } = await made();
    const { database, clock, config } = gateway.app.services;
    const looked = Promise.withResolvers<void>();
    const revoked = Promise.withResolvers<void>();
    class SlowStore extends ApiKeyStore {
      override async proofs(prefixes: readonly string[]) {
        const found = await super.proofs(prefixes);
        looked.resolve();
        await revoked.promise;
        return found;
      }
    }
    const slow = new SlowStore(database);
    const service = new ApiKeyService({ database, clock, store: slow, adminKey: config.adminKey });
    const early = service.authenticate(secret);
    await looked.promise;
    await service.revokeKey(apiKey.id);
    revoked.resolve();
    await early;
    await expect(service.authenticate(secret)).rejects.toThrow('unknown or revoked');
  });
});
