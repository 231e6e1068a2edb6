import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ProviderUnsupported } from '../../src/providers/payment-errors.ts';
import { describeProviderContract } from './contract.ts';
import { type CreemWorldUnderTest, startCreemWorld } from './creem-world.ts';
import { Given, newCustomer } from './given.ts';

describeProviderContract('Creem', startCreemWorld);

describe('Creem alone', () => {
  let world: CreemWorldUnderTest;
  let given: Given;
  beforeAll(async () => {
    world = await startCreemWorld();
    given = new Given(world);
  });
  afterAll(() => world[Symbol.asyncDispose]());

  it('says beforehand and when it is asked what it cannot do', async () => {
    const { provider } = world;
    const change = { subscriptionId: 'sub_1', providerPriceId: 'prod_1', at: new Date() };
    const key = randomUUID();
    const wishes = [
      provider.createSetupIntent({ accountId: 'acc_1', customerId: 'cust_1' }, key),
      provider.attachPaymentMethod('cust_1', 'pm_1', key),
      provider.makeDefault('cust_1', 'pm_1', key),
      provider.detachPaymentMethod('pm_1'),
      provider.listPaymentMethods('cust_1'),
      provider.payOpenInvoice('sub_1', key),
      provider.previewPlanChange(change),
      provider.changePlanAtPeriodEnd(change, key),
      provider.createPortalSession({ customerId: 'cust_1', returnUrl: 'http://x', change }),
    ];

    for (const outcome of await Promise.allSettled(wishes))
      expect(outcome).toMatchObject({ reason: expect.any(ProviderUnsupported) });
    expect(Object.values(provider.can)).toEqual([false, false, false, false]);
  });

  it.each([
    [{ amountMinor: 99n, currency: 'USD' }, 'from 100 to 99999999'],
    [{ amountMinor: 100_000_000n, currency: 'EUR' }, 'from 100 to 99999999'],
    [{ amountMinor: 3000n, currency: 'JPY' }, 'it sells in EUR and USD'],
  ])('does not sell for %o, and says what for', async (money, why) => {
    const checkout = { ...(await given.creditsCheckout()), money };
    const opening = world.provider.createCreditsCheckout(checkout, randomUUID());
    await expect(opening).rejects.toThrow(ProviderUnsupported);
    await expect(opening).rejects.toThrow(why);
  });

  it('takes over a customer that somebody made without our id, and no other account’s', async () => {
    const ada = newCustomer();
    const response = await fetch(`${world.apiBase}/v1/customers`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', 'x-api-key': world.apiKey },
      body: JSON.stringify({ email: ada.email, name: 'By hand' }),
    });
    const { id } = (await response.json()) as { id: string };

    expect(await world.provider.createCustomer(ada, randomUUID())).toEqual({ customerId: id });
    const other = { ...newCustomer(), email: ada.email.toUpperCase() };
    await expect(world.provider.createCustomer(other, randomUUID())).rejects.toThrow(
      'give this one its own',
    );
  });

  it('sells one plan with a trial and without, under the price that the plan has', async () => {
    const checkout = await given.planCheckout();
    const before = await world.count('price');
    const sold = [];
    for (const trialDays of [0, 14, 14]) {
      const customer = await world.provider.createCustomer(newCustomer(), randomUUID());
      const { outcome } = await given.paid(
        world.provider.createPlanCheckout({ ...checkout, ...customer, trialDays }, randomUUID()),
      );
      sold.push(await world.provider.retrieveSubscription(outcome.subscriptionId ?? ''));
    }

    expect(sold.map(({ providerPriceId }) => providerPriceId)).toEqual(
      Array(3).fill(checkout.providerPriceId),
    );
    expect(sold.map(({ status }) => status)).toEqual(['ACTIVE', 'TRIALING', 'TRIALING']);
    expect(await world.count('price')).toBe(before + 1);
  });

  // Last, since it moves the time of everything.
  it('counts a page as expired that nobody has paid on in time, until somebody does', async () => {
    const opening = world.provider.createPlanCheckout(await given.planCheckout(), randomUUID());
    const { checkoutId, expiresAt } = await opening;
    expect(await given.stateOf(checkoutId)).toBe('OPEN');

    world.moveClock(new Date(expiresAt.getTime() + 1000));

    expect(await given.stateOf(checkoutId)).toBe('EXPIRED');
    expect((await given.paid(opening)).outcome.state).toBe('PAID');
  });
});
