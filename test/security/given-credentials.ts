import { SignJWT } from 'jose';
import { checkout, newKey, pageOf } from '../flows/given-purchases.ts';
import type { TestAccount, TestGateway } from '../support/gateway.ts';
import type { Things } from './permissions.ts';

/** One of each, all of one account but the stranger's key and the administrator's; null: none. */
export async function givenCredentials(
  gateway: TestGateway,
  account: TestAccount,
  stranger: TestAccount,
): Promise<Map<string, string | null>> {
  const credentials = new Map<string, string | null>();
  const make = async (input: object) => {
    const { createApiKey } = await account.client.query<{
      createApiKey: { secret: string; apiKey: { id: string } };
    }>(
      'mutation ($input: CreateApiKeyInput!) { createApiKey(input: $input) { secret apiKey { id } } }',
      {
        input: { name: 'x', ...input },
      },
    );
    return createApiKey;
  };
  const mint = async (key: string) => {
    const { createClientToken } = await gateway
      .as(key)
      .query<{ createClientToken: { token: string } }>(
        'mutation { createClientToken(input: {}) { token } }',
      );
    return createClientToken.token;
  };
  credentials.set('none', null);
  for (const scope of ['billing:read', 'credits:spend', 'usage:record'])
    credentials.set(`agent ${scope}`, (await make({ kind: 'AGENT', scopes: [scope] })).secret);
  credentials.set('master key', account.masterKey);
  credentials.set('another master key', stranger.masterKey);
  credentials.set('client token', await mint(account.masterKey));
  credentials.set('admin', 'an-administrators-key-that-only-tests-know');
  const revoked = await make({ kind: 'MASTER' });
  credentials.set('revoked key', revoked.secret);
  credentials.set('token of a revoked key', await mint(revoked.secret));
  await account.client.query(`mutation { revokeApiKey(id: "${revoked.apiKey.id}") { id } }`);
  credentials.set('expired token', await expiredToken(gateway, account));
  return credentials;
}

async function expiredToken(gateway: TestGateway, account: TestAccount): Promise<string> {
  const { clientTokenKeys, apiKeys } = gateway.app.services;
  const { id: kid, secret } = await clientTokenKeys.signing();
  const [key] = await apiKeys.keys(account.id);
  return new SignJWT({ key: key?.id })
    .setProtectedHeader({ alg: 'HS256', kid })
    .setIssuer('tollgate')
    .setAudience('tollgate-client')
    .setSubject(account.id)
    .setJti('expired')
    .setIssuedAt(Math.floor(Date.now() / 1000) - 120)
    .setExpirationTime(Math.floor(Date.now() / 1000) - 60)
    .sign(secret);
}

/** An account with one of each. */
export async function thingsOf({ id, client }: TestAccount): Promise<Things> {
  const { order } = pageOf(await checkout({ id, client } as TestAccount));
  const { holdCredits } = await client.query<{ holdCredits: { hold: { id: string } } }>(
    `mutation { holdCredits(input: { amount: "0.5", idempotencyKey: "${newKey()}" }) { ... on HoldCreditsPayload { hold { id } } } }`,
  );
  const { attachPaymentMethod } = await client.query<{
    attachPaymentMethod: { paymentMethod: { id: string } };
  }>(
    `mutation { attachPaymentMethod(input: { paymentMethodId: "pm_card_visa", idempotencyKey: "${newKey()}" }) { ... on AttachPaymentMethodPayload { paymentMethod { id } } } }`,
  );
  const { createApiKey } = await client.query<{ createApiKey: { apiKey: { id: string } } }>(
    'mutation { createApiKey(input: { kind: MASTER, name: "Its own" }) { apiKey { id } } }',
  );
  return {
    account: id,
    order: order.id,
    hold: holdCredits.hold.id,
    paymentMethod: attachPaymentMethod.paymentMethod.id,
    apiKey: createApiKey.apiKey.id,
  };
}
