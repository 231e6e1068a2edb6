import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startGateway, type TestAccount, type TestGateway } from '../../support/gateway.ts';
import { ManualClock } from '../../support/manual-clock.ts';
import {
  AdjustCreditsDocument,
  CaptureHoldDocument,
  CreateApiKeyDocument,
  CreditBalanceChangedDocument,
  GrantsDocument,
  HoldCreditsDocument,
  LedgerDocument,
  OverviewDocument,
  ReleaseHoldDocument,
  SpendCreditsDocument,
} from '../../support/operations.generated.ts';

const MINUTE = 60_000;
const DAY = 24 * 60 * MINUTE;

describe('a hold', () => {
  const clock = new ManualClock('2026-03-01T12:00:00Z');
  let gateway: TestGateway;
  beforeAll(async () => {
    gateway = await startGateway({ clock });
  });
  afterAll(() => gateway.close());

  it('takes from what is available at once, and leaves no entry in the ledger', async () => {
    const account = await gateway.createAccount({ credits: '100' });
    const before = await balanceOf(account);
    const { hold, balance } = await held(account, '30');
    expect(hold).toMatchObject({ status: 'OPEN', amount: '30', captured: '0' });
    expect(hold.expiresAt).toBe(new Date(clock.now().getTime() + 15 * MINUTE).toISOString());
    expect(balance).toMatchObject({ total: '100', held: '30', available: '70' });
    expect(balance.sequence).toBe(before.sequence);
    expect(balance.version).toBe(before.version + 1);
    expect(await balanceOf(account)).toEqual(balance);
  });

  it('is refused when it asks for more than is available, held credits left out', async () => {
    const account = await gateway.createAccount({ credits: '100' });
    await held(account, '99.999999');
    const { holdCredits } = await account.client.request(HoldCreditsDocument, {
      input: { amount: '0.000002', idempotencyKey: 'too-much' },
    });
    expect(holdCredits).toMatchObject({
      __typename: 'InsufficientCredits',
      required: '0.000002',
      available: '0.000001',
      httpStatus: 402,
    });
    const { spendCredits } = await account.client.request(SpendCreditsDocument, {
      input: { amount: '1', idempotencyKey: 'spend' },
    });
    expect(spendCredits).toMatchObject({ __typename: 'InsufficientCredits' });
  });

  it('is made once per key, which other input cannot use again', async () => {
    const account = await gateway.createAccount({ credits: '100' });
    const first = await held(account, '30', { idempotencyKey: 'once' });
    await capture(account, { holdId: first.hold.id, amount: '5' });
    const again = await held(account, '30', { idempotencyKey: 'once' });
    expect(again.hold).toMatchObject({ id: first.hold.id, status: 'CAPTURED', captured: '5' });
    expect(again.balance).toMatchObject({ total: '95', held: '0' });
    const { holdCredits } = await account.client.request(HoldCreditsDocument, {
      input: { amount: '31', idempotencyKey: 'once' },
    });
    expect(holdCredits).toMatchObject({ __typename: 'IdempotencyConflict' });
  });

  it('is captured wholly when no amount is named, in one entry that says what it was for', async () => {
    const account = await gateway.createAccount({ credits: '100' });
    const { hold } = await held(account, '30');
    const captured = await capture(account, {
      holdId: hold.id,
      usageType: 'ai_usage',
      description: 'A long answer.',
    });
    expect(captured).toMatchObject({
      __typename: 'CaptureHoldPayload',
      hold: { status: 'CAPTURED', amount: '30', captured: '30' },
      transaction: {
        type: 'HOLD_CAPTURE',
        amount: '-30',
        balanceAfter: '70',
        usageType: 'ai_usage',
        description: 'A long answer.',
      },
      balance: { total: '70', held: '0', available: '70' },
    });
  });

  it('gives back what a capture leaves of it', async () => {
    const account = await gateway.createAccount({ credits: '100' });
    const { hold } = await held(account, '30');
    const captured = await capture(account, { holdId: hold.id, amount: '0.000001' });
    expect(captured).toMatchObject({
      hold: { status: 'CAPTURED', captured: '0.000001' },
      balance: { total: '99.999999', held: '0', available: '99.999999' },
    });
  });

  it('is captured once: the same key answers with the first entry, another is refused', async () => {
    const account = await gateway.createAccount({ credits: '100' });
    const { hold } = await held(account, '30');
    const wish = { holdId: hold.id, amount: '10', idempotencyKey: 'capture' };
    const first = await capture(account, wish);
    await spend(account, '1');
    const again = await capture(account, wish);
    if (first.__typename !== 'CaptureHoldPayload') throw new Error(first.__typename);
    expect(again).toMatchObject({
      transaction: first.transaction,
      balance: { available: '89' },
    });
    expect(await capture(account, { holdId: hold.id, amount: '10' })).toMatchObject({
      __typename: 'NotAllowedNow',
      code: 'NOT_ALLOWED_NOW',
    });
    expect(await capture(account, { ...wish, amount: '11' })).toMatchObject({
      __typename: 'IdempotencyConflict',
      idempotencyKey: 'capture',
    });
  });

  it('refuses a capture of more than was held, and stays open', async () => {
    const account = await gateway.createAccount({ credits: '100' });
    const { hold } = await held(account, '30');
    expect(await capture(account, { holdId: hold.id, amount: '30.000001' })).toMatchObject({
      __typename: 'NotAllowedNow',
    });
    expect(await capture(account, { holdId: hold.id, amount: '30' })).toMatchObject({
      __typename: 'CaptureHoldPayload',
    });
  });

  it('is released as often as one likes, and never captured after that', async () => {
    const account = await gateway.createAccount({ credits: '100' });
    const { hold } = await held(account, '30');
    const released = await release(account, hold.id);
    expect(released).toMatchObject({
      hold: { status: 'RELEASED', captured: '0' },
      balance: { total: '100', held: '0', available: '100' },
    });
    expect(await release(account, hold.id)).toEqual(released);
    expect(await capture(account, { holdId: hold.id })).toMatchObject({
      __typename: 'NotAllowedNow',
    });
  });

  it('cannot be released once it was captured', async () => {
    const account = await gateway.createAccount({ credits: '100' });
    const { hold } = await held(account, '30');
    await capture(account, { holdId: hold.id, amount: '1' });
    expect(await release(account, hold.id)).toMatchObject({ __typename: 'NotAllowedNow' });
    expect(await balanceOf(account)).toMatchObject({ available: '99' });
  });

  it('expires at its instant, before any job has swept it', async () => {
    const account = await gateway.createAccount({ credits: '100' });
    const { hold } = await held(account, '100', { expiresInSeconds: 60 });
    clock.advance(MINUTE - 1);
    expect(await balanceOf(account)).toMatchObject({ available: '0', held: '100' });
    clock.advance(1);
    expect(await balanceOf(account)).toMatchObject({ available: '100', held: '0', total: '100' });
    const { account: found } = await account.client.request(GrantsDocument, {
      spendableOnly: true,
    });
    expect(found?.creditGrants.totalCount).toBeGreaterThan(0);
    await spend(account, '100');
    expect(await capture(account, { holdId: hold.id })).toMatchObject({
      __typename: 'NotAllowedNow',
    });
    expect(await release(account, hold.id)).toMatchObject({ __typename: 'NotAllowedNow' });
    expect((await balanceOf(account)).version).toBeGreaterThan(0);
  });

  it('is swept by a job, which tells subscribers', async () => {
    const account = await gateway.createAccount({ credits: '100' });
    const { balance } = await held(account, '40', { expiresInSeconds: 60 });
    const live = gateway.live(account.masterKey).subscribe(CreditBalanceChangedDocument, {});
    await live.next();
    clock.advance(MINUTE);
    await gateway.app.services.holds.expireDue();
    const heard = await live.next();
    expect(heard.creditBalanceChanged).toMatchObject({
      transactions: [],
      balance: { available: '100', held: '0', version: balance.version + 1 },
    });
    await gateway.app.services.holds.expireDue();
    expect(await balanceOf(account)).toMatchObject({ version: balance.version + 1 });
  });

  it('keeps credits alive beyond the expiry of their grant, which captures still spend', async () => {
    const { account, hold } = await heldBeyondExpiry();
    expect(await balanceOf(account)).toMatchObject({ total: '20', held: '20', available: '0' });
    expect(await capture(account, { holdId: hold.id, amount: '20' })).toMatchObject({
      transaction: { amount: '-20', balanceAfter: '0' },
      balance: { total: '0', held: '0' },
    });
  });

  it('gives back to a grant that has expired only what expires at once', async () => {
    const { account, hold } = await heldBeyondExpiry();
    const captured = await capture(account, { holdId: hold.id, amount: '5' });
    expect(captured).toMatchObject({ balance: { total: '0', held: '0', available: '0' } });
    const entries = await entriesOf(account);
    expect(entries.slice(0, 3).map(({ type, amount }) => [type, amount])).toEqual([
      ['EXPIRY', '-15'],
      ['HOLD_CAPTURE', '-5'],
      ['EXPIRY', '-30'],
    ]);
  });

  it('expires together with its grant without a trace in the balance', async () => {
    const account = await expiringAccount();
    await held(account, '20', { expiresInSeconds: 60 });
    clock.advance(2 * DAY);
    const read = await balanceOf(account);
    expect(read).toMatchObject({ total: '0', held: '0', available: '0' });
    await gateway.app.services.holds.expireDue();
    expect(await balanceOf(account)).toMatchObject({ total: '0', held: '0', available: '0' });
    const [entry] = await entriesOf(account);
    expect(entry).toMatchObject({ type: 'EXPIRY', amount: '-50', balanceAfter: '0' });
  });

  it('is refused to a blocked account, whose open holds are captured and released all the same', async () => {
    const account = await gateway.createAccount({ credits: '100' });
    const one = await held(account, '30');
    const other = await held(account, '30');
    await suspend(gateway, account.id);
    const { holdCredits } = await account.client.request(HoldCreditsDocument, {
      input: { amount: '1', idempotencyKey: 'blocked' },
    });
    expect(holdCredits).toMatchObject({ __typename: 'AccountBlocked', status: 'SUSPENDED' });
    expect(await capture(account, { holdId: one.hold.id })).toMatchObject({
      balance: { total: '70' },
    });
    expect(await release(account, other.hold.id)).toMatchObject({ balance: { held: '0' } });
  });

  it("is another account's secret", async () => {
    const account = await gateway.createAccount({ credits: '100' });
    const stranger = await gateway.createAccount({ credits: '100' });
    const { hold } = await held(account, '30');
    for (const holdId of [hold.id, '01980000-0000-7000-8000-000000000000', 'nonsense']) {
      const captured = await stranger.client.send(CaptureHoldDocument, {
        input: { holdId, idempotencyKey: 'steal' },
      });
      const released = await stranger.client.send(ReleaseHoldDocument, { input: { holdId } });
      for (const { errors } of [captured, released]) {
        expect(errors[0]).toMatchObject({
          message: 'Hold not found.',
          extensions: { code: 'NOT_FOUND' },
        });
      }
    }
  });

  it('needs the scope credits:spend of an agent key', async () => {
    const account = await gateway.createAccount({ credits: '100' });
    const spender = await agent(account, 'credits:spend');
    const reader = await agent(account, 'billing:read');
    const { hold } = await held({ ...account, client: spender }, '30');
    const refused = await reader.send(HoldCreditsDocument, {
      input: { amount: '1', idempotencyKey: 'reader' },
    });
    expect(refused.errors[0]?.extensions.code).toBe('MASTER_KEY_REQUIRED');
    const released = await reader.send(ReleaseHoldDocument, { input: { holdId: hold.id } });
    expect(released.errors[0]?.extensions.code).toBe('MASTER_KEY_REQUIRED');
    const { captureHold } = await spender.request(CaptureHoldDocument, {
      input: { holdId: hold.id, idempotencyKey: 'spender' },
    });
    expect(captureHold.__typename).toBe('CaptureHoldPayload');
  });

  it.each([
    ['amount', { amount: '0' }],
    ['amount', { amount: '-1' }],
    ['expiresInSeconds', { expiresInSeconds: 0 }],
    ['expiresInSeconds', { expiresInSeconds: 604_801 }],
    ['idempotencyKey', { idempotencyKey: ' ' }],
  ])('refuses a wrong %s', async (field, wrong) => {
    const account = await gateway.createAccount({ credits: '100' });
    const { errors } = await account.client.send(HoldCreditsDocument, {
      input: { amount: '1', idempotencyKey: 'wrong', ...wrong },
    });
    expect(errors[0]?.extensions).toMatchObject({ code: 'BAD_USER_INPUT', field });
    const { hold } = await held(account, '1');
    if (field !== 'amount') return;
    const captured = await account.client.send(CaptureHoldDocument, {
      input: { holdId: hold.id, idempotencyKey: 'wrong', ...(wrong as { amount: string }) },
    });
    expect(captured.errors[0]?.extensions).toMatchObject({ code: 'BAD_USER_INPUT', field });
  });

  it('pays what is owed first when it is given back, read or swept alike', async () => {
    for (const owed of ['10', '30', '45', '80']) {
      const account = await expiringAccount();
      await give(account, '50', null);
      await held(account, '70', { expiresInSeconds: 3 * 24 * 3_600 });
      clock.advance(DAY);
      await gateway.app.services.database.pool.query(
        'update credit_balance set owed_micro = $2::bigint * 1000000 where account_id = $1',
        [account.id, owed],
      );
      expect(await balanceOf(account)).toMatchObject({ available: '0', owed });
      clock.advance(3 * DAY);
      const { version: _, sequence: __, ...read } = await balanceOf(account);
      await gateway.app.services.holds.expireDue();
      const { version: ___, sequence: ____, ...swept } = await balanceOf(account);
      expect(swept).toEqual(read);
      // Of the 70 held, 50 came from the grant that expired: they pay first, and expire otherwise.
      const left = { '10': ['50', '0'], '30': ['50', '0'], '45': ['50', '0'], '80': ['30', '10'] };
      const [total, stillOwed] = left[owed as keyof typeof left];
      expect(read).toMatchObject({ total, owed: stillOwed, held: '0' });
      expect(read.available).toBe(stillOwed === '0' ? total : '0');
    }
  });

  async function held(
    account: TestAccount,
    amount: string,
    options: { expiresInSeconds?: number; idempotencyKey?: string } = {},
  ) {
    const { holdCredits } = await account.client.request(HoldCreditsDocument, {
      input: { amount, idempotencyKey: newKey(), ...options },
    });
    if (holdCredits.__typename !== 'HoldCreditsPayload') throw new Error(holdCredits.__typename);
    return holdCredits;
  }

  async function capture(
    account: TestAccount,
    input: { holdId: string; amount?: string; usageType?: string; description?: string } & {
      idempotencyKey?: string;
    },
  ) {
    const { captureHold } = await account.client.request(CaptureHoldDocument, {
      input: { idempotencyKey: newKey(), ...input },
    });
    return captureHold;
  }

  async function release(account: TestAccount, holdId: string) {
    return (await account.client.request(ReleaseHoldDocument, { input: { holdId } })).releaseHold;
  }

  async function spend(account: TestAccount, amount: string) {
    const { spendCredits } = await account.client.request(SpendCreditsDocument, {
      input: { amount, idempotencyKey: newKey() },
    });
    expect(spendCredits.__typename).toBe('SpendCreditsPayload');
  }

  async function balanceOf(account: TestAccount) {
    const { account: found } = await account.client.request(OverviewDocument);
    if (!found) throw new Error('no account');
    return found.creditBalance;
  }

  async function entriesOf(account: TestAccount) {
    const { account: found } = await account.client.request(LedgerDocument);
    return (found?.creditTransactions.edges ?? []).map(({ node }) => node);
  }

  async function agent(account: TestAccount, scope: string) {
    const { createApiKey } = await account.client.request(CreateApiKeyDocument, {
      input: { kind: 'AGENT', name: scope, scopes: [scope] },
    });
    return gateway.as(createApiKey.secret);
  }

  async function give(account: TestAccount, amount: string, expiresAt: Date | null) {
    await gateway.admin.request(AdjustCreditsDocument, {
      input: {
        accountId: account.id,
        amount,
        reason: 'A gift.',
        idempotencyKey: newKey(),
        expiresAt: expiresAt?.toISOString(),
      },
    });
  }

  /** An account with 50 credits that expire in a day. */
  async function expiringAccount() {
    const account = await gateway.createAccount({ credits: '0' });
    await give(account, '50', new Date(clock.now().getTime() + DAY));
    return account;
  }

  /** 20 of 50 credits are held, and all of them have expired. */
  async function heldBeyondExpiry() {
    const account = await expiringAccount();
    const { hold } = await held(account, '20', { expiresInSeconds: 7 * 24 * 3_600 });
    clock.advance(DAY);
    return { account, hold };
  }
});

