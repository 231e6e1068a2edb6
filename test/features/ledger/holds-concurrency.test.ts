import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startGateway, type TestAccount, type TestGateway } from '../../support/gateway.ts';
import { ledgerFaults } from '../../support/ledger-checker.ts';
import {
  CaptureHoldDocument,
  HoldCreditsDocument,
  ReleaseHoldDocument,
  SpendCreditsDocument,
} from '../../support/operations.generated.ts';
import { balanceOf, held, newKey } from './given-holds.ts';

describe('holds at once, through two processes', () => {
  let gateway: TestGateway;
  let second: TestGateway;
  beforeAll(async () => {
    gateway = await startGateway();
    second = await startGateway({ database: gateway.database });
  });
  afterAll(async () => {
    await second.close();
    await gateway.close();
  });

  it('captures once of 50 captures with 50 keys', async () => {
    const account = await gateway.createAccount({ credits: '100' });
    const { hold } = await held(account, '30');
    const answers = await atOnce(50, account, (client) => capture(client, hold.id, newKey()));
    expect(tally(answers)).toEqual({ CaptureHoldPayload: 1, NotAllowedNow: 49 });
    expect(await balanceOf(account)).toMatchObject({ total: '70', held: '0' });
    expect(await ledgerFaults(gateway.app.services.database)).toEqual([]);
  });

  it('answers 50 captures with one key by one entry', async () => {
    const account = await gateway.createAccount({ credits: '100' });
    const { hold } = await held(account, '30');
    const answers = await atOnce(50, account, (client) => capture(client, hold.id, 'same'));
    expect(tally(answers)).toEqual({ CaptureHoldPayload: 50 });
    expect(await balanceOf(account)).toMatchObject({ total: '70', held: '0' });
  });

  it('makes one hold of 50 with one key', async () => {
    const account = await gateway.createAccount({ credits: '100' });
    const answers = await atOnce(50, account, (client) => hold(client, '30', 'same'));
    const ids = answers.map((answer) => ('hold' in answer ? answer.hold.id : null));
    expect(new Set(ids).size).toBe(1);
    expect(await balanceOf(account)).toMatchObject({ available: '70', held: '30' });
  });

  it('either captures or releases, never both', async () => {
    for (let round = 0; round < 10; round += 1) {
      const account = await gateway.createAccount({ credits: '100' });
      const made = await held(account, '30');
      const [captured, released] = await Promise.all([
        capture(account.client, made.hold.id, newKey()),
        second
          .as(account.masterKey)
          .request(ReleaseHoldDocument, { input: { holdId: made.hold.id } })
          .then(({ releaseHold }) => releaseHold),
      ]);
      const outcome = tally([captured, released]);
      const wasCaptured = captured.__typename === 'CaptureHoldPayload';
      expect(outcome).toMatchObject({ NotAllowedNow: 1 });
      expect(await balanceOf(account)).toMatchObject({
        total: wasCaptured ? '70' : '100',
        held: '0',
      });
    }
  });

  it('share what there is with spends to the last credit, and never more', async () => {
    const account = await gateway.createAccount({ credits: '50' });
    const answers = await atOnce<{ __typename: string }>(80, account, (client, n) =>
      n % 2 === 0 ? hold(client, '1', newKey()) : spend(client, '1'),
    );
    expect(tally(answers)).toMatchObject({ InsufficientCredits: 30 });
    const balance = await balanceOf(account);
    expect(balance.available).toBe('0');
    expect(balance.held).toBe(balance.total);
    expect(await ledgerFaults(gateway.app.services.database)).toEqual([]);
  });

  type Client = TestAccount['client'];

  /** Half of them through each process. */
  function atOnce<T>(
    count: number,
    account: TestAccount,
    ask: (client: Client, n: number) => Promise<T>,
  ): Promise<T[]> {
    const clients = [account.client, second.as(account.masterKey)];
    const numbers = Array.from({ length: count }, (_, n) => n);
    return Promise.all(numbers.map((n) => ask(clients[Math.floor(n / 2) % 2] as Client, n)));
  }
});

async function hold(client: TestAccount['client'], amount: string, idempotencyKey: string) {
  return (await client.request(HoldCreditsDocument, { input: { amount, idempotencyKey } }))
    .holdCredits;
}

async function capture(client: TestAccount['client'], holdId: string, idempotencyKey: string) {
  return (await client.request(CaptureHoldDocument, { input: { holdId, idempotencyKey } }))
    .captureHold;
}

async function spend(client: TestAccount['client'], amount: string) {
  const input = { amount, idempotencyKey: newKey() };
  return (await client.request(SpendCreditsDocument, { input })).spendCredits;
}

function tally(answers: readonly { __typename: string }[]): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const { __typename } of answers) counts[__typename] = (counts[__typename] ?? 0) + 1;
  return counts;
}
