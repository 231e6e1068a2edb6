import { randomUUID } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { daysBetween, type Given } from './given.ts';

/** Hosted pages from open to paid, closed or declined. */
export function describeCheckouts(given: () => Given): void {
  describe('a checkout', () => {
    it('is open, with our order on it, until it is paid', async () => {
      const checkout = await given().planCheckout();
      const page = await given().provider.createPlanCheckout(checkout, randomUUID());

      expect(await given().provider.retrieveCheckout(page.checkoutId)).toMatchObject({
        checkoutId: page.checkoutId,
        orderId: checkout.orderId,
        state: 'OPEN',
        customerId: checkout.customerId,
        total: { amountMinor: 4900n, currency: 'USD' },
        url: page.url,
      });
      expect(page.expiresAt.getTime()).toBeGreaterThan(given().world.now().getTime());
    });

    it('is made once for one key', async () => {
      const key = randomUUID();
      const checkout = await given().planCheckout();

      const first = await given().provider.createPlanCheckout(checkout, key);

      expect(await given().provider.createPlanCheckout(checkout, key)).toEqual(first);
    });

    it('is made once by two at the same time', async () => {
      const key = randomUUID();
      const checkout = await given().creditsCheckout();
      await given().provider.createCreditsCheckout(checkout, randomUUID());
      const before = await given().world.count('checkout');

      const both = await Promise.all(
        [1, 2].map(() => given().provider.createCreditsCheckout(checkout, key)),
      );

      expect(both[0]).toEqual(both[1]);
      expect(await given().world.count('checkout')).toBe(before + 1);
    });

    it('gives an active subscription that knows what it was sold for', async () => {
      const checkout = await given().planCheckout();

      const { outcome } = await given().paid(
        given().provider.createPlanCheckout(checkout, randomUUID()),
      );
      const subscription = await given().provider.retrieveSubscription(
        outcome.subscriptionId ?? '',
      );

      expect(outcome).toMatchObject({ state: 'PAID', orderId: checkout.orderId });
      expect(subscription).toMatchObject({
        subscriptionId: outcome.subscriptionId,
        customerId: checkout.customerId,
        status: 'ACTIVE',
        providerPriceId: checkout.providerPriceId,
        price: { amountMinor: 4900n, currency: 'USD' },
        interval: 'MONTH',
        trialEnd: null,
        cancelAtPeriodEnd: false,
        endedAt: null,
        metadata: { accountId: checkout.accountId, orderId: checkout.orderId },
      });
      expect(
        daysBetween(subscription.currentPeriodStart, subscription.currentPeriodEnd),
      ).toBeGreaterThan(27);
    });

    it('with a trial has nothing to pay now and gives a trialing subscription', async () => {
      const checkout = { ...(await given().planCheckout()), trialDays: 14 };

      const { outcome } = await given().paid(
        given().provider.createPlanCheckout(checkout, randomUUID()),
      );
      const subscription = await given().provider.retrieveSubscription(
        outcome.subscriptionId ?? '',
      );

      expect(outcome.state).toBe('PAID');
      expect(subscription.status).toBe('TRIALING');
      expect(daysBetween(subscription.trialStart, subscription.trialEnd)).toBe(14);
    });

    it('for credits is paid once and names its payment', async () => {
      const checkout = await given().creditsCheckout();

      const { outcome } = await given().paid(
        given().provider.createCreditsCheckout(checkout, randomUUID()),
      );

      expect(outcome).toMatchObject({
        orderId: checkout.orderId,
        state: 'PAID',
        subscriptionId: null,
        paymentId: expect.any(String),
        total: checkout.money,
      });
    });

    it('stays open when the card is declined', async () => {
      const page = await given().provider.createPlanCheckout(
        await given().planCheckout(),
        randomUUID(),
      );

      await given().world.pay(page.url, 'DECLINED');

      expect(await given().stateOf(page.checkoutId)).toBe('OPEN');
    });

    it('can be closed, or counts as closed, and stays so when that is said twice', async () => {
      const page = await given().provider.createCreditsCheckout(
        await given().creditsCheckout(),
        randomUUID(),
      );

      expect((await given().provider.expireCheckout(page.checkoutId)).state).toBe('EXPIRED');
      expect((await given().provider.expireCheckout(page.checkoutId)).state).toBe('EXPIRED');
      const state = given().world.closesPages ? 'EXPIRED' : 'OPEN';
      expect(await given().stateOf(page.checkoutId)).toBe(state);
    });

    it('that was paid though it counted as closed says that it is paid', async () => {
      if (given().world.closesPages) return;
      const opening = given().provider.createCreditsCheckout(
        await given().creditsCheckout(),
        randomUUID(),
      );
      await given().provider.expireCheckout((await opening).checkoutId);

      expect((await given().paid(opening)).outcome.state).toBe('PAID');
    });

    it('that is paid cannot be closed any more and says so', async () => {
      const { page } = await given().paid(
        given().provider.createCreditsCheckout(await given().creditsCheckout(), randomUUID()),
      );

      expect((await given().provider.expireCheckout(page.checkoutId)).state).toBe('PAID');
    });

    it('that does not exist is refused', async () => {
      const refusal = { code: 'PROVIDER_REFUSED' };

      await expect(given().provider.retrieveCheckout('no_such_checkout')).rejects.toMatchObject(
        refusal,
      );
      await expect(given().provider.expireCheckout('no_such_checkout')).rejects.toMatchObject(
        refusal,
      );
    });
  });
}