describe('a hold that nobody looks at', () => {
  it('ends by itself when its time is over, and subscribers hear of it', async () => {
    await using gateway = await startGateway();
    const account = await gateway.createAccount({ credits: '100' });
    const live = gateway.live(account.masterKey).subscribe(CreditBalanceChangedDocument, {});
    for (const expiresInSeconds of [2, 1]) {
      await account.client.request(HoldCreditsDocument, {
        input: { amount: '20', expiresInSeconds, idempotencyKey: `for-${expiresInSeconds}` },
      });
    }
    const heard = await live.until(
      ({ creditBalanceChanged: { balance } }) => balance.available === '60',
    );
    expect(heard.length).toBeGreaterThan(0);
    const after = await live.until(
      ({ creditBalanceChanged: { balance } }) => balance.available === '100',
    );
    expect(after.map(({ creditBalanceChanged: { balance } }) => balance.available)).toEqual([
      '80',
      '100',
    ]);
  });
});

let keys = 0;

function newKey(): string {
  keys += 1;
  return `key-${keys}`;
}

async function suspend(gateway: TestGateway, accountId: string): Promise<void> {
  const { accounts, clock, database, ledger } = gateway.app.services;
  await database.transaction(async (tx) => {
    const account = await accounts.lock(tx, accountId);
    await ledger.lockBalance(tx, accountId);
    const blockedAt = clock.now();
    await accounts.changeStatus(tx, account, {
      status: 'SUSPENDED',
      statusEndsAt: null,
      blockedAt,
    });
  });
}
