import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Given } from './given.ts';
import { type StripeWorldUnderTest, startStripeWorld } from './stripe-world.ts';

describe('payments that are reversed at Stripe', () => {
  let world: StripeWorldUnderTest;
  let given: Given;
  beforeAll(async () => {
    world = await startStripeWorld();
    given = new Given(world);
  });
  afterAll(() => world[Symbol.asyncDispose]());

  async function givenPayment() {
    const checkout = await given.creditsCheckout();
    const { outcome } = await given.paid(
      world.provider.createCreditsCheckout(checkout, randomUUID()),
    );
    return { paymentId: outcome.paymentId ?? '', customerId: checkout.customerId };
  }

  it('tell every figure as it stands, from nothing to refunded, failed, contested and lost', async () => {
    const { paymentId, customerId } = await givenPayment();
    const now = () => world.provider.retrieveReversal(paymentId);
    const nothing = {
      paymentId,
      customerId,
      paid: { amountMinor: 1999n, currency: 'USD' },
      refundedMinor: 0n,
      contestedMinor: 0n,
      lostMinor: 0n,
      invoice: null,
    };
    expect(await now()).toEqual(nothing);

    await world.reverse(paymentId, 'refund', 500);
    await world.reverse(paymentId, 'refund', 99);
    expect(await now()).toEqual({ ...nothing, refundedMinor: 599n });
    await world.reverse(paymentId, 'failRefund');
    expect(await now()).toEqual({ ...nothing, refundedMinor: 500n });

    await world.reverse(paymentId, 'dispute', 1499);
    expect(await now()).toEqual({ ...nothing, refundedMinor: 500n, contestedMinor: 1499n });
    await world.reverse(paymentId, 'loseDispute');
    expect(await now()).toEqual({ ...nothing, refundedMinor: 500n, lostMinor: 1499n });
  });

  it('are whole again when the dispute is won, and cannot be refunded while it is open', async () => {
    const { paymentId } = await givenPayment();
    await world.reverse(paymentId, 'dispute');
    await expect(
      world.dashboard.refunds.create({ payment_intent: paymentId }),
    ).rejects.toMatchObject({ code: 'charge_disputed' });
    await world.reverse(paymentId, 'winDispute');
    expect(await world.provider.retrieveReversal(paymentId)).toMatchObject({
      refundedMinor: 0n,
      contestedMinor: 0n,
      lostMinor: 0n,
    });
  });

  it('name the invoice that they paid, and whether a subscription began with it', async () => {
    const { outcome } = await given.paid(
      world.provider.createPlanCheckout(await given.planCheckout(), randomUUID()),
    );
    const subscription = outcome.subscriptionId ?? '';
    const [invoice] = (await world.dashboard.invoices.list({ subscription })).data;
    const payments = await world.dashboard.invoicePayments.list({ invoice: invoice?.id });
    const paymentId = String(payments.data[0]?.payment.payment_intent);
    await world.provider.cancelAndRefund(subscription, randomUUID());
    expect(await world.provider.retrieveReversal(paymentId)).toMatchObject({
      paid: { amountMinor: 4900n },
      refundedMinor: 4900n,
      invoice: { invoiceId: invoice?.id, subscriptionId: subscription, isFirst: true },
    });
  });

  it('are announced by refunds and disputes alike, the card that disputes at once included', async () => {
    const checkout = await given.creditsCheckout();
    const page = await world.provider.createCreditsCheckout(checkout, randomUUID());
    const body = new URLSearchParams({ action: 'pay', cardNumber: '4000000000000259' });
    await fetch(page.url, { method: 'POST', body, redirect: 'manual' });
    const { paymentId } = await world.provider.retrieveCheckout(page.checkoutId);
    expect(await world.provider.retrieveReversal(paymentId ?? '')).toMatchObject({
      contestedMinor: 1999n,
    });
    const other = await givenPayment();
    await world.reverse(other.paymentId, 'refund');
    await given.eventually((events) => {
      for (const id of [paymentId, other.paymentId])
        expect(events).toContainEqual({ kind: 'paymentReversed', paymentId: id });
    });
  });

  it('are refused when there is no such payment', async () => {
    await expect(world.provider.retrieveReversal('pi_none')).rejects.toMatchObject({
      code: 'PROVIDER_REFUSED',
    });
  });
});
