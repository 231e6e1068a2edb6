import { randomUUID } from 'node:crypto';
import { afterEach, describe, expect, it } from 'vitest';
import { type Given, newCustomer, newPlan } from './given.ts';

/** A provider that fails, and a network that does. */
export function describeFailures(given: () => Given): void {
  const unavailable = { code: 'PROVIDER_UNAVAILABLE' };

  describe('a provider that', () => {
    afterEach(() => given().world.recover());

    it.each(['hang', '500', '502', '429', 'reset', 'truncate'] as const)(
      'answers with %s has an unknown outcome, whatever it is asked',
      async (effect) => {
        const { provider, world } = given();
        const checkout = await given().creditsCheckout();
        await world.breakDown({ effect, times: 50, after: effect === 'truncate' });

        const outcomes = await Promise.allSettled([
          provider.retrieveSubscription('sub_1'),
          provider.createCustomer(newCustomer(), randomUUID()),
          provider.createCreditsCheckout(checkout, randomUUID()),
          provider.cancelNow('sub_1', null),
          provider.ensurePlanPrices(newPlan()),
        ]);

        for (const outcome of outcomes)
          expect(outcome).toMatchObject({ status: 'rejected', reason: unavailable });
      },
    );

    it.each(['500', 'reset', 'truncate'] as const)(
      'answers with %s once is asked again where that cannot do harm',
      async (effect) => {
        const { provider, world } = given();
        const { subscriptionId } = await given().subscribed();
        await world.breakDown({ effect, times: 1, after: false });

        expect((await provider.retrieveSubscription(subscriptionId)).status).toBe('ACTIVE');
      },
    );

    it('does not know what it is asked for refuses', async () => {
      const { provider } = given();
      const refused = { code: 'PROVIDER_REFUSED' };

      await expect(provider.retrieveSubscription('sub_none')).rejects.toMatchObject(refused);
      await expect(provider.cancelNow('sub_none', null)).rejects.toMatchObject(refused);
      await expect(provider.retrieveReversal('pi_none')).rejects.toMatchObject(refused);
    });
  });
}
