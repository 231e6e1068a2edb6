import { generateKeyPairSync } from 'node:crypto';
import { type JWTHeaderParameters, type JWTPayload, SignJWT, UnsecuredJWT } from 'jose';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startGateway, type TestAccount, type TestGateway } from '../../support/gateway.ts';
import type { GraphClient, GraphResponse } from '../../support/graph-client.ts';
import {
  AuditEventsDocument,
  CreateApiKeyDocument,
  CreateClientTokenDocument,
  CreditBalanceChangedDocument,
  OverviewDocument,
  RevokeApiKeyDocument,
} from '../../support/operations.generated.ts';

const environment = { TOKEN_SECRET: 'a-secret-that-only-these-tests-know!' };
let gateway: TestGateway;
let other: TestGateway;
let account: TestAccount;
beforeAll(async () => {
  gateway = await startGateway({ environment });
  other = await startGateway({ database: gateway.database, environment });
  account = await gateway.createAccount();
});
afterAll(async () => {
  await other.close();
  await gateway.close();
});

const mint = (client: GraphClient, input: { accountId?: string; ttlSeconds?: number } = {}) =>
  client.send(CreateClientTokenDocument, { input });
const minted = async (client = account.client, input = {}) => {
  const { data, errors } = await mint(client, input);
  if (!data) throw new Error(JSON.stringify(errors));
  return data.createClientToken;
};
const refusalOf = async (answer: Promise<GraphResponse<unknown>>) => {
  const { errors, status } = await answer;
  return `${status} ${errors[0]?.extensions.code}: ${errors[0]?.message}`;
};
const statusWith = async (url: string, token: string) => {
  const response = await fetch(`${url}/graphql`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', authorization: `Bearer ${token}` },
    body: '{"query":"{ account { id } }"}',
  });
  await response.text();
  return response.status;
};
const REFUSED =
  '401 UNAUTHENTICATED: This token is unknown, expired, or of a key that was revoked.';
const seconds = (ms = Date.now()) => Math.floor(ms / 1000);

/** A token that is right but for what the test makes wrong. */
async function signed(
  wrong: {
    claims?: JWTPayload;
    without?: string;
    header?: Partial<JWTHeaderParameters>;
    secret?: Parameters<SignJWT['sign']>[0];
  } = {},
): Promise<string> {
  const { id: kid, secret } = await gateway.app.services.clientTokenKeys.signing();
  const [key] = await gateway.app.services.apiKeys.keys(account.id);
  const claims: JWTPayload = {
    iss: 'tollgate',
    aud: 'tollgate-client',
    sub: account.id,
    jti: 'one',
    iat: seconds(),
    exp: seconds() + 300,
    key: key?.id,
    ...wrong.claims,
  };
  if (wrong.without !== undefined) delete claims[wrong.without];
  return new SignJWT(claims)
    .setProtectedHeader({ alg: 'HS256', kid, ...wrong.header })
    .sign(wrong.secret ?? secret);
}

