import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { KeptAnswers } from '../../src/edge/kept-answers.ts';
import { capture, held, newKey, release, spend } from '../features/ledger/given-holds.ts';
import { become, record, subscribe } from '../features/usage/given.ts';
import { startGateway, type TestAccount, type TestGateway } from '../support/gateway.ts';
import { ManualClock } from '../support/manual-clock.ts';
import {
  AdjustCreditsDocument,
  ApiKeysDocument,
  RevokeApiKeyDocument,
} from '../support/operations.generated.ts';
import { expectShown, guardBalances, keptPageAt, pageAt } from './given-pages.ts';

const MINUTE = 60_000;
const DAY = 24 * 60 * MINUTE;

const clock = new ManualClock('2026-03-01T12:00:00Z');
let gateway: TestGateway;
let neighbour: TestGateway;
beforeAll(async () => {
  gateway = await startGateway({ clock });
  neighbour = await startGateway({ clock, database: gateway.database });
  await guardBalances(gateway);
});
afterAll(async () => {
  await neighbour.close();
  await gateway.close();
});

const shown = (account: TestAccount, write: () => unknown) =>
  expectShown([gateway, neighbour], account, write);
const adjust = (account: TestAccount, amount: string, expiresAt?: Date) =>
  gateway.admin.request(AdjustCreditsDocument, {
    input: {
      ...{ accountId: account.id, amount, reason: 'Because.', idempotencyKey: newKey() },
      ...(expiresAt === undefined ? {} : { expiresAt: expiresAt.toISOString() }),
    },
  });
const later = (ms: number) => new Date(clock.now().getTime() + ms);
const update = (account: TestAccount, input: object) =>
  gateway.admin.query(
    'mutation ($input: UpdateAccountInput!) { updateAccount(input: $input) { id } }',
    { input: { accountId: account.id, ...input } },
  );

/** Which statements a gateway sends while something is done. */
async function statementsOf(done: () => Promise<unknown>): Promise<string[]> {
  const query = vi.spyOn(gateway.app.services.database, 'query');
  try {
    await done();
    return query.mock.calls.flatMap(([sql]) => (typeof sql === 'string' ? [] : [sql.name]));
  } finally {
    query.mockRestore();
  }
}

