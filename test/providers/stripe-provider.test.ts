import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { describeProviderContract } from './contract.ts';
import { Given, newPlan } from './given.ts';
import { type StripeWorldUnderTest, startStripeWorld } from './stripe-world.ts';

describeProviderContract('Stripe', startStripeWorld);

describe('Stripe alone', () => {
  let world: StripeWorldUnderTest;
  let given: Given;
  beforeAll(async () => {
    world = await startStripeWorld();
    given = new Given(world);
  });
  afterAll(() => world[Symbol.asyncDispose]());

  it('waits for money that is on its way, and announces when it has come', async () => {
    const checkout = await given.creditsCheckout();
    const page = await world.provider.createCreditsCheckout(checkout, randomUUID());

    await world.payLater(page.url);
    expect(await given.stateOf(page.checkoutId)).toBe('PENDING_PAYMENT');
    await world.settle(page.checkoutId, 'succeed');

    const paid = { checkoutId: page.checkoutId, orderId: checkout.orderId, state: 'PAID' };
    expect(await world.provider.retrieveCheckout(page.checkoutId)).toMatchObject(paid);
    await given.eventually((events) =>
      expect(events).toContainEqual({
        kind: 'checkoutChanged',
        checkout: expect.objectContaining(paid),
      }),
    );
  });

  it('announces that money on its way never came', async () => {
    const checkout = await given.creditsCheckout();
    const page = await world.provider.createCreditsCheckout(checkout, randomUUID());

    await world.payLater(page.url);
    await world.settle(page.checkoutId, 'fail');

    await given.eventually((events) =>
      expect(events).toContainEqual({
        kind: 'checkoutPaymentFailed',
        checkout: expect.objectContaining({ orderId: checkout.orderId }),
      }),
    );
  });

  it('replaces a price that somebody archived, and wakes its product', async () => {
    const plan = newPlan();
    const [monthly = ''] = plan.prices.map(({ lookupKey }) => lookupKey);
    const made = await world.provider.ensurePlanPrices(plan);
    await world.dashboard.prices.update(made.priceIds[monthly] ?? '', { active: false });
    await world.dashboard.products.update(made.productId ?? '', { active: false });

    const again = await world.provider.ensurePlanPrices(plan);

    expect(again.priceIds[monthly]).not.toBe(made.priceIds[monthly]);
    expect(await given.totalOf(again.priceIds[monthly] ?? '')).toBe(4900n);
    expect((await world.dashboard.products.retrieve(made.productId ?? '')).active).toBe(true);
    expect(await world.provider.ensurePlanPrices(plan)).toEqual(again);
  });

  it('shows customers the present name of a plan, also when it goes back to an older one', async () => {
    const plan = newPlan();
    const { productId } = await world.provider.ensurePlanPrices(plan);

    for (const name of ['Pro, renamed', plan.name, 'Pro, renamed']) {
      await world.provider.ensurePlanPrices({ ...plan, name });
      expect((await world.dashboard.products.retrieve(productId ?? '')).name).toBe(name);
    }
  });

  it('sells under prices that somebody made by hand with our lookup keys', async () => {
    const plan = newPlan();
    const product = await world.dashboard.products.create({ name: 'Made by hand' });
    const ours = await Promise.all(
      plan.prices.map(({ lookupKey, interval, money }) =>
        world.dashboard.prices.create({
          product: product.id,
          lookup_key: lookupKey,
          currency: 'usd',
          unit_amount: Number(money.amountMinor),
          recurring: { interval: interval === 'MONTH' ? 'month' : 'year' },
        }),
      ),
    );

    const { productId, priceIds } = await world.provider.ensurePlanPrices(plan);

    expect(productId).toBe(product.id);
    expect(Object.values(priceIds).sort()).toEqual(ours.map(({ id }) => id).sort());
    expect((await world.dashboard.products.retrieve(productId ?? '')).name).toBe('Made by hand');
  });

  // Last, since it moves the time of everything.
  it('announces a page that nobody paid on in time', async () => {
    const page = await world.provider.createPlanCheckout(await given.planCheckout(), randomUUID());

    world.moveClock(new Date(page.expiresAt.getTime() + 1000));

    expect(await given.stateOf(page.checkoutId)).toBe('EXPIRED');
    await given.eventually((events) =>
      expect(events).toContainEqual({
        kind: 'checkoutChanged',
        checkout: expect.objectContaining({ checkoutId: page.checkoutId, state: 'EXPIRED' }),
      }),
    );
    const { url } = await world.provider.createPlanCheckout(
      await given.planCheckout(),
      randomUUID(),
    );
    await world.pay(url, 'GOOD');
  });
});
