import { randomUUID } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import type { EventPage } from '../../src/providers/payment-objects.ts';
import { type Given, newPlan } from './given.ts';

/** What becomes of a subscription that is bought: it ends, goes on, and moves to another price. */
export function describeChanging(given: () => Given): void {
  const isEnding = { cancelAtPeriodEnd: true, status: 'ACTIVE', cancelAt: expect.any(Date) };
  const goesOn = { cancelAtPeriodEnd: false, status: 'ACTIVE', cancelAt: null };

  describe('a subscription', () => {
    it('ends with its period, and goes on when that is taken back, however often it is said', async () => {
      const { provider } = given();
      const { subscriptionId } = await given().subscribed();

      for (const key of [randomUUID(), randomUUID()])
        await provider.cancelAtPeriodEnd(subscriptionId, 'Too dear.', key);
      expect(await provider.retrieveSubscription(subscriptionId)).toMatchObject(isEnding);
      await provider.resumeSubscription(subscriptionId, randomUUID());
      expect(await provider.retrieveSubscription(subscriptionId)).toMatchObject(goesOn);
    });

    it('ends once when the answer to that was lost', async () => {
      const { provider, world } = given();
      const { subscriptionId } = await given().subscribed();
      await world.breakDown({ effect: 'hang', of: 'CANCEL', times: 1, after: true });

      await expect(provider.cancelNow(subscriptionId, null)).rejects.toMatchObject({
        code: 'PROVIDER_UNAVAILABLE',
      });
      await provider.cancelNow(subscriptionId, null);

      expect(await provider.retrieveSubscription(subscriptionId)).toMatchObject({
        status: 'CANCELED',
        endedAt: expect.any(Date),
      });
    });

    it.each(['truncate', 'hang'] as const)(
      'moves to a dearer price and charges the difference once, though the answer was lost by %s',
      async (effect) => {
        const { provider, world } = given();
        const { subscriptionId } = await given().subscribed();
        const dearer = await given().priceOf(newPlan(9900n));
        const change = { subscriptionId, providerPriceId: dearer, at: world.now() };
        const key = randomUUID();
        await world.breakDown({ effect, of: 'CHANGE', times: 1, after: true });

        await provider.changePlanNow(change, key).catch(() => undefined);
        await provider.changePlanNow(change, key);

        expect(await provider.retrieveSubscription(subscriptionId)).toMatchObject({
          providerPriceId: dearer,
          price: { amountMinor: 9900n, currency: 'USD' },
          status: 'ACTIVE',
        });
        expect((await world.moneyOf(subscriptionId)).paidMinor).toBe(9900n);
      },
    );

    it('lists what was paid for it, the newest first', async () => {
      const { provider, world } = given();
      const { subscriptionId, customerId } = await given().subscribed();
      const providerPriceId = await given().priceOf(newPlan(9900n));
      const at = new Date(world.now().getTime());
      await provider.changePlanNow({ subscriptionId, providerPriceId, at }, randomUUID());

      const invoices = await provider.listInvoices?.(subscriptionId);

      const paid = { subscriptionId, customerId, status: 'PAID' };
      expect(invoices).toHaveLength(2);
      expect(invoices?.map(({ amountPaidMinor }) => amountPaidMinor)).toEqual([5000n, 4900n]);
      expect(invoices?.at(-1)).toMatchObject({ ...paid, reason: 'BEGIN' });
    });

    it('has a portal, at a new address each time', async () => {
      const { provider } = given();
      const { customerId } = await given().subscribed();
      const wish = { customerId, returnUrl: 'http://localhost:3000/billing', change: null };

      const [one, other] = [
        await provider.createPortalSession(wish),
        await provider.createPortalSession(wish),
      ];

      expect(one.url).not.toBe(other.url);
      expect((await fetch(one.url)).status).toBe(200);
    });
  });

  describe('what webhooks have told', () => {
    it('is listed again, as they told it', async () => {
      const { provider, world } = given();
      const since = new Date(world.now().getTime() - 1000);
      const { subscriptionId } = await given().subscribed();
      const until = new Date(world.now().getTime() + 60_000);
      const listed = [];
      for (let cursor: string | null = null; ; ) {
        const page: EventPage | undefined = await provider.listEvents?.({ since, until }, cursor);
        listed.push(...(page?.events ?? []));
        cursor = page?.nextCursor ?? null;
        if (cursor === null) break;
      }

      expect(new Set(listed.map(({ eventId }) => eventId)).size).toBe(listed.length);
      expect(listed.map(({ text }) => provider.translateEvent(JSON.parse(text)))).toContainEqual({
        kind: 'invoiceChanged',
        invoice: expect.objectContaining({ subscriptionId, status: 'PAID', reason: 'BEGIN' }),
      });
    });
  });
}
