import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { checkout, givenCatalogue, newKey, pageOf, pay } from '../../flows/given-purchases.ts';
import { startGateway, type TestAccount, type TestGateway } from '../../support/gateway.ts';
import { ManualClock } from '../../support/manual-clock.ts';
import {
  AccountChangedDocument,
  AdvanceClockDocument,
  CancelSubscriptionDocument,
  LifecycleDocument,
  RecordUsageDocument,
} from '../../support/operations.generated.ts';
import { givenCard } from '../payment-method/given-cards.ts';

const DAY = 86_400_000;

async function advance(gateway: TestGateway, ms: number) {
  const to = new Date(gateway.app.services.clock.now().getTime() + ms).toISOString();
  return gateway.admin.send(AdvanceClockDocument, { to });
}

async function lifeOf({ client }: TestAccount, page: { first?: number; after?: string } = {}) {
  const { account } = await client.request(LifecycleDocument, page);
  if (!account) throw new Error('The account is not there.');
  return account;
}

const grantsOf = async (gateway: TestGateway, { id }: TestAccount, kind: string) => {
  const { rows } = await gateway.app.services.database.pool.query(
    `select split_part(cause_id, '/', 2)::integer as month, amount_micro, expires_at - effective_at < interval '32 days' as short
      from credit_grant where account_id = $1 and cause_kind = $2 order by 1`,
    [id, kind],
  );
  return rows;
};

