import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { startGateway, type TestAccount, type TestGateway } from '../support/gateway.ts';
import { CreditBalanceChangedDocument } from '../support/operations.generated.ts';
import { createTestDatabase, type TestDatabase } from '../support/postgres.ts';
import { CAN_START_REDIS, NO_OWN_REDIS, OwnRedis } from '../support/redis.ts';
import { countListeners, eventually, hearUntil, sequencesOf, span, spendEach } from './given.ts';

const REVOKE = 'mutation ($id: ID!) { revokeApiKey(id: $id) { id } }';
const CREATE =
  'mutation ($input: CreateApiKeyInput!) { createApiKey(input: $input) { secret apiKey { id } } }';

describe('two gateways that tell each other through Redis', () => {
  let database: TestDatabase;
  let redis: OwnRedis;
  let one: TestGateway;
  let two: TestGateway;
  let account: TestAccount;
  const log: string[] = [];
  beforeAll(async () => {
    if (!CAN_START_REDIS) return;
    database = await createTestDatabase();
    redis = await OwnRedis.start('--requirepass', 'the-redis-password');
    const redisUrl = redis.url.replace('//', '//:the-redis-password@');
    const environment = { REDIS_URL: redisUrl, LOG_LEVEL: 'info' };
    const onLog = (line: string) => void log.push(line);
    one = await startGateway({ database, environment, onLog });
    two = await startGateway({ database, environment, onLog });
    account = await one.createAccount({ credits: '1000' });
    await bothThroughRedis();
  });
  beforeEach(({ skip }) => skip(!CAN_START_REDIS, NO_OWN_REDIS));
  afterAll(async () => {
    if (!CAN_START_REDIS) return;
    await Promise.all([one.close(), two.close()]);
    await redis.kill();
    await database.drop();
  });

  async function isThroughRedis({ url }: TestGateway): Promise<boolean> {
    const metrics = await (await fetch(`${url}/metrics`)).text();
    return metrics.includes('\ntollgate_live_through_redis 1\n');
  }

  async function bothThroughRedis(): Promise<void> {
    await eventually(async () => (await isThroughRedis(one)) && (await isThroughRedis(two)));
    expect(await countListeners(database)).toBe(1);
  }

  function subscribe(gateway: TestGateway, after?: number) {
    return gateway.live(account.masterKey).subscribe(CreditBalanceChangedDocument, { after });
  }

  const spend = (gateway: TestGateway, keys: readonly string[]) =>
    spendEach({ ...account, client: gateway.as(account.masterKey) }, keys);

  it('push each entry once and in order, wherever it is spent, while Redis dies and comes back', async () => {
    const lives = [subscribe(one), subscribe(two)];
    const [first] = await Promise.all(lives.map((live) => live.next()));
    const start = first?.creditBalanceChanged.balance.sequence ?? 0;
    const keys = (name: string) => span(1, 10).map((n) => `${name}-${n}`);

    await Promise.all([spend(one, keys('through-one')), spend(two, keys('through-two'))]);
    const killed = redis.kill();
    await Promise.all([spend(one, keys('without-one')), spend(two, keys('without-two'))]);
    await killed;
    await spend(one, keys('dead'));
    expect(await isThroughRedis(one)).toBe(false);
    const resumed = subscribe(two, start + 5);
    await redis.restart();
    await Promise.all([spend(one, keys('back-one')), spend(two, keys('back-two'))]);

    const heard = await Promise.all(lives.map((live) => hearUntil(live, start + 70)));
    for (const events of heard) expect(sequencesOf(events)).toEqual(span(start + 1, start + 70));
    expect(sequencesOf(await hearUntil(resumed, start + 70))).toEqual(span(start + 6, start + 70));
    await bothThroughRedis();
    expect(log.join()).toContain('live updates go through Redis');
    expect(log.join()).not.toContain('the-redis-password');
  });

  it('close the sockets of a key that the other one revokes, and that while Redis is frozen too', async () => {
    for (const isFrozen of [false, true]) {
      const { createApiKey: made } = await account.client.query<{
        createApiKey: { secret: string; apiKey: { id: string } };
      }>(CREATE, { input: { kind: 'AGENT', name: 'Watcher', scopes: ['billing:read'] } });
      const sockets = [one, two].map((gateway) => gateway.live(made.secret));
      const lives = sockets.map((socket) => socket.subscribe(CreditBalanceChangedDocument, {}));
      await Promise.all(lives.map((live) => live.next()));
      if (isFrozen) redis.freeze();

      await account.client.query(REVOKE, { id: made.apiKey.id });

      const closed = await Promise.all(sockets.map((socket) => socket.closed()));
      for (const event of closed) expect(event).toMatchObject({ code: 4403 });
    }
    redis.thaw();
  });
});
