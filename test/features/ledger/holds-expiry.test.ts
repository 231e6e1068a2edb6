import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startGateway, type TestAccount, type TestGateway } from '../../support/gateway.ts';
import { ManualClock } from '../../support/manual-clock.ts';
import {
  CreditBalanceChangedDocument,
  GrantsDocument,
  HoldCreditsDocument,
} from '../../support/operations.generated.ts';
import { balanceOf, capture, entriesOf, give, held, release, spend } from './given-holds.ts';

const MINUTE = 60_000;
const DAY = 24 * 60 * MINUTE;

describe('a hold whose time is over', () => {
  const clock = new ManualClock('2026-03-01T12:00:00Z');
  let gateway: TestGateway;
  beforeAll(async () => {
    gateway = await startGateway({ clock });
  });
  afterAll(() => gateway.close());

  it('expires at its instant, before any job has swept it', async () => {
    const account = await gateway.createAccount({ credits: '100' });
    const { hold } = await held(account, '100', { expiresInSeconds: 60 });
    clock.advance(MINUTE - 1);
    expect(await balanceOf(account)).toMatchObject({ available: '0', held: '100' });
    expect(await spendableGrants(account)).toBe(0);
    clock.advance(1);
    expect(await balanceOf(account)).toMatchObject({ available: '100', held: '0', total: '100' });
    expect(await spendableGrants(account)).toBe(2);
    await spend(account, '100');
    expect(await capture(account, { holdId: hold.id })).toMatchObject({
      __typename: 'NotAllowedNow',
    });
    expect(await release(account, hold.id)).toMatchObject({ __typename: 'NotAllowedNow' });
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

  it('pays what is owed first when it is given back, read or swept alike', async () => {
    for (const owed of ['10', '30', '45', '80']) {
      const account = await expiringAccount();
      await give(gateway, account, '50', null);
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

  async function spendableGrants({ client }: TestAccount) {
    const { account } = await client.request(GrantsDocument, { spendableOnly: true });
    return account?.creditGrants.totalCount;
  }

  /** An account with 50 credits that expire in a day. */
  async function expiringAccount() {
    const account = await gateway.createAccount({ credits: '0' });
    await give(gateway, account, '50', new Date(clock.now().getTime() + DAY));
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
    await live.until(({ creditBalanceChanged: { balance } }) => balance.available === '60');
    const after = await live.until(
      ({ creditBalanceChanged: { balance } }) => balance.available === '100',
    );
    expect(after.map(({ creditBalanceChanged: { balance } }) => balance.available)).toEqual([
      '80',
      '100',
    ]);
  });
});