describe('advanceClock', { timeout: 120_000 }, () => {
  let gateway: TestGateway;
  beforeAll(async () => {
    gateway = await startGateway();
  });
  afterAll(() => gateway.close());

  it('is for administrators', async () => {
    const account = await gateway.createAccount();
    const answer = await account.client.send(AdvanceClockDocument, { to: '2100-01-01T00:00:00Z' });
    expect(answer.errors[0]?.extensions.code).toBe('FORBIDDEN');
  });

  it('is refused where time is not the sandbox’s to move', async () => {
    await using other = await startGateway({ clock: new ManualClock() });
    const { errors } = await advance(other, DAY);
    expect(errors[0]?.extensions.code).toBe('FORBIDDEN');
  });

  it('goes forward only, and not for ever', async () => {
    expect((await advance(gateway, -DAY)).errors[0]?.extensions).toMatchObject({ field: 'to' });
    expect((await advance(gateway, 4_000 * DAY)).errors[0]?.extensions.code).toBe('BAD_USER_INPUT');
  });

  it('moves the sandbox with it, outlives a restart, and is followed by other processes', async () => {
    const before = gateway.app.services.clock.now().getTime();
    const { data } = await advance(gateway, 3 * DAY);
    const reached = Date.parse(data?.advanceClock ?? '');
    expect(reached - before).toBeGreaterThanOrEqual(3 * DAY);
    expect(reached - before).toBeLessThan(3 * DAY + 60_000);
    await using other = await startGateway({ database: gateway.database });
    const apart = () =>
      Math.abs(
        other.app.services.clock.now().getTime() - gateway.app.services.clock.now().getTime(),
      );
    expect(apart()).toBeLessThan(1_000);
    await advance(gateway, DAY);
    await expect.poll(apart).toBeLessThan(1_000);
    for (const url of [gateway.sandboxUrl, other.sandboxUrl]) {
      const { now } = (await (await fetch(`${url}/_control/clock`)).json()) as { now: string };
      expect(Math.abs(Date.parse(now) - gateway.app.services.clock.now().getTime())).toBeLessThan(
        2_000,
      );
    }
  });

  it('takes a yearly subscription through its months and its renewal', async () => {
    const account = await gateway.createAccount();
    await pay(
      pageOf(await checkout(account, { planSlug: 'starter-pro', interval: 'YEAR' })).checkoutUrl,
    );
    await gateway.settled();
    await advance(gateway, 380 * DAY);
    const months = await grantsOf(gateway, account, 'invoice');
    expect(months.map(({ month }) => month)).toEqual([0, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11]);
    expect(
      months.every(({ amount_micro: amount, short }) => amount === 100_000_000n && short),
    ).toBe(true);
    expect(await lifeOf(account)).toMatchObject({
      status: 'ACTIVE',
      creditBalance: { available: '100' },
    });
    expect(await gateway.app.services.ledgerAudit.audit()).toEqual([]);
  });

  it('lets a subscription that was cancelled end with its period, and says so beforehand', async () => {
    const account = await gateway.createAccount();
    await pay(pageOf(await checkout(account, { planSlug: 'starter-pro' })).checkoutUrl);
    await gateway.settled();
    await account.client.request(CancelSubscriptionDocument, { input: { atPeriodEnd: true } });
    await gateway.settled();
    const { status, statusEndsAt, daysRemaining, subscription } = await lifeOf(account);
    expect({ status, statusEndsAt }).toEqual({
      status: 'ACTIVE',
      statusEndsAt: subscription?.currentPeriodEnd,
    });
    expect(daysRemaining).toBeGreaterThan(27);
    await advance(gateway, 32 * DAY);
    expect(await lifeOf(account)).toMatchObject({ status: 'DELETED', statusEndsAt: null });
  });

  it('is heard by whoever listens to the account', async () => {
    const account = await gateway.createAccount();
    const live = gateway.live(account.masterKey).subscribe(AccountChangedDocument, {});
    expect((await live.next()).accountChanged.status).toBe('TRIAL');
    await givenCard(account);
    await live.until(({ accountChanged }) => accountChanged.status === 'PROMO');
    const moved = advance(gateway, 95 * DAY);
    await live.until(({ accountChanged }) => accountChanged.status === 'ACTIVE', 30_000);
    await moved;
    const first = await lifeOf(account, { first: 2 });
    expect(first.transitions).toMatchObject({
      totalCount: 3,
      pageInfo: { hasNextPage: true },
      nodes: [{ to: 'ACTIVE' }, { to: 'PROMO' }],
    });
    const rest = await lifeOf(account, {
      first: 2,
      after: first.transitions.pageInfo.endCursor ?? '',
    });
    expect(rest.transitions.nodes).toMatchObject([{ from: null, to: 'TRIAL' }]);
  });

  it('is not needed when a trial is used up: that is over at once', async () => {
    const account = await gateway.createAccount();
    const input = { metric: 'actions', quantity: 1_000, idempotencyKey: newKey() };
    await account.client.request(RecordUsageDocument, { input });
    expect(await lifeOf(account)).toMatchObject({ status: 'TRIAL' });
    await account.client.request(RecordUsageDocument, {
      input: { metric: 'actions', quantity: 1, idempotencyKey: newKey() },
    });
    await gateway.settled();
    expect(await lifeOf(account)).toMatchObject({
      status: 'READONLY',
      transitions: { nodes: [{ trigger: 'TRIAL_LIMIT_PASSED' }, { trigger: 'ACCOUNT_CREATED' }] },
    });
  });
});

describe('advanceClock in mode free', { timeout: 120_000 }, () => {
  it('grants the default plan’s months for ever, and again when a subscription has ended', async () => {
    const CATALOGUE = await givenCatalogue((file) => {
      file.lifecycle = { mode: 'free' };
    });
    await using gateway = await startGateway({ environment: { CATALOGUE } });
    const account = await gateway.createAccount();
    expect(await lifeOf(account)).toMatchObject({ status: 'ACTIVE', daysRemaining: null });
    await advance(gateway, 40 * DAY);
    expect(await lifeOf(account)).toMatchObject({ creditBalance: { available: '10' } });
    await pay(pageOf(await checkout(account, { planSlug: 'starter-pro' })).checkoutUrl);
    await gateway.settled();
    expect(await lifeOf(account)).toMatchObject({ creditBalance: { available: '100' } });
    await account.client.request(CancelSubscriptionDocument, { input: { atPeriodEnd: true } });
    await advance(gateway, 40 * DAY);
    expect(await lifeOf(account)).toMatchObject({
      status: 'ACTIVE',
      plan: { slug: 'free' },
      creditBalance: { available: '10' },
    });
    const months = await grantsOf(gateway, account, 'account');
    expect(months.map(({ month }) => month)).toEqual([0, 1, 2]);
  });
});
