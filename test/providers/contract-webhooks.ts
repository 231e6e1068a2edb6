import { randomUUID } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import type { Given } from './given.ts';

/** What the provider announces by itself. */
export function describeWebhooks(given: () => Given): void {
  describe('webhooks', () => {
    it('announce a plan that was bought: checkout, subscription and the invoice that begins it', async () => {
      const { outcome } = await given().paid(
        given().provider.createPlanCheckout(await given().planCheckout(), randomUUID()),
      );
      const { checkoutId, subscriptionId, customerId } = outcome;

      await given().eventually((events) => {
        expect(events).toContainEqual({
          kind: 'checkoutChanged',
          checkout: expect.objectContaining({ checkoutId, state: 'PAID', subscriptionId }),
        });
        expect(events).toContainEqual({ kind: 'subscriptionChanged', subscriptionId, customerId });
        expect(events).toContainEqual({
          kind: 'invoiceChanged',
          invoice: expect.objectContaining({
            subscriptionId,
            customerId,
            status: 'PAID',
            reason: 'BEGIN',
            total: { amountMinor: 4900n, currency: 'USD' },
            amountPaidMinor: 4900n,
            period: { start: expect.any(Date), end: expect.any(Date) },
            paidAt: expect.any(Date),
          }),
        });
      });
    });

    it('announce a page that was closed, where one can be', async () => {
      if (!given().world.closesPages) return;
      const page = await given().provider.createPlanCheckout(
        await given().planCheckout(),
        randomUUID(),
      );

      const expired = await given().provider.expireCheckout(page.checkoutId);

      await given().eventually((events) =>
        expect(events).toContainEqual({ kind: 'checkoutChanged', checkout: expired }),
      );
    });

    it('are refused when a byte was altered', async () => {
      await given().paid(
        given().provider.createCreditsCheckout(await given().creditsCheckout(), randomUUID()),
      );
      await expect.poll(() => given().world.webhooks.length).toBeGreaterThan(0);
      const [{ rawBody, headers } = { rawBody: new Uint8Array(), headers: {} }] =
        given().world.webhooks;
      const altered = Buffer.from(Buffer.from(rawBody).toString().replace('"id"', '"ID"'));

      expect(given().provider.verifyWebhook(rawBody, headers).eventId).not.toBe('');
      expect(() => given().provider.verifyWebhook(altered, headers)).toThrow(
        expect.objectContaining({ code: 'INVALID_WEBHOOK' }),
      );
      expect(() => given().provider.verifyWebhook(rawBody, {})).toThrow(
        expect.objectContaining({ code: 'INVALID_WEBHOOK' }),
      );
    });
  });
}
