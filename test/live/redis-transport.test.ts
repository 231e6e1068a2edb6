import { once } from 'node:events';
import { createServer } from 'node:net';
import { createClient } from '@redis/client';
import { afterAll, beforeAll, beforeEach, describe, expect, it, onTestFinished } from 'vitest';
import { RedisTransport } from '../../src/live/redis-transport.ts';
import { createLogger } from '../../src/platform/logger.ts';
import { createTestDatabase, type TestDatabase } from '../support/postgres.ts';
import {
  CAN_START_REDIS,
  GIVEN_REDIS_URL,
  NO_OWN_REDIS,
  NO_REDIS,
  OwnRedis,
} from '../support/redis.ts';
import { countListeners, cutListeners, eventually, notify } from './given.ts';

const BEAT_MS = 40;

describe('hints through Redis', () => {
  let database: TestDatabase;
  let own: OwnRedis | null = null;
  let redisUrl = GIVEN_REDIS_URL ?? '';
  beforeAll(async () => {
    database = await createTestDatabase();
    if (!CAN_START_REDIS) return;
    own = await OwnRedis.start();
    redisUrl = own.url;
  });
  beforeEach(({ skip }) => skip(redisUrl === '', NO_REDIS));
  afterAll(async () => {
    await own?.kill();
    await database.drop();
  });

  /** A process's transport, and what it passed on. */
  async function start(url = redisUrl) {
    const heard: string[] = [];
    const told: string[] = [];
    const logger = createLogger('info', { destination: { write: (line) => void told.push(line) } });
    const options = { redisUrl: url, databaseUrl: database.appUrl, logger, beatMs: BEAT_MS };
    const transport = new RedisTransport(options);
    const process = { transport, heard, told, gaps: 0 };
    await transport.start(
      (hint) => heard.push(hint),
      () => {
        process.gaps += 1;
      },
    );
    onTestFinished(() => transport.close());
    return process;
  }

  type Process = Awaited<ReturnType<typeof start>>;

  /** Starts several, and waits until one listens for all. */
  async function startLed(count: number): Promise<Process[]> {
    const all = await Promise.all(Array.from({ length: count }, () => start()));
    await untilLed(all);
    return all;
  }

  async function untilLed(all: readonly Process[]): Promise<void> {
    await eventually(async () => {
      const areThrough = all.every(({ transport }) => transport.isThroughRedis);
      return areThrough && (await countListeners(database)) === 1;
    });
  }

  /** Tells it by PostgreSQL, and waits until everybody has heard it, or has looked at everything since. */
  async function tell(hint: string, all: readonly Process[]): Promise<void> {
    const before = all.map(({ gaps }) => gaps);
    await notify(database, hint);
    await eventually(() =>
      all.every(({ heard, gaps }, n) => heard.includes(hint) || gaps > (before[n] ?? 0)),
    );
  }

  it('go from the one process that listens to PostgreSQL to all others, once and in order', async () => {
    const all = await startLed(3);
    const hints = Array.from({ length: 50 }, (_, n) => `order:${n}`);
    for (const { heard } of all) heard.length = 0;

    for (const hint of hints) await notify(database, hint);

    await eventually(() => all.every(({ heard }) => heard.length === hints.length));
    for (const { heard } of all) expect(heard).toEqual(hints);
  });

  it('are carried by another process when the one that did goes, and everybody looks again', async () => {
    const all = await startLed(3);
    const gone = relayOf(all);
    const left = all.filter((process) => process !== gone);
    const before = left.map(({ gaps }) => gaps);

    await gone.transport.close();
    await untilLed(left);

    expect(left.every(({ gaps }, n) => gaps > (before[n] ?? 0))).toBe(true);
    await tell('order:after', left);
  });

  it('are carried again when PostgreSQL has cut the connection that listens', async () => {
    const all = await startLed(2);
    expect(await cutListeners(database)).toBe(1);
    await untilLed(all);
    await tell('order:cut', all);
  });

  it('come from PostgreSQL while Redis is dead, and through it when it is back', async ({
    skip,
  }) => {
    skip(own === null, NO_OWN_REDIS);
    const all = await startLed(3);
    await own?.kill();
    onTestFinished(async () => own?.kill().then(() => own?.restart()));
    await eventually(async () => (await countListeners(database)) === 3);
    expect(all.some(({ transport }) => transport.isThroughRedis)).toBe(false);
    await tell('order:without', all);

    await own?.restart();
    await untilLed(all);

    await tell('order:with', all);
    for (const { told } of all)
      expect(told.filter((line) => /Redis is away/.test(line))).toHaveLength(1);
  });

  it('come from PostgreSQL while Redis is frozen with its connections open', async ({ skip }) => {
    skip(own === null, NO_OWN_REDIS);
    const all = await startLed(2);
    own?.freeze();
    onTestFinished(() => own?.thaw());
    await tell('order:frozen', all);
    await eventually(async () => (await countListeners(database)) === 2);

    own?.thaw();

    await untilLed(all);
  });

  it('are looked up when one of them is missing, and not taken from anybody but the relay', async () => {
    const all = await startLed(2);
    const relay = relayOf(all);
    const follower = all.find((process) => process !== relay) as Process;
    const client = await createClient({ url: redisUrl }).connect();
    onTestFinished(() => client.destroy());
    const channel = `tollgate:${new URL(database.appUrl).pathname.slice(1)}`;
    const said = new Promise<string>((resolve) => void client.subscribe(channel, resolve));
    const [id = '', number = ''] = (await said).split(' ');
    const { gaps } = follower;

    await client.publish(channel, `somebody-else ${Number(number) + 7} order:forged`);
    await client.publish(channel, `${id} ${Number(number) + 7} `);
    await eventually(() => follower.gaps > gaps);

    expect(follower.heard).not.toContain('order:forged');
    await tell('order:next', all);
  });

  it('come from PostgreSQL when Redis is not there at the start, which is said without the password', async () => {
    const nowhere = await start('redis://:the-password@127.0.0.1:1');
    await eventually(() => nowhere.told.some((line) => line.includes('Redis is away')));
    await tell('order:nowhere', [nowhere]);
    expect(nowhere.transport.isThroughRedis).toBe(false);
    expect(nowhere.told.join()).toContain('ECONNREFUSED');
    expect(nowhere.told.join()).not.toContain('the-password');
  });

  it('come from PostgreSQL when Redis does not take the password, which is said', async ({
    skip,
  }) => {
    skip(!CAN_START_REDIS, NO_OWN_REDIS);
    const guarded = await OwnRedis.start('--requirepass', 'the-right-password');
    onTestFinished(() => guarded.kill());
    const refused = await start(guarded.url.replace('//', '//:the-wrong-password@'));
    await eventually(() => refused.told.some((line) => line.includes('WRONGPASS')));
    await tell('order:refused', [refused]);
    expect(refused.told.join()).not.toContain('the-wrong-password');

    const let_in = await start(guarded.url.replace('//', '//:the-right-password@'));
    await eventually(() => let_in.transport.isThroughRedis);
  });

  it('are sent only within TLS to a rediss:// address', async () => {
    const first = Promise.withResolvers<Buffer>();
    const server = createServer((socket) => {
      socket.on('error', () => undefined).once('data', first.resolve);
      socket.once('data', () => socket.destroy());
    }).listen(0, '127.0.0.1');
    onTestFinished(() => void server.close());
    await once(server, 'listening');
    const { port } = server.address() as { port: number };
    await start(`rediss://:the-password@127.0.0.1:${port}`);
    const [recordType, majorVersion] = await first.promise;
    expect([recordType, majorVersion]).toEqual([22, 3]);
  });

  function relayOf(all: readonly Process[]): Process {
    const relays = all.filter(({ transport }) => transport.isRelay);
    expect(relays).toHaveLength(1);
    return relays[0] as Process;
  }
});
