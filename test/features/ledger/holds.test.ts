import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startGateway, type TestGateway } from '../../support/gateway.ts';
import { ManualClock } from '../../support/manual-clock.ts';
import {
  CaptureHoldDocument,
  HoldCreditsDocument,
  ReleaseHoldDocument,
  SpendCreditsDocument,
} from '../../support/operations.generated.ts';
import { agent, balanceOf, capture, held, release, spend, suspend } from './given-holds.ts';

const MINUTE = 60_000;

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
    const spender = await agent(gateway, account, 'credits:spend');
    const reader = await agent(gateway, account, 'billing:read');
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
});
