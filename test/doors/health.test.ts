import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  type EmbeddedPostgres,
  startEmbeddedPostgres,
} from '../../src/platform/database/embedded-postgres.ts';
import { migrate } from '../../src/platform/database/migrate.ts';
import { eventually, hearUntil, sequencesOf, span, spendEach } from '../live/given.ts';
import { startGateway, type TestAccount, type TestGateway } from '../support/gateway.ts';
import { CreditBalanceChangedDocument, OverviewDocument } from '../support/operations.generated.ts';

describe('a gateway whose database comes and goes', () => {
  let dataDir: string;
  let postgres: EmbeddedPostgres;
  let gateway: TestGateway;
  let account: TestAccount;

  beforeAll(async () => {
    dataDir = await mkdtemp(join(tmpdir(), 'tollgate-test-'));
    postgres = await startEmbeddedPostgres({ dataDir, durable: true });
    const { ownerUrl, appUrl } = postgres;
    await migrate({ ownerUrl, appRole: 'tollgate_app' });
    gateway = await startGateway({ database: { ownerUrl, appUrl, drop: async () => undefined } });
    account = await gateway.createAccount({ credits: '1000' });
  });
  afterAll(async () => {
    await gateway.close();
    await postgres.stop();
    await rm(dataDir, { recursive: true, force: true });
  });

  async function ready(): Promise<number> {
    return (await fetch(`${gateway.url}/readyz`)).status;
  }

  async function isServing(): Promise<boolean> {
    return (await account.client.send(OverviewDocument)).errors.length === 0;
  }

  /** What a request is answered, and after how long. */
  async function attempt(key = account.masterKey) {
    const startedAt = performance.now();
    const answer = await gateway.as(key).send(OverviewDocument);
    return { answer, seconds: (performance.now() - startedAt) / 1_000 };
  }

  /** Every error of a request that could not be served says so, and no more. */
  function expectUnavailable({ answer, seconds }: Awaited<ReturnType<typeof attempt>>): void {
    expect(answer.status).toBe(503);
    for (const { message, extensions } of answer.errors) {
      expect(message).toContain('Try again shortly');
      expect(extensions).toEqual({ code: 'SERVICE_UNAVAILABLE', requestId: expect.any(String) });
    }
    expect(seconds).toBeLessThan(4);
  }

  it('is alive and ready', async () => {
    expect((await fetch(`${gateway.url}/healthz`)).status).toBe(200);
    expect(await ready()).toBe(200);
  });

  it('says within seconds that it cannot serve, and serves again when the database is back', async () => {
    const live = gateway.live(account.masterKey).subscribe(CreditBalanceChangedDocument, {});
    const start = (await live.next()).creditBalanceChanged.balance.sequence;

    await postgres.stop();

    expect((await fetch(`${gateway.url}/healthz`)).status).toBe(200);
    expect(await ready()).toBe(503);
    for (const key of [account.masterKey, 'tg_master_aaaaaaaaaaaa_'.padEnd(63, 'b')]) {
      expectUnavailable(await attempt(key));
    }

    postgres = await startEmbeddedPostgres({ dataDir, durable: true });
    await eventually(isServing);
    expect(await ready()).toBe(200);
    await spendEach(account, ['back']);
    expect(sequencesOf(await hearUntil(live, start + 1))).toEqual([start + 1]);
  });

  it('survives the death of the database under load, and loses nothing that it confirmed', async () => {
    const live = gateway.live(account.masterKey).subscribe(CreditBalanceChangedDocument, {});
    const start = (await live.next()).creditBalanceChanged.balance.sequence;
    const pid = Number(
      (await readFile(join(dataDir, 'postgres/data/postmaster.pid'), 'utf8')).split('\n')[0],
    );
    const keys = span(1, 40).map((n) => `killed-${n}`);

    const spending = keys.map((key) =>
      eventually(() =>
        spendEach(account, [key]).then(
          () => true,
          () => false,
        ),
      ),
    );
    process.kill(pid, 'SIGKILL');
    await Promise.all(spending);

    expect(sequencesOf(await hearUntil(live, start + 40))).toEqual(span(start + 1, start + 40));
  });

  it('keeps no connection of transactions that the death of the database broke off', async () => {
    const { pool } = gateway.app.services.database;
    await eventually(() => pool.idleCount === pool.totalCount);
  });

  it('says that it is too busy when every connection is taken, and goes on afterwards', async () => {
    const { pool } = gateway.app.services.database;
    // As many as there are: requests that ask for the same thing share one.
    const taken = await Promise.all(span(1, 20).map(() => pool.connect()));
    try {
      expectUnavailable(await attempt());
      expect(await ready()).toBe(503);
    } finally {
      for (const client of taken) client.release();
    }
    expect(await isServing()).toBe(true);
    expect(await ready()).toBe(200);
  });
});
