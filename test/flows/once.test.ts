import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { newId } from '../../src/platform/ids.ts';
import { createLogger } from '../../src/platform/logger.ts';
import { type Sandbox, startSandbox } from '../../src/sandbox/sandbox.ts';
import { startGateway, type TestAccount, type TestGateway } from '../support/gateway.ts';
import { LedgerDocument } from '../support/operations.generated.ts';
import { createTestDatabase, type TestDatabase } from '../support/postgres.ts';
import {
  booksOf,
  checkout,
  deliver,
  each,
  endStates,
  eventsAbout,
  pageOf,
  pay,
  recharge,
  WEBHOOK_SECRET,
} from './given-purchases.ts';

const KEYS = {
  secretKey: 'sk_test_of_this_file_only',
  publishableKey: 'pk_test_of_this_file_only',
  webhookSecrets: [WEBHOOK_SECRET],
};

describe('one payment, announced to two gateways on one database', () => {
  let sandbox: Sandbox;
  let database: TestDatabase;
  let gateways: [TestGateway, TestGateway];
  let folder: string;
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'tollgate-test-'));
    sandbox = await startSandbox({
      host: '127.0.0.1',
      port: 0,
      booksFile: join(folder, 'books.db'),
      stripe: { ...KEYS, webhookUrl: null },
      logger: createLogger('silent'),
    });
    database = await createTestDatabase();
    const environment = {
      STRIPE_SECRET_KEY: KEYS.secretKey,
      STRIPE_PUBLISHABLE_KEY: KEYS.publishableKey,
      STRIPE_WEBHOOK_SECRETS: WEBHOOK_SECRET,
      STRIPE_API_BASE: sandbox.url,
      REDIRECT_ORIGINS: 'http://localhost:3000',
    };
    gateways = [
      await startGateway({ database, environment }),
      await startGateway({ database, environment }),
    ];
  });
  afterAll(async () => {
    for (const gateway of gateways) await gateway.close();
    await sandbox.close();
    await database.drop();
    await rm(folder, { recursive: true, force: true });
  });

  it('is credited once, however many copies come at once', async () => {
    const { account, events } = await toppedUp();
    const completed = events.find(({ type }) => type === 'checkout.session.completed') ?? {};
    const copies = Array.from({ length: 50 }, () => completed);
    const answers = await each(copies, (event, index) => deliver(urlOf(index), event), 32);
    expect(new Set(answers)).toEqual(new Set([200]));
    await idle();
    await expectCreditedOnce(account, '50');
  });

  it('is credited once, also when different events tell of it', async () => {
    const { account, events } = await toppedUp();
    const completed = events.find(({ type }) => type === 'checkout.session.completed');
    const announcements = [
      'checkout.session.completed',
      'checkout.session.async_payment_succeeded',
    ].flatMap((type) =>
      Array.from({ length: 16 }, () => ({ ...completed, id: `evt_${newId()}`, type })),
    );
    await each(announcements, (event, index) => deliver(urlOf(index), event), 32);
    await idle();
    await expectCreditedOnce(account, '50');
  });

  it('begins one subscription with one month of credits, told of by everything at once', async () => {
    const [gateway] = gateways;
    const account = await gateway.createAccount();
    expect(await pay(pageOf(await checkout(account)).checkoutUrl)).toBe(303);
    const events = eventsAbout(await books(), account.id).flatMap((event) => [
      event,
      event,
      { ...event, id: `evt_${newId()}` },
    ]);
    await each(events, (event, index) => deliver(urlOf(index), event), 32);
    await expect
      .poll(async () => stateOf(account), {
        timeout: 25_000,
      })
      .toMatchObject({
        account: { status: 'ACTIVE' },
        orders: [{ status: 'PAID' }],
        invoices: [{ status: 'PAID' }],
        balance: { total: 100_000_000, entries: 3 },
      });
  });

  it('gives one key, used at both doors at once, one order and page', async () => {
    const [one, other] = gateways;
    const account = await one.createAccount();
    const elsewhere = { ...account, client: other.as(account.masterKey) };
    const answers = await Promise.all(
      Array.from({ length: 20 }, (_, index) =>
        checkout(index % 2 === 0 ? account : elsewhere, { idempotencyKey: 'both' }),
      ),
    );
    expect(new Set(answers.map((answer) => pageOf(answer).checkoutUrl)).size).toBe(1);
  });

  async function toppedUp(): Promise<{
    account: TestAccount;
    events: ReturnType<typeof eventsAbout>;
  }> {
    const account = await gateways[0].createAccount();
    expect(await pay(pageOf(await recharge(account)).checkoutUrl)).toBe(303);
    return { account, events: eventsAbout(await books(), account.id) };
  }

  function books() {
    return booksOf({ sandboxUrl: sandbox.url });
  }

  function urlOf(index: number): string {
    return gateways[index % 2 === 0 ? 0 : 1].url;
  }

  async function stateOf({ id }: TestAccount) {
    await idle();
    return (await endStates(gateways[0], [id])).get(id);
  }

  async function idle(): Promise<void> {
    await Promise.all(gateways.map((gateway) => gateway.app.jobs.whenIdle()));
  }

  async function expectCreditedOnce(account: TestAccount, credits: string): Promise<void> {
    const { account: seen } = await account.client.request(LedgerDocument, {});
    const bought = seen?.creditTransactions.edges.filter(({ node }) =>
      node.allocations.some(({ grant }) => grant.source === 'PURCHASE'),
    );
    expect(bought?.map(({ node }) => node.amount)).toEqual([credits]);
  }
});
