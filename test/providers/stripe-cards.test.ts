import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ProviderDeclined, ProviderRefused } from '../../src/providers/payment-errors.ts';
import { Given } from './given.ts';
import { type StripeWorldUnderTest, startStripeWorld } from './stripe-world.ts';

describe('cards at Stripe', () => {
  let world: StripeWorldUnderTest;
  let given: Given;
  beforeAll(async () => {
    world = await startStripeWorld();
    given = new Given(world);
  });
  afterAll(() => world[Symbol.asyncDispose]());

  /** A subscription whose first payment never came. */
  async function givenDebt() {
    const checkout = await given.planCheckout();
    const page = await world.provider.createPlanCheckout(checkout, randomUUID());
    await world.payLater(page.url);
    await world.settle(page.checkoutId, 'fail');
    const { subscriptionId } = await world.provider.retrieveCheckout(page.checkoutId);
    return { customerId: checkout.customerId, subscriptionId: subscriptionId ?? '' };
  }

  async function give(customerId: string, card: string): Promise<string> {
    const { provider } = world;
    const attached = await provider.attachPaymentMethod(customerId, card, randomUUID());
    await provider.makeDefault(customerId, attached.paymentMethodId, randomUUID());
    return attached.paymentMethodId;
  }

  it('pay what a subscription owes, which is in good order again', async () => {
    const { customerId, subscriptionId } = await givenDebt();
    const statusOf = async () => (await world.provider.retrieveSubscription(subscriptionId)).status;
    expect(await statusOf()).toBe('PAST_DUE');

    await give(customerId, 'pm_card_visa');
    const key = randomUUID();
    expect(await world.provider.payOpenInvoice(subscriptionId, key)).toEqual({ isPaid: true });

    expect(await statusOf()).toBe('ACTIVE');
    expect(await world.provider.payOpenInvoice(subscriptionId, key)).toEqual({ isPaid: true });
    const invoices = await world.dashboard.invoices.list({ subscription: subscriptionId });
    expect(invoices.data.map(({ status }) => status)).toEqual(['paid']);
  });

  it('owe on when the card is refused, which leaves its trace', async () => {
    const { customerId, subscriptionId } = await givenDebt();
    await give(customerId, 'pm_card_chargeCustomerFail');

    await expect(
      world.provider.payOpenInvoice(subscriptionId, randomUUID()),
    ).rejects.toBeInstanceOf(ProviderDeclined);

    const [invoice] = (await world.dashboard.invoices.list({ subscription: subscriptionId })).data;
    expect(invoice).toMatchObject({ status: 'open', attempt_count: 2 });
    expect((await world.provider.retrieveSubscription(subscriptionId)).status).toBe('PAST_DUE');
  });

  it('are listed with what is charged to them', async () => {
    const { customerId } = await givenDebt();
    const before = await world.provider.listPaymentMethods(customerId);
    const card = await give(customerId, 'pm_card_mastercard');

    const listed = await world.provider.listPaymentMethods(customerId);

    expect(before).toMatchObject([
      { type: 'us_bank_account', isDefault: true, pays: ['PAST_DUE'] },
    ]);
    expect(listed.find(({ paymentMethodId }) => paymentMethodId === card)).toMatchObject({
      type: 'card',
      brand: 'mastercard',
      last4: '4444',
      isDefault: true,
      pays: ['PAST_DUE'],
    });
    expect(listed.filter(({ isDefault }) => isDefault)).toHaveLength(1);
  });

  it('are gone once detached, also when that is said twice', async () => {
    const { customerId } = await givenDebt();
    const card = await give(customerId, 'pm_card_visa');

    await world.provider.detachPaymentMethod(card);
    await world.provider.detachPaymentMethod(card);

    const listed = await world.provider.listPaymentMethods(customerId);
    expect(listed.map(({ paymentMethodId }) => paymentMethodId)).not.toContain(card);
    await given.eventually((events) =>
      expect(events).toContainEqual({ kind: 'paymentMethodChanged', customerId, setUpId: null }),
    );
  });

  it("are not taken from another customer, and found when they are one's own", async () => {
    const [owner, other] = [await givenDebt(), await givenDebt()];
    const card = await give(owner.customerId, 'pm_card_visa');
    const attach = (customerId: string) =>
      world.provider.attachPaymentMethod(customerId, card, randomUUID());

    expect(await attach(owner.customerId)).toEqual({ paymentMethodId: card });
    await expect(attach(other.customerId)).rejects.toBeInstanceOf(ProviderRefused);
  });
});