describe('a client token', () => {
  it('reads and subscribes for its account, by HTTP and on sockets, at every process', async () => {
    const { token, expiresAt } = await minted();
    expect(Date.parse(expiresAt) - Date.now()).toBeGreaterThan(898_000);
    expect(Date.parse(expiresAt) - Date.now()).toBeLessThanOrEqual(900_000);
    for (const process of [gateway, other]) {
      const { account: own } = await process.as(token).request(OverviewDocument);
      expect(own?.id).toBe(account.id);
      const live = process.live(token).subscribe(CreditBalanceChangedDocument, {});
      expect((await live.next()).creditBalanceChanged.balance).toBeDefined();
    }
  });

  it('lives as long as it was asked for, from a minute to an hour', async () => {
    for (const ttlSeconds of [60, 3_600]) {
      const { expiresAt } = await minted(account.client, { ttlSeconds });
      expect(Math.abs(Date.parse(expiresAt) - Date.now() - ttlSeconds * 1_000)).toBeLessThan(2_000);
    }
    for (const ttlSeconds of [59, 3_601, 0, -1])
      expect(await refusalOf(mint(account.client, { ttlSeconds }))).toContain(
        'BAD_USER_INPUT: ttlSeconds must be from 60 to 3600.',
      );
  });

  it('is minted by a master key or an administrator, and by nobody else', async () => {
    const byAdmin = await minted(gateway.admin, { accountId: account.id });
    expect(await statusWith(gateway.url, byAdmin.token)).toBe(200);
    const { createApiKey } = await account.client.request(CreateApiKeyDocument, {
      input: { kind: 'AGENT', name: 'x', scopes: ['billing:read', 'credits:spend'] },
    });
    const { token } = await minted();
    for (const key of [createApiKey.secret, token])
      expect(await refusalOf(mint(gateway.as(key)))).toContain('403 MASTER_KEY_REQUIRED');
    expect(await refusalOf(mint(gateway.as(null)))).toContain('401 UNAUTHENTICATED');
    const stranger = await gateway.createAccount();
    expect(await refusalOf(mint(stranger.client, { accountId: account.id }))).toContain(
      'NOT_FOUND: Account not found.',
    );
    const { auditEvents } = await gateway.admin.request(AuditEventsDocument, {
      accountId: account.id,
      action: 'createClientToken',
    });
    expect(auditEvents.nodes.map(({ actorKind, outcome }) => `${actorKind} ${outcome}`)).toEqual(
      expect.arrayContaining(['MASTER NOT_FOUND', 'MASTER DONE', 'ADMIN DONE']),
    );
    expect(JSON.stringify(auditEvents)).not.toContain(token);
  });

  it('that is right in all is taken', async () => {
    expect(await statusWith(gateway.url, await signed())).toBe(200);
  });

  const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
  it.each<[string, () => Promise<string>]>([
    ['is not signed at all', async () => unsecured()],
    ['is signed by another algorithm', () => signed({ header: { alg: 'HS512' } })],
    ['is signed by a pair of keys', () => signed({ header: { alg: 'RS256' }, secret: privateKey })],
    ['is signed by another secret', () => signed({ secret: new Uint8Array(32) })],
    ['names no key', () => signed({ header: { kid: undefined } })],
    ['names an unknown key', () => signed({ header: { kid: crypto.randomUUID() } })],
    ['names a key that is no id', () => signed({ header: { kid: "' or 1=1 --" } })],
    ['is somebody else’s', () => signed({ claims: { iss: 'tollgate.example' } })],
    ['is for somebody else', () => signed({ claims: { aud: 'tollgate' } })],
    ['has expired', () => signed({ claims: { exp: seconds() - 1 } })],
    ['is not good yet', () => signed({ claims: { nbf: seconds() + 60 } })],
    ['never expires', () => signed({ without: 'exp' })],
    ['names no account', () => signed({ without: 'sub' })],
    ['names no minter', () => signed({ without: 'key' })],
    [
      'demands what we do not know',
      () => signed({ header: { crit: ['x'], x: 1 } }).catch(() => 'a.b.c'),
    ],
    ['was changed', async () => changed(await signed())],
    ['lost its signature', async () => (await signed()).replace(/[^.]+$/, 'AAAA')],
  ])('that %s is refused, in the same words', async (_, make) => {
    const token = await make();
    expect(await refusalOf(gateway.as(token).send(OverviewDocument))).toBe(REFUSED);
    expect(await gateway.live(token).subscribe(OverviewSubscription, {}).ended()).toMatchObject({
      code: 4401,
    });
  });

  it('closes its sockets when it expires', async () => {
    const socket = gateway.live(await signed({ claims: { exp: seconds() + 2 } }));
    await socket.subscribe(CreditBalanceChangedDocument, {}).next();
    expect(await socket.closed()).toMatchObject({ code: 4401, reason: 'This token has expired.' });
    expect(Date.now()).toBeGreaterThan((seconds() - 1) * 1000);
  });

  it('dies with the key that minted it, within two seconds and with its sockets', async () => {
    const { createApiKey: key } = await account.client.request(CreateApiKeyDocument, {
      input: { kind: 'MASTER', name: 'To be revoked' },
    });
    const { token } = await minted(gateway.as(key.secret));
    const { token: untouched } = await minted();
    const sockets = [gateway.live(token), other.live(token)];
    for (const socket of sockets) await socket.subscribe(CreditBalanceChangedDocument, {}).next();
    for (const { url } of [gateway, other]) expect(await statusWith(url, token)).toBe(200);

    const revokedAt = Date.now();
    await account.client.request(RevokeApiKeyDocument, { id: key.apiKey.id });
    await expect.poll(() => statusWith(gateway.url, token), { timeout: 2_000 }).toBe(401);
    await expect.poll(() => statusWith(other.url, token), { timeout: 2_000 }).toBe(401);
    for (const socket of sockets) expect((await socket.closed()).code).toBe(4403);
    expect(Date.now() - revokedAt).toBeLessThan(2_000);
    expect(await statusWith(gateway.url, untouched)).toBe(200);
  });

  it('has nothing to do with where the domain’s clock was moved', async () => {
    const { token } = await minted();
    const to = new Date(Date.now() + 2 * 86_400_000).toISOString();
    await gateway.admin.query(`mutation { advanceClock(to: "${to}") }`);
    expect(await statusWith(gateway.url, token)).toBe(200);
    expect(Date.parse((await minted()).expiresAt)).toBeLessThan(Date.now() + 901_000);
  });
});

const OverviewSubscription = CreditBalanceChangedDocument;

function unsecured(): string {
  return `${new UnsecuredJWT({
    iss: 'tollgate',
    aud: 'tollgate-client',
    sub: account.id,
    key: account.id,
    jti: 'x',
  })
    .setIssuedAt()
    .setExpirationTime('5m')
    .encode()}AAAA`;
}

/** Another account, under the same signature. */
function changed(token: string): string {
  const [header, payload = '', signature] = token.split('.');
  const claims = JSON.parse(Buffer.from(payload, 'base64url').toString());
  const forged = Buffer.from(JSON.stringify({ ...claims, sub: crypto.randomUUID() }));
  return [header, forged.toString('base64url'), signature].join('.');
}