describe('the page of an account that is asked for again and again', () => {
  it('is kept, and looked at each time', async () => {
    const account = await gateway.createAccount({ credits: '100' });
    await keptPageAt(gateway, account);
    const sent = await statementsOf(() => pageAt(gateway, account));
    expect(sent.filter((name) => name?.startsWith('account_look_at'))).toHaveLength(1);
  });

  it('may rely on it that nothing of the ledger is written without its balance', async () => {
    const account = await gateway.createAccount({ credits: '100' });
    const text = 'update credit_grant set priority = priority where account_id = $1';
    const written = gateway.app.services.database.query(text, [account.id]);
    await expect(written).rejects.toThrow('without its balance');
  });

  it('is not kept when something is asked for with it that cannot be looked at', async () => {
    const account = await gateway.createAccount();
    const others = [
      'account(id: $id) { id } auditEvents(first: 1) { nodes { id } }',
      'account(id: $id) { id creditGrants(first: 1) { nodes { id } } }',
      'account(id: $id) { id creditTransactions(first: 1, types: [GRANT]) { nodes { id } } }',
      'account(id: $id) { id creditTransactions(first: 1) { totalCount } }',
      'account(id: $id) { id } accounts(first: 1) { nodes { id } }',
    ];
    const isKept = vi.spyOn(KeptAnswers.prototype, 'stillRight');
    for (const asked of others) {
      const text = `query ($id: ID) { ${asked} }`;
      for (let times = 0; times < 4; times += 1)
        await gateway.admin.query(text, { id: account.id });
      expect(isKept, asked).not.toHaveBeenCalled();
    }
    await keptPageAt(gateway, account);
    expect(isKept).toHaveBeenCalled();
    isKept.mockRestore();
  });

  it('shows a spend', async () => {
    const account = await gateway.createAccount({ credits: '100' });
    const page = await shown(account, () => spend(account, '30'));
    expect(page.account.creditBalance).toMatchObject({ total: '70', sequence: 3 });
  });

  it('shows credits that are given and taken', async () => {
    const account = await gateway.createAccount({ credits: '100' });
    await shown(account, () => adjust(account, '5'));
    const page = await shown(account, () => adjust(account, '-7'));
    expect(page.account.creditBalance.total).toBe('98');
  });

  it('shows a hold, what is captured of it, and what is given back', async () => {
    const account = await gateway.createAccount({ credits: '100' });
    let holdId = '';
    const hold = async () => {
      holdId = (await held(account, '40')).hold.id;
    };
    expect((await shown(account, hold)).account.creditBalance.available).toBe('60');
    await shown(account, () => capture(account, { holdId, amount: '10' }));
    await shown(account, hold);
    const page = await shown(account, () => release(account, holdId));
    expect(page.account.creditBalance).toMatchObject({ total: '90', held: '0' });
  });

  it('shows from its instant on that a hold has expired, and again when that is written down', async () => {
    const account = await gateway.createAccount({ credits: '100' });
    await held(account, '40', { expiresInSeconds: 60 });
    const page = await shown(account, () => clock.advance(MINUTE));
    expect(page.account.creditBalance).toMatchObject({ available: '100', held: '0' });
    await shown(account, () => gateway.app.services.holds.expireDue());
  });

  it('shows from its instant on that credits have expired, and again when that is written down', async () => {
    const account = await gateway.createAccount({ credits: '100' });
    await adjust(account, '50', later(MINUTE));
    await adjust(account, '20', later(2 * MINUTE));
    await spend(account, '1');
    const page = await shown(account, () => clock.advance(MINUTE));
    expect(page.account.creditBalance.total).toBe('120');
    const next = await shown(account, () => clock.advance(MINUTE));
    expect(next.account.creditBalance.total).toBe('100');
    const swept = await shown(account, () => spend(account, '1'));
    expect(swept.account.creditTransactions.nodes.map(({ type }) => type)).toContain('EXPIRY');
  });

  it('shows credits from the instant on at which they begin', async () => {
    const account = await gateway.createAccount({ credits: '100' });
    const { database, ledger } = gateway.app.services;
    const grant = () =>
      database.transaction((tx) =>
        ledger.grantCredits(tx, {
          accountId: account.id,
          source: 'PROMOTION',
          amountMicro: 5_000_000n,
          effectiveAt: later(MINUTE),
          expiresAt: null,
          cause: { kind: 'adjustment', id: newKey() },
          description: 'Later.',
        }),
      );
    expect((await shown(account, grant)).account.creditBalance.total).toBe('100');
    const page = await shown(account, () => clock.advance(MINUTE));
    expect(page.account.creditBalance.total).toBe('105');
  });

  it('shows usage that is counted, at once', async () => {
    const account = await gateway.createAccount();
    await shown(account, () => record(account));
    await shown(account, () => record(account));
    await shown(account, () => record(account, { metric: 'storage', quantity: 7 }));
  });

  it('shows a new day and a new period', async () => {
    const account = await gateway.createAccount();
    await record(account);
    const { usagePeriod } = (await keptPageAt(gateway, account)).account;
    const next = await shown(account, () => clock.advance(DAY));
    expect(next.account.usagePeriod).toMatchObject({
      start: usagePeriod.start,
      daysRemaining: usagePeriod.daysRemaining - 1,
    });
    const last = await shown(account, () => clock.advance(31 * DAY));
    expect(last.account.usagePeriod.start).not.toBe(usagePeriod.start);
  });

  it('shows another name, e-mail and zone', async () => {
    const account = await gateway.createAccount();
    const page = await shown(account, () => update(account, { name: 'Renamed' }));
    expect(page.account.name).toBe('Renamed');
    await shown(account, () => update(account, { email: 'other@example.com' }));
    await shown(account, () => update(account, { timeZone: 'Asia/Tokyo' }));
    await shown(account, () => record(account));
  });

  it('shows another status, whether it was given or came by time', async () => {
    const account = await gateway.createAccount();
    const page = await shown(account, () => become(gateway, account.id, 'SUSPENDED'));
    expect(page.account).toMatchObject({ status: 'SUSPENDED', canExecute: false });
    const other = await gateway.createAccount();
    const over = await shown(other, () => clock.advance(31 * DAY));
    expect(over.account.status).toBe('READONLY');
    const end = await shown(other, () => clock.advance(31 * DAY));
    expect(end.account).toMatchObject({ status: 'DELETED', canExecute: false });
  });

  it('shows a subscription', async () => {
    const account = await gateway.createAccount();
    const page = await shown(account, () => subscribe(gateway, account.id, 'pro'));
    expect(page.account).toMatchObject({
      plan: { slug: 'pro' },
      subscription: { status: 'ACTIVE' },
    });
  });

  it('is shown no more to a key that is revoked', async () => {
    const account = await gateway.createAccount();
    await keptPageAt(gateway, account);
    const { apiKeys } = await gateway.admin.request(ApiKeysDocument, { accountId: account.id });
    await gateway.admin.request(RevokeApiKeyDocument, { id: apiKeys[0]?.id ?? '' });
    await expect(pageAt(gateway, account)).rejects.toThrow('UNAUTHENTICATED');
    await vi.waitFor(() => expect(pageAt(neighbour, account)).rejects.toThrow('UNAUTHENTICATED'));
  });

  it('is never older than what its reader has written, wherever he reads and writes', async () => {
    const account = await gateway.createAccount({ credits: '1000000' });
    const gateways = [gateway, neighbour] as const;
    const clients = Array.from({ length: 16 }, async (_, client) => {
      for (let turn = 0; turn < 40; turn += 1) {
        const writer = gateways[(client + turn) % 2] as TestGateway;
        const reader = gateways[(client + (turn >> 1)) % 2] as TestGateway;
        let written = 0;
        if (turn % 4 === 0) {
          const { spendCredits } = await writer.as(account.masterKey).query<{
            spendCredits: { transaction: { sequence: number } };
          }>(SPEND, { input: { amount: '1', idempotencyKey: newKey() } });
          written = spendCredits.transaction.sequence;
        }
        const { creditBalance, creditTransactions } = (await pageAt(reader, account)).account;
        const [newest] = creditTransactions.nodes;
        expect(creditBalance.sequence).toBeGreaterThanOrEqual(written);
        expect(newest?.sequence).toBe(creditBalance.sequence);
      }
    });
    await Promise.all(clients);
    expect((await pageAt(neighbour, account)).account.creditBalance.total).toBe('999840');
  });
});

const SPEND = `mutation ($input: SpendCreditsInput!) {
  spendCredits(input: $input) { ... on SpendCreditsPayload { transaction { sequence } } }
}`;
