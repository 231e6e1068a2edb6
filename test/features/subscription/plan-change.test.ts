import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { control, forgetFaults, newKey, sql } from '../../flows/given-purchases.ts';
import { startGateway, type TestGateway } from '../../support/gateway.ts';
import { givenCard } from '../payment-method/given-cards.ts';
import {
  atProvider,
  cancel,
  changePlan,
  creditsOf,
  givenSubscriber,
  preview,
  subscriptionOf,
} from './given-subscription.ts';

describe('changing the plan', () => {
  let gateway: TestGateway;
  beforeAll(async () => {
    gateway = await startGateway();
  });
  afterEach(() => forgetFaults(gateway));
  afterAll(() => gateway.close());

  describe('upwards', () => {
    it('is previewed by the provider, and costs and brings what the preview said', async () => {
      const account = await givenSubscriber(gateway);

      const quote = await preview(account, 'scale');
      expect(quote.amountDueNow).toEqual({ minorUnits: 7000, currency: 'USD' });
      expect(Number(quote.creditsDelta)).toBeGreaterThan(299.9);
      expect(Number(quote.creditsDelta)).toBeLessThanOrEqual(300);
      const answer = await changePlan(account, { quoteId: quote.quoteId });

      expect(answer).toMatchObject({
        effectiveAt: quote.effectiveAt,
        subscription: { plan: { slug: 'scale' }, price: { minorUnits: 9900 } },
      });
      await gateway.settled();
      expect(Number(await creditsOf(account))).toBe(100 + Number(quote.creditsDelta));
      const { invoices } = await atProvider(gateway, account);
      expect(invoices.map(({ total, status }) => [total, status])).toEqual([
        [2900, 'paid'],
        [7000, 'paid'],
      ]);
    });

    it('keeps the old grant and adds once, however often it is asked for or announced', async () => {
      const account = await givenSubscriber(gateway);
      const idempotencyKey = newKey();

      const answers = await Promise.all(
        Array.from({ length: 4 }, () => changePlan(account, { idempotencyKey })),
      );
      await gateway.settled();

      expect(answers.map((answer) => answer.__typename)).toEqual(
        Array.from({ length: 4 }, () => 'ChangePlanPayload'),
      );
      const grants = await sql<{ amount: string }>(
        gateway,
        `select amount_micro as amount from credit_grant
         where account_id = $1 and source = 'PLAN' and status = 'OPEN' order by created_at`,
        [account.id],
      );
      expect(grants).toHaveLength(2);
      expect(grants[0]).toEqual({ amount: '100000000' });
      expect((await atProvider(gateway, account)).invoices).toHaveLength(2);
      expect((await changePlan(account, { idempotencyKey, planSlug: 'pro' })).__typename).toBe(
        'IdempotencyConflict',
      );
    });

    it('leaves everything as it was when the payment fails, and works with another card', async () => {
      const account = await givenSubscriber(gateway);
      await givenCard(account, 'pm_card_chargeCustomerFail');
      const idempotencyKey = newKey();

      const declined = await changePlan(account, { idempotencyKey });

      expect(declined).toMatchObject({
        __typename: 'PaymentDeclined',
        declineCode: 'generic_decline',
      });
      await gateway.settled();
      expect(await subscriptionOf(account)).toMatchObject({
        status: 'ACTIVE',
        plan: { slug: 'starter-pro' },
      });
      expect(await creditsOf(account)).toBe('100');
      await givenCard(account);
      expect(await changePlan(account, { idempotencyKey })).toMatchObject({
        subscription: { plan: { slug: 'scale' } },
      });
    });

    it('is charged once when the answer was lost', async () => {
      const account = await givenSubscriber(gateway);
      await control(gateway, 'faults', {
        effect: 'reset',
        after: true,
        method: 'POST',
        path: '/v1/subscriptions/*',
      });

      expect((await changePlan(account)).__typename).toBe('ChangePlanPayload');
      expect((await atProvider(gateway, account)).invoices).toHaveLength(2);
    });

    it('begins a new period when it is paid by the year from now on', async () => {
      const account = await givenSubscriber(gateway);
      const before = await subscriptionOf(account);

      const quote = await preview(account, 'starter-pro', 'YEAR');
      expect(quote.amountDueNow.minorUnits).toBe(29_000 - 2900);
      await changePlan(account, { planSlug: 'starter-pro', interval: 'YEAR' });
      await gateway.settled();

      const after = await subscriptionOf(account);
      expect(after).toMatchObject({ interval: 'YEAR', price: { minorUnits: 29_000 } });
      expect(Date.parse(String(after.currentPeriodEnd))).toBeGreaterThan(
        Date.parse(String(before.currentPeriodEnd)) + 300 * 86_400_000,
      );
      expect(await creditsOf(account)).toBe('100');
    });
  });

  describe('downwards', () => {
    it('waits for the end of the period, by a schedule', async () => {
      const account = await givenSubscriber(gateway, 'scale');
      const { currentPeriodEnd } = await subscriptionOf(account);

      const quote = await preview(account, 'starter-pro');
      expect(quote).toMatchObject({
        amountDueNow: { minorUnits: 0 },
        creditsDelta: '-300',
        effectiveAt: currentPeriodEnd,
      });
      const answer = await changePlan(account, {
        planSlug: 'starter-pro',
        quoteId: quote.quoteId,
      });

      expect(answer).toMatchObject({
        effectiveAt: currentPeriodEnd,
        subscription: { plan: { slug: 'scale' } },
      });
      const { schedules, invoices } = await atProvider(gateway, account);
      expect(schedules).toMatchObject([{ status: 'active', phases: [{}, {}] }]);
      expect(invoices).toHaveLength(1);
      expect(await creditsOf(account)).toBe('400');
    });

    it('is dropped when the subscription is cancelled, and when it goes up instead', async () => {
      const account = await givenSubscriber(gateway, 'starter-pro');
      await changePlan(account, { planSlug: 'pro' });

      expect(await changePlan(account)).toMatchObject({
        subscription: { plan: { slug: 'scale' } },
      });
      await changePlan(account, { planSlug: 'pro' });
      expect(await cancel(account)).toMatchObject({ subscription: { cancelAtPeriodEnd: true } });

      const { schedules } = await atProvider(gateway, account);
      expect(schedules.map(({ status }) => status)).toEqual(['released', 'released']);
    });
  });

  describe('is refused', () => {
    it('when the quote is unknown, of something else, or too old', async () => {
      const account = await givenSubscriber(gateway);
      const { quoteId } = await preview(account, 'scale');
      const expired = async (input: object) => (await changePlan(account, input)).__typename;

      expect(await expired({ quoteId: 'nothing' })).toBe('QuoteExpired');
      expect(await expired({ quoteId, planSlug: 'scale', interval: 'YEAR' })).toBe('QuoteExpired');
      await sql(gateway, 'update plan_change_quote set expires_at = created_at where id = $1', [
        quoteId,
      ]);
      expect(await expired({ quoteId })).toBe('QuoteExpired');
    });

    it('when what it was reckoned from has changed', async () => {
      const account = await givenSubscriber(gateway, 'pro');
      const { quoteId } = await preview(account, 'scale');
      await changePlan(account, { planSlug: 'starter-pro' });

      expect((await changePlan(account, { quoteId })).__typename).toBe('QuoteExpired');
    });

    it('for a plan that is not sold, the plan it has, and the free one', async () => {
      const account = await givenSubscriber(gateway);
      const answer = async (planSlug: string) =>
        (await changePlan(account, { planSlug })).__typename;

      expect(await answer('nothing')).toBe('PlanNotAvailable');
      expect(await answer('free')).toBe('PlanNotAvailable');
      expect(await answer('starter-pro')).toBe('NotAllowedNow');
      await expect(preview(account, 'nothing')).rejects.toThrow('BAD_USER_INPUT');
    });

    it('without a subscription, and while one is being cancelled', async () => {
      const free = await gateway.createAccount();
      expect((await changePlan(free)).__typename).toBe('NotAllowedNow');
      const leaving = await givenSubscriber(gateway);
      await cancel(leaving);

      expect((await changePlan(leaving)).__typename).toBe('NotAllowedNow');
    });
  });
});
