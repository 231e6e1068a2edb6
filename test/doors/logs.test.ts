import { DatabaseError } from 'pg';
import Stripe from 'stripe';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { createLogger } from '../../src/platform/logger.ts';
import {
  checkout,
  control,
  forgetFaults,
  newKey,
  pageOf,
  pay,
  recharge,
} from '../flows/given-purchases.ts';
import { eventually } from '../live/given.ts';
import { startGateway, type TestAccount, type TestGateway } from '../support/gateway.ts';
import {
  CreateApiKeyDocument,
  CreateSetupIntentDocument,
  OverviewDocument,
  RevokeApiKeyDocument,
} from '../support/operations.generated.ts';
import { RawSocket } from './raw-socket.ts';

const WEBHOOK_SECRETS = ['whsec_rotatedoutlastweek', 'a-secret-of-no-known-shape'];
const CARDS = ['4242424242424242', '4000000000000002', '5555 5555 5555 4444'];
const JWT = 'eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiJhY2NvdW50In0.c2lnbmF0dXJlLW9mLWEtdG9rZW4';

describe('the log of a gateway that tells everything', () => {
  let gateway: TestGateway;
  let account: TestAccount;
  const lines: string[] = [];
  /** What must not stand in any line. */
  const secrets: string[] = [...WEBHOOK_SECRETS, ...CARDS, JWT];

  beforeAll(async () => {
    gateway = await startGateway({
      onLog: (line) => lines.push(line),
      environment: { LOG_LEVEL: 'trace', STRIPE_WEBHOOK_SECRETS: WEBHOOK_SECRETS.join(',') },
    });
    account = await gateway.createAccount();
    secrets.push(account.masterKey, account.masterKey.slice(-40));
  });
  afterAll(() => gateway.close());

  async function useEveryKey(): Promise<void> {
    const { createApiKey: made } = await account.client.request(CreateApiKeyDocument, {
      input: { kind: 'AGENT', name: 'Agent', scopes: ['billing:read'] },
    });
    secrets.push(made.secret);
    await gateway.as(made.secret).send(OverviewDocument);
    await account.client.request(RevokeApiKeyDocument, { id: made.apiKey.id });
    for (const key of [made.secret, JWT, `${account.masterKey}x`]) {
      await gateway.as(key).send(OverviewDocument);
      await fetch(`${gateway.url}/gate?metric=apiCalls`, {
        headers: { authorization: `Bearer ${key}` },
      });
      const socket = await RawSocket.open(gateway.url);
      socket.send({ type: 'connection_init', payload: { Authorization: `Bearer ${key}` } });
      await socket.closed;
    }
  }

  async function buy(): Promise<void> {
    const page = pageOf(await recharge(account));
    for (const cardNumber of CARDS) await pay(page.checkoutUrl, { cardNumber });
    await pay(pageOf(await checkout(account)).checkoutUrl);
    const { createSetupIntent } = await account.client.request(CreateSetupIntentDocument, {
      input: { idempotencyKey: newKey() },
    });
    if ('clientSecret' in createSetupIntent) secrets.push(createSetupIntent.clientSecret);
    await gateway.settled();
    await control(gateway, 'faults', {
      method: 'POST',
      path: '/v1/setup_intents',
      effect: '500',
      times: 9,
    });
    await account.client.send(CreateSetupIntentDocument, { input: { idempotencyKey: newKey() } });
    await forgetFaults(gateway);
  }

  async function sendBadWebhooks(): Promise<void> {
    const payload = '{"id":"evt_1","object":"event"}';
    for (const secret of ['whsec_ofsomebodyelse', WEBHOOK_SECRETS[1] ?? '']) {
      const signature = Stripe.webhooks.generateTestHeaderString({ payload, secret });
      secrets.push(signature.split('v1=')[1] ?? '');
      await fetch(`${gateway.url}/webhooks/stripe`, {
        method: 'POST',
        headers: { 'content-type': 'application/json', 'stripe-signature': signature },
        body: payload,
      });
    }
  }

  /** Failures of our own that carry all they can. */
  async function failWith(error: Error): Promise<void> {
    const broken = vi.spyOn(gateway.app.services.history, 'grantCount').mockRejectedValue(error);
    await account.client.post({ query: '{ account { creditGrants { totalCount } } }' });
    broken.mockRestore();
  }

  it('holds no key, token, secret, signature or number of a card, whatever goes well or wrong', async () => {
    await useEveryKey();
    await buy();
    await sendBadWebhooks();
    await failWith(new Error(`while asking with Bearer ${account.masterKey}`));
    await failWith(
      Object.assign(new DatabaseError('duplicate key', 1, 'error'), {
        code: '23505',
        detail: `Key (secret)=(${account.masterKey}) already exists.`,
      }),
    );
    await failWith(
      new Stripe.errors.StripeCardError({
        message: `Your card ${CARDS[0]} was declined.`,
        type: 'card_error',
        payment_intent: { client_secret: 'pi_1_secret_abcdef' },
        headers: { authorization: 'Bearer sk_test_abcdefgh' },
      } as never),
    );
    await failWith(new Error('wrapped', { cause: new Error(`${JWT} ${WEBHOOK_SECRETS[1]}`) }));
    await failWith(new Error('postgres://tollgate:hunter2hunter2@db/tollgate does not answer'));
    secrets.push('pi_1_secret_abcdef', 'sk_test_abcdefgh', 'hunter2hunter2');

    const log = lines.join('');
    for (const secret of secrets) expect(log.includes(secret), secret).toBe(false);
    expect(log).not.toMatch(/sk_(test|live)_\w|whsec_\w|eyJ\w+\.|_secret_\w|\bv1=[0-9a-f]{8}/);
    expect(lines.length).toBeGreaterThan(30);
    for (const told of ['a request failed', 'a webhook was refused', 'duplicate key', 'wrapped'])
      expect(log).toContain(told);
  });

  it('finds every request by the id that it came with', async () => {
    const broken = vi
      .spyOn(gateway.app.services.history, 'grantCount')
      .mockRejectedValue(new Error('x'));
    const answer = await fetch(`${gateway.url}/graphql`, {
      method: 'POST',
      headers: {
        'content-type': 'application/json',
        'x-request-id': 'from-a-balancer-1',
        authorization: `Bearer ${account.masterKey}`,
      },
      body: '{"query":"{ account { creditGrants { totalCount } } }"}',
    });
    broken.mockRestore();
    expect(answer.headers.get('x-request-id')).toBe('from-a-balancer-1');
    expect(await answer.text()).toContain('"requestId":"from-a-balancer-1"');
    const told = () =>
      lines
        .map((line) => JSON.parse(line) as { requestId?: string; msg: string; status?: number })
        .filter(({ requestId }) => requestId === 'from-a-balancer-1');
    await eventually(async () => told().length === 2);
    expect(told()).toMatchObject([
      { msg: 'a request failed', err: { message: 'x', stack: expect.any(String) } },
      { msg: 'a request was answered', method: 'POST', route: '/graphql', ms: expect.any(Number) },
    ]);
  });
});

