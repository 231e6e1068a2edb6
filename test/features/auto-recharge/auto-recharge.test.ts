import type Stripe from 'stripe';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  booksOf,
  control,
  each,
  forgetFaults,
  givenCatalogue,
  newKey,
  sql,
} from '../../flows/given-purchases.ts';
import { balanceOf, spend } from '../../flows/given-reversals.ts';
import { startGateway, type TestAccount, type TestGateway } from '../../support/gateway.ts';
import { ledgerFaults } from '../../support/ledger-checker.ts';
import {
  AdvanceClockDocument,
  AutoRechargeDocument,
  CreditBalanceChangedDocument,
  OrdersDocument,
  SetAutoRechargeDocument,
  type SetAutoRechargeInput,
} from '../../support/operations.generated.ts';
import { givenCard } from '../payment-method/given-cards.ts';

const SET =
  'mutation ($input: SetAutoRechargeInput!) { setAutoRecharge(input: $input) { __typename } }';
const DAY_MS = 86_400_000;

describe('an account that is recharged by itself', { timeout: 60_000 }, () => {
  let gateway: TestGateway;
  beforeAll(async () => {
    const catalogue = await givenCatalogue((file) => {
      file.lifecycle = { mode: 'free', plan: 'pro' };
    });
    gateway = await startGateway({ environment: { CATALOGUE: catalogue } });
  });
  afterAll(async () => {
    expect(await ledgerFaults(gateway.app.services.database)).toEqual([]);
    await gateway.close();
  });

  /** Fifty credits are bought whenever fewer than 20 are left. */
  async function givenAccount(
    credits: string,
    { card = 'pm_card_visa', ...settings }: Partial<SetAutoRechargeInput> & { card?: string } = {},
  ): Promise<TestAccount> {
    const account = await gateway.createAccount({ credits, externalId: newKey() });
    await givenCard(account, card);
    const answer = await set(account, settings);
    expect(answer).toMatchObject({ __typename: 'SetAutoRechargePayload' });
    await gateway.app.jobs.whenIdle();
    return account;
  }

  async function set(account: TestAccount, settings: Partial<SetAutoRechargeInput> = {}) {
    const input = { enabled: true, threshold: '20', amountMinorUnits: 1_500, ...settings };
    return (await account.client.request(SetAutoRechargeDocument, { input })).setAutoRecharge;
  }

  async function ordersOf(account: TestAccount): Promise<string[]> {
    await gateway.settled();
    const { account: seen } = await account.client.request(OrdersDocument, { first: 50 });
    return (seen?.orders.nodes ?? []).map(({ kind, status }) => `${kind} ${status}`).toReversed();
  }

  /** What the provider charged this account's cards, whatever came of it. */
  async function chargesOf({ id }: TestAccount): Promise<string[]> {
    const books = (await booksOf(gateway)) as unknown as {
      payment_intent?: Stripe.PaymentIntent[];
    };
    return (books.payment_intent ?? [])
      .filter(({ metadata }) => metadata.accountId === id)
      .map(({ status, amount }) => `${status} ${amount}`);
  }

  async function moveClock(byMs: number): Promise<void> {
    const to = new Date(gateway.app.services.clock.now().getTime() + byMs).toISOString();
    await gateway.admin.request(AdvanceClockDocument, { to });
  }

  it('is charged once when fifty spends at once take its balance under the threshold', async () => {
    const account = await givenAccount('60');
    expect(await ordersOf(account)).toEqual([]);
    const live = gateway.live(account.masterKey).subscribe(CreditBalanceChangedDocument, {});
    const said = await each([...Array(50).keys()], () => spend(account, '1'), 50);
    expect(new Set(said)).toEqual(new Set(['SpendCreditsPayload']));
    await live.until(({ creditBalanceChanged }) => creditBalanceChanged.balance.available === '60');
    expect(await ordersOf(account)).toEqual(['CREDITS PAID']);
    expect(await chargesOf(account)).toEqual(['succeeded 1500']);
    expect(await balanceOf(account)).toMatchObject({ available: '60', purchasedCredits: '50' });
    // The threshold is watched again.
    await spend(account, '41');
    expect(await ordersOf(account)).toEqual(['CREDITS PAID', 'CREDITS PAID']);
  });

  it('is charged at once when it is low already, by a hold too, and not any more when turned off', async () => {
    const account = await givenAccount('19');
    expect(await ordersOf(account)).toEqual(['CREDITS PAID']);
    await account.client.query(
      `mutation { holdCredits(input: { amount: "50", idempotencyKey: "${newKey()}" }) { __typename } }`,
    );
    expect(await ordersOf(account)).toHaveLength(2);
    await set(account, { enabled: false });
    await spend(account, '60');
    expect(await ordersOf(account)).toHaveLength(2);
    const { account: seen } = await account.client.request(AutoRechargeDocument, {});
    expect(seen?.autoRecharge).toEqual({
      enabled: false,
      threshold: '20',
      amount: { minorUnits: 1_500, currency: 'USD' },
      monthlyCap: null,
    });
  });

  it('is left in peace for a day when its card is refused, unless it has a new one', async () => {
    const account = await givenAccount('25', { card: 'pm_card_chargeCustomerFail' });
    await spend(account, '10');
    expect(await ordersOf(account)).toEqual(['CREDITS FAILED']);
    for (let spent = 0; spent < 3; spent += 1) await spend(account, '1');
    expect(await ordersOf(account)).toHaveLength(1);
    await moveClock(DAY_MS + 1_000);
    expect(await ordersOf(account)).toEqual(['CREDITS FAILED', 'CREDITS FAILED']);
    expect(await chargesOf(account)).toHaveLength(2);
    await givenCard(account, 'pm_card_visa');
    expect(await ordersOf(account)).toEqual(['CREDITS FAILED', 'CREDITS FAILED', 'CREDITS PAID']);
    expect(await balanceOf(account)).toMatchObject({ purchasedCredits: '50' });
  });

  it('is charged no more than its cap in a month, and again in the next one', async () => {
    const account = await givenAccount('10', { monthlyCapMinorUnits: 2_999 });
    expect(await ordersOf(account)).toEqual(['CREDITS PAID']);
    await spend(account, '55');
    expect(await ordersOf(account)).toEqual(['CREDITS PAID']);
    await moveClock(32 * DAY_MS);
    expect(await ordersOf(account)).toEqual(['CREDITS PAID', 'CREDITS PAID']);
    expect(await chargesOf(account)).toEqual(['succeeded 1500', 'succeeded 1500']);
  });

  it('is not charged for what it owes, nor while it is suspended', async () => {
    const account = await givenAccount('10');
    const [intent] = (
      (await booksOf(gateway)) as unknown as { payment_intent: Stripe.PaymentIntent[] }
    ).payment_intent.filter(({ metadata }) => metadata.accountId === account.id);
    await spend(account, '40');
    await control(gateway, 'reversals', { payment: intent?.id, action: 'refund' });
    expect(await ordersOf(account)).toEqual(['CREDITS REFUNDED']);
    expect(await balanceOf(account)).toMatchObject({ owed: '30', available: '0' });
    expect(await chargesOf(account)).toHaveLength(1);

    const suspended = await givenAccount('30');
    await sql(gateway, `update account set status = 'SUSPENDED' where id = $1`, [suspended.id]);
    await gateway.admin.query(
      `mutation { adjustCredits(input: { accountId: "${suspended.id}", amount: "-20", reason: "Test.", idempotencyKey: "a" }) { __typename } }`,
    );
    expect(await ordersOf(suspended)).toEqual([]);
  });

  it('needs a card, an account that may buy, and an amount that is sold', async () => {
    const account = await gateway.createAccount({ externalId: newKey() });
    expect((await account.client.request(AutoRechargeDocument, {})).account).toEqual({
      autoRecharge: null,
    });
    expect(await set(account)).toEqual({
      __typename: 'NotAllowedNow',
      code: 'NOT_ALLOWED_NOW',
      message: 'No card is saved: attach one first.',
    });
    await givenCard(account);
    for (const wrong of [
      { threshold: null },
      { threshold: '0' },
      { amountMinorUnits: null },
      { amountMinorUnits: 499 },
      { monthlyCapMinorUnits: 1_499 },
    ]) {
      const input = { enabled: true, threshold: '20', amountMinorUnits: 1_500, ...wrong };
      const { errors } = await account.client.post({ query: SET, variables: { input } });
      expect(errors.map(({ extensions }) => extensions.code)).toEqual(['BAD_USER_INPUT']);
    }
    await sql(gateway, `update account set status = 'DELETED', blocked_at = now() where id = $1`, [
      account.id,
    ]);
    expect(await set(account)).toMatchObject({
      __typename: 'NotAllowedNow',
      message: 'An account that is DELETED buys nothing.',
    });
  });

  it('is set by its master key and by administrators, by nobody else', async () => {
    const account = await gateway.createAccount({ externalId: newKey() });
    const { createApiKey } = await account.client.query<{ createApiKey: { secret: string } }>(
      'mutation { createApiKey(input: { kind: AGENT, name: "a", scopes: ["billing:read", "credits:spend", "usage:record"] }) { secret } }',
    );
    const input = { enabled: false, threshold: '20', amountMinorUnits: 1_500 };
    const codeOf = async (key: string | null, more = {}) => {
      const variables = { input: { ...input, ...more } };
      const { errors } = await gateway.as(key).post({ query: SET, variables });
      return errors[0]?.extensions.code;
    };
    expect(await codeOf(createApiKey.secret)).toBe('MASTER_KEY_REQUIRED');
    expect(await codeOf(null)).toBe('UNAUTHENTICATED');
    const stranger = await gateway.createAccount({ externalId: newKey() });
    expect(await codeOf(stranger.masterKey, { accountId: account.id })).toBe('NOT_FOUND');
    const { setAutoRecharge } = await gateway.admin.request(SetAutoRechargeDocument, {
      input: { ...input, accountId: account.id },
    });
    expect(setAutoRecharge).toMatchObject({ account: { autoRecharge: { enabled: false } } });
  });

  it('is charged and credited once when the provider does it and then hangs', async () => {
    const account = await givenAccount('25');
    const path = '/v1/payment_intents';
    await control(gateway, 'faults', { method: 'POST', path, effect: 'hang', times: 1 });
    await spend(account, '10');
    await expect.poll(() => chargesOf(account), { timeout: 20_000 }).toEqual(['succeeded 1500']);
    const { automaticCharges } = gateway.app.services;
    await Promise.all([1, 2, 3].map(() => automaticCharges.recharge(account.id)));
    await forgetFaults(gateway);
    expect(await balanceOf(account)).toMatchObject({ available: '65' });
    await gateway.app.jobs.whenIdle(30_000);
    expect(await ordersOf(account)).toEqual(['CREDITS PAID']);
    expect(await chargesOf(account)).toEqual(['succeeded 1500']);
    expect(await balanceOf(account)).toMatchObject({ available: '65' });
  });
});
