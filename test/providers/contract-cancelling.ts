import { randomUUID } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import type { Given } from './given.ts';

/** Ending a second subscription and giving its money back. */
export function describeCancelling(given: () => Given): void {
  describe('cancelling with a refund', () => {
    it('ends the subscription at once and gives all of it back, once', async () => {
      const key = randomUUID();
      const { outcome } = await given().paid(
        given().provider.createPlanCheckout(await given().planCheckout(), randomUUID()),
      );
      const subscriptionId = outcome.subscriptionId ?? '';

      await given().provider.cancelAndRefund(subscriptionId, key);
      await given().provider.cancelAndRefund(subscriptionId, key);
      await given().provider.cancelAndRefund(subscriptionId, randomUUID());

      expect(await given().provider.retrieveSubscription(subscriptionId)).toMatchObject({
        status: 'CANCELED',
        endedAt: expect.any(Date),
      });
      expect((await given().world.moneyOf(subscriptionId)).refundedMinor).toBe(4900n);
    });

    it('goes on after the answer to the cancelling was lost', async () => {
      const { outcome } = await given().paid(
        given().provider.createPlanCheckout(await given().planCheckout(), randomUUID()),
      );
      const subscriptionId = outcome.subscriptionId ?? '';
      const cancelling = { effect: 'truncate', of: 'CANCEL', times: 1, after: true } as const;
      await given().world.breakDown(cancelling);

      await given().provider.cancelAndRefund(subscriptionId, randomUUID());

      expect((await given().world.moneyOf(subscriptionId)).refundedMinor).toBe(4900n);
    });

    it('gives it back once when the answer to the refund was lost', async () => {
      const { outcome } = await given().paid(
        given().provider.createPlanCheckout(await given().planCheckout(), randomUUID()),
      );
      const subscriptionId = outcome.subscriptionId ?? '';
      await given().world.breakDown({ effect: 'hang', of: 'REFUND', times: 1, after: true });
      const key = randomUUID();

      await expect(given().provider.cancelAndRefund(subscriptionId, key)).rejects.toMatchObject({
        code: 'PROVIDER_UNAVAILABLE',
      });
      await given().provider.cancelAndRefund(subscriptionId, key);

      expect((await given().world.moneyOf(subscriptionId)).refundedMinor).toBe(4900n);
    });

    it('has nothing to give back during a trial', async () => {
      const checkout = { ...(await given().planCheckout()), trialDays: 14 };
      const { outcome } = await given().paid(
        given().provider.createPlanCheckout(checkout, randomUUID()),
      );
      const subscriptionId = outcome.subscriptionId ?? '';

      await given().provider.cancelAndRefund(subscriptionId, randomUUID());

      expect((await given().provider.retrieveSubscription(subscriptionId)).status).toBe('CANCELED');
      expect((await given().world.moneyOf(subscriptionId)).refundedMinor).toBe(0n);
    });

    it('refuses a subscription that does not exist', async () => {
      await expect(
        given().provider.cancelAndRefund('no_such_subscription', randomUUID()),
      ).rejects.toMatchObject({ code: 'PROVIDER_REFUSED' });
    });
  });
}