describe('a line of the log', () => {
  const KEY = `tg_master_ABCDEFGHIJKL_${'x'.repeat(40)}`;

  // biome-ignore format: a table is read by its rows.
  it.each([
    [KEY, 'tg_master_ABCDEFGHIJKL_[redacted]'],
    ['sk_live_abcDEF123', 'sk_live_[redacted]'],
    ['rk_test_abcDEF123', 'rk_test_[redacted]'],
    ['whsec_abc+/=', 'whsec_[redacted]'],
    ['creem_test_abcdefgh123', 'creem_[redacted]'],
    [JWT, '[redacted]'],
    ['Bearer whatever-it-is', 'Bearer [redacted]'],
    ['seti_1AbC_secret_2dEf', 'seti_1AbC_secret_[redacted]'],
    [`t=1,v1=${'0a'.repeat(32)}`, 't=1,[redacted]'],
    ['postgres://me:pass%40word@db:5432/tollgate', 'postgres://me:[redacted]@db:5432/tollgate'],
    ['4242 4242 4242 4242', '[redacted]'],
    ['378282246310005', '[redacted]'],
    ['https://billing.stripe.com/p/session/test_abc', 'https://billing.stripe.com/[redacted]'],
    ['the-admins-"own"-secret', '[redacted]'],
  ])('shows %s as %s', (secret, shown) => {
    const written: string[] = [];
    const logger = createLogger('info', {
      secrets: ['the-admins-"own"-secret'],
      destination: { write: (line) => written.push(line) },
    });
    logger.info({ nested: { value: `( ${secret} )` } }, `said ${secret}`);
    logger.child({ value: secret }).info('bound');
    const [first, second] = written.map((line) => JSON.parse(line));
    expect(first).toMatchObject({ nested: { value: `( ${shown} )` }, msg: `said ${shown}` });
    expect(second).toMatchObject({ value: shown });
  });

  // biome-ignore format: a table is read by its rows.
  it.each([
    'tg_master_ABCDEFGHIJKL', '019ab1c2-7f3e-7000-8000-3fa85f64aaaa', '4242424242424241', '1763700000000', '12.500000',
    'http://127.0.0.1:4000/graphql', 'evt_1AbCdEfGh', 'cus_42424242', 'creem_webhook', 'a@b.example',
  ])('leaves %s as it is', (text) => {
    const written: string[] = [];
    createLogger('info', { destination: { write: (line) => written.push(line) } }).info(text);
    expect(JSON.parse(written[0] ?? '').msg).toBe(text);
  });
});
