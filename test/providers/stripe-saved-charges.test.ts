import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { NewSavedCharge } from '../../src/providers/payment-objects.ts';
import { Given } from './given.ts';
import { type StripeWorldUnderTest, startStripeWorld } from './stripe-world.ts';

describe('charges of saved cards at Stripe', () => {
  let world: StripeWorldUnderTest;
  let given: Given;
  beforeAll(async () => {
    world = await startStripeWorld();
    given = new Given(world);
  });
  afterAll(() => world[Symbol.asyncDispose]());

  async function givenCharge(card = 'pm_card_visa'): Promise<NewSavedCharge> {
    const { orderId, accountId, customerId } = await given.creditsCheckout();
    const { paymentMethodId } = await world.provider.attachPaymentMethod(
      customerId,
      card,
      randomUUID(),
    );
    const money = { amountMinor: 1_500n, currency: 'USD' };
    return { orderId, accountId, customerId, paymentMethodId, money, description: '50 credits' };
  }

  async function intentsOf({ customerId }: NewSavedCharge) {
    return (await world.dashboard.paymentIntents.list({ customer: customerId })).data;
  }

  it('are made once, with the same key or, long after, with another one', async () => {
    const charge = await givenCharge();
    const key = randomUUID();
    const made = await world.provider.chargeSavedMethod(charge, key);
    expect(made).toEqual({ paymentId: expect.stringMatching(/^pi_/), isPaid: true });
    expect(await world.provider.chargeSavedMethod(charge, key)).toEqual(made);
    world.moveClock(new Date(world.now().getTime() + 3 * 86_400_000));
    expect(await world.provider.chargeSavedMethod(charge, randomUUID())).toEqual(made);
    expect(await intentsOf(charge)).toMatchObject([
      { status: 'succeeded', amount: 1500, currency: 'usd', metadata: { orderId: charge.orderId } },
    ]);
  });

  it.each(['hang', 'truncate'] as const)(
    'are found again when the answer was lost by %s',
    async (effect) => {
      const charge = await givenCharge();
      await world.breakDown({ effect, of: 'CREATE', times: 1, after: true });
      const key = randomUUID();
      await world.provider.chargeSavedMethod(charge, key).catch(() => null);
      expect(await world.provider.chargeSavedMethod(charge, key)).toMatchObject({ isPaid: true });
      expect(await intentsOf(charge)).toHaveLength(1);
    },
    20_000,
  );

  it('are refused when the card is, again and again without another attempt', async () => {
    const charge = await givenCharge('pm_card_chargeCustomerFail');
    const key = randomUUID();
    for (const used of [key, key, randomUUID()]) {
      await expect(world.provider.chargeSavedMethod(charge, used)).rejects.toMatchObject({
        code: 'PAYMENT_DECLINED',
        declineCode: 'generic_decline',
      });
    }
    expect(await intentsOf(charge)).toMatchObject([{ status: 'requires_payment_method' }]);
  });
});
