import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { startGateway, type TestAccount, type TestGateway } from '../support/gateway.ts';
import { AdvanceClockDocument, UpdatePlanDocument } from '../support/operations.generated.ts';
import { expectShown, guardBalances, keptPageAt, pageAt } from './given-pages.ts';
import { checkout, pageOf, pay } from './given-purchases.ts';
import { reverse, spend, topUp } from './given-reversals.ts';

const DAY = 86_400_000;

let gateway: TestGateway;
let neighbour: TestGateway;
beforeAll(async () => {
  gateway = await startGateway();
  neighbour = await startGateway({ database: gateway.database });
  // A sandbox of its own plays its providers, in whose books nothing of this is: what has to ask them is the gateway's to do.
  await neighbour.app.jobs.stop();
  await guardBalances(gateway);
});
afterAll(async () => {
  await neighbour.close();
  await gateway.close();
});

const shown = (account: TestAccount, write: () => unknown) =>
  expectShown([gateway, neighbour], account, write);

describe('the page of a buyer that is asked for again and again', () => {
  it('shows credits that are bought, refunded, contested and given back', async () => {
    const account = await gateway.createAccount({ credits: '0' });
    let payment = '';
    const bought = await shown(account, async () => {
      payment = (await topUp(gateway, account)).checkoutId;
      await gateway.settled();
    });
    expect(bought.account.creditBalance.total).toBe('50');
    await shown(account, () => spend(account, '20'));
    const reversed = (action: Parameters<typeof reverse>[2], amount?: number) =>
      shown(account, async () => {
        await reverse(gateway, payment, action, amount);
        await gateway.settled();
      });
    expect((await reversed('refund', 300)).account.creditBalance.total).toBe('20');
    expect((await reversed('dispute')).account.creditBalance.available).toBe('0');
    expect((await reversed('winDispute')).account.creditBalance.available).toBe('20');
  });

  it('shows a plan that is bought, and that it ends', async () => {
    const account = await gateway.createAccount();
    const bought = await shown(account, async () => {
      await pay(pageOf(await checkout(account)).checkoutUrl);
      await gateway.settled();
    });
    expect(bought.account).toMatchObject({
      status: 'ACTIVE',
      plan: { slug: 'starter-pro' },
      subscription: { status: 'ACTIVE' },
    });
    await shown(account, async () => {
      await account.client.query('mutation { cancelSubscription(input: {}) { __typename } }');
      await gateway.settled();
    });
  });

  it('shows a plan in its new words, at once where they were written and soon elsewhere', async () => {
    const account = await gateway.createAccount();
    const { plan } = (await keptPageAt(gateway, account)).account;
    const { plans } = await gateway.admin.query<{ plans: { id: string; slug: string }[] }>(
      '{ plans { id slug } }',
    );
    const id = plans.find(({ slug }) => slug === plan.slug)?.id ?? '';
    await keptPageAt(neighbour, account);
    await gateway.admin.request(UpdatePlanDocument, { input: { id, name: 'Other words' } });
    expect((await pageAt(gateway, account)).account.plan.name).toBe('Other words');
    await vi.waitFor(async () =>
      expect((await pageAt(neighbour, account)).account.plan.name).toBe('Other words'),
    );
  });

  it('shows what time brings, when time is moved', async () => {
    const account = await gateway.createAccount();
    await keptPageAt(neighbour, account);
    await keptPageAt(gateway, account);
    const to = new Date(gateway.app.services.clock.now().getTime() + 31 * DAY).toISOString();
    await gateway.admin.request(AdvanceClockDocument, { to });
    expect((await pageAt(gateway, account)).account.status).toBe('READONLY');
    await vi.waitFor(async () =>
      expect((await pageAt(neighbour, account)).account).toEqual(
        (await pageAt(gateway, account)).account,
      ),
    );
  });
});
