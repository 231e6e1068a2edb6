import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { givenCard } from '../features/payment-method/given-cards.ts';
import { startGateway, type TestAccount, type TestGateway } from '../support/gateway.ts';
import {
  AdvanceClockDocument,
  LedgerDocument,
  LifecycleDocument,
  SpendCreditsDocument,
} from '../support/operations.generated.ts';

const DAY = 86_400_000;
const MINUTE = 60_000;

describe('a whole life on the moved clock', () => {
  let gateway: TestGateway;
  beforeAll(async () => {
    gateway = await startGateway();
  });
  afterAll(() => gateway.close());

  const now = () => gateway.app.services.clock.now();
  const advance = async (ms: number) => {
    const to = new Date(now().getTime() + ms).toISOString();
    return (await gateway.admin.request(AdvanceClockDocument, { to })).advanceClock;
  };
  const advanceTo = (instant: string | null | undefined) =>
    advance(Date.parse(instant ?? '') - now().getTime() + MINUTE);
  const lifeOf = async ({ client }: TestAccount) => {
    const { account } = await client.request(LifecycleDocument, { first: 50 });
    if (!account) throw new Error('The account is not there.');
    return { ...account, steps: account.transitions.nodes.toReversed() };
  };
  const spend = async ({ client }: TestAccount, key: string) =>
    (await client.request(SpendCreditsDocument, { input: { amount: '1', idempotencyKey: key } }))
      .spendCredits;

  it('leads through a trial and its grace to the end when nobody ever pays', async () => {
    const account = await gateway.createAccount();
    expect(await lifeOf(account)).toMatchObject({
      status: 'TRIAL',
      daysRemaining: 30,
      nextStatuses: expect.arrayContaining(['PROMO', 'READONLY', 'ACTIVE']),
      canExecute: true,
      canDeploy: true,
    });

    await advance(30 * DAY);
    expect(await lifeOf(account)).toMatchObject({
      status: 'READONLY',
      daysRemaining: 30,
      canExecute: true,
      canDeploy: false,
    });
    expect((await spend(account, 'readonly')).__typename).toBe('SpendCreditsPayload');

    await advance(30 * DAY);
    const end = await lifeOf(account);
    expect(end).toMatchObject({ status: 'DELETED', nextStatuses: [], canExecute: false });
    expect(await spend(account, 'deleted')).toMatchObject({
      __typename: 'AccountBlocked',
      status: 'DELETED',
    });
    const [created, over, deleted] = end.steps;
    expect(end.steps.map(({ to, trigger }) => [to, trigger])).toEqual([
      ['TRIAL', 'ACCOUNT_CREATED'],
      ['READONLY', 'TRIAL_TIME_OVER'],
      ['DELETED', 'GRACE_OVER'],
    ]);
    expect(Date.parse(over?.at ?? '') - Date.parse(created?.at ?? '')).toBe(30 * DAY);
    expect(Date.parse(deleted?.at ?? '') - Date.parse(created?.at ?? '')).toBe(60 * DAY);
  });

  it('leads through readonly, a card, the promotion, its first charge, a failure, the recovery and a cancellation', async () => {
    const account = await gateway.createAccount();
    await gateway.app.services.lifecycle.passTrialLimit(account.id);
    expect(await lifeOf(account)).toMatchObject({ status: 'READONLY', daysRemaining: 30 });

    await givenCard(account);
    await gateway.settled();
    const promoted = await lifeOf(account);
    expect(promoted).toMatchObject({
      status: 'PROMO',
      plan: { slug: 'pro' },
      subscription: { status: 'TRIALING', trialEnd: promoted.statusEndsAt },
      creditBalance: { available: '80' },
    });

    await advance(45 * DAY);
    expect(await lifeOf(account)).toMatchObject({
      status: 'PROMO',
      creditBalance: { available: '120' },
    });

    await advanceTo(promoted.statusEndsAt);
    expect(await lifeOf(account)).toMatchObject({
      status: 'ACTIVE',
      statusEndsAt: null,
      subscription: { status: 'ACTIVE' },
    });
    await advance(32 * DAY);
    expect(await lifeOf(account)).toMatchObject({ status: 'ACTIVE' });

    await givenCard(account, 'pm_card_chargeCustomerFail');
    expect(await lifeOf(account)).toMatchObject({ status: 'ACTIVE' });
    await advance(32 * DAY);
    expect(await lifeOf(account)).toMatchObject({
      status: 'SUSPENDED',
      canExecute: false,
      subscription: { status: 'PAST_DUE' },
    });
    expect((await spend(account, 'suspended')).__typename).toBe('AccountBlocked');

    await givenCard(account);
    await gateway.settled();
    expect(await lifeOf(account)).toMatchObject({
      status: 'ACTIVE',
      canExecute: true,
      subscription: { status: 'ACTIVE' },
    });

    const { subscriptions, providers } = gateway.app.services;
    const live = await subscriptions.liveSubscription(account.id);
    await providers.get('STRIPE')?.cancelAndRefund(live?.providerSubscriptionId ?? '', 'cancel');
    await gateway.settled();
    const end = await lifeOf(account);
    expect(end.steps.map(({ to, trigger }) => [to, trigger])).toEqual([
      ['TRIAL', 'ACCOUNT_CREATED'],
      ['READONLY', 'TRIAL_LIMIT_PASSED'],
      ['PROMO', 'PAYMENT_METHOD_ATTACHED'],
      ['ACTIVE', 'PROMOTION_CHARGE_PAID'],
      ['SUSPENDED', 'PAYMENT_FAILED'],
      ['ACTIVE', 'OUTSTANDING_INVOICE_PAID'],
      ['DELETED', 'SUBSCRIPTION_ENDED'],
    ]);
    expect(await gateway.app.services.ledgerAudit.audit()).toEqual([]);
  });

  it('suspends an account whose card fails when its promotion ends, and ends it when nobody ever pays', async () => {
    const account = await gateway.createAccount();
    await givenCard(account, 'pm_card_chargeCustomerFail');
    await gateway.settled();
    const { status, statusEndsAt } = await lifeOf(account);
    expect(status).toBe('PROMO');
    await advanceTo(statusEndsAt);
    expect(await lifeOf(account)).toMatchObject({ status: 'SUSPENDED' });
    await advance(20 * DAY);
    expect((await lifeOf(account)).steps.map(({ to }) => to)).toEqual([
      'TRIAL',
      'PROMO',
      'SUSPENDED',
      'DELETED',
    ]);
  });

  it('writes each month of plan credits and what rolls over of it into the ledger, in order', async () => {
    const account = await gateway.createAccount();
    await givenCard(account);
    await gateway.settled();
    await advance(100 * DAY);
    const { account: found } = await account.client.request(LedgerDocument, { first: 50 });
    const entries = found?.creditTransactions.edges.map(({ node }) => node).toReversed() ?? [];
    expect(entries.map(({ type, amount }) => [type, amount])).toEqual([
      ['GRANT', '10'],
      ['EXPIRY', '-10'],
      ['GRANT', '80'],
      ['EXPIRY', '-80'],
      ['ROLLOVER', '40'],
      ['GRANT', '80'],
      ['EXPIRY', '-40'],
      ['EXPIRY', '-80'],
      ['ROLLOVER', '40'],
      ['GRANT', '80'],
      ['EXPIRY', '-40'],
      ['EXPIRY', '-80'],
      ['ROLLOVER', '40'],
      ['GRANT', '80'],
    ]);
    const times = entries.map(({ createdAt }) => Date.parse(createdAt));
    expect(times).toEqual(times.toSorted((a, b) => a - b));
  });
});
