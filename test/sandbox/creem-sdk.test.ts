import { execFile } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { promisify } from 'node:util';
import { Creem } from 'creem';
import { constructWebhookEventEntity } from 'creem/webhooks.js';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  type CreemWorldUnderTest,
  startCreemWorld,
  WEBHOOK_SECRET,
} from '../providers/creem-world.ts';

/** Creem's own SDK checks every answer against its types, to the last field. */
describe("Creem's own SDK", () => {
  let world: CreemWorldUnderTest;
  let creem: Creem;
  beforeAll(async () => {
    world = await startCreemWorld();
    creem = new Creem({ apiKey: world.apiKey, serverURL: world.apiBase });
  });
  afterAll(() => world[Symbol.asyncDispose]());

  async function givenProduct(price = 3000, trialPeriodDays?: number) {
    return creem.products.create({
      name: 'Pro',
      description: 'Everything',
      price,
      currency: 'USD',
      billingType: 'recurring',
      billingPeriod: 'every-month',
      trialPeriodDays,
    });
  }

  async function givenPaid(productId: string) {
    const email = `ada-${randomUUID()}@example.com`;
    const customer = await creem.customers.create({ email, name: 'Ada' });
    const made = await creem.checkouts.create({
      productId,
      requestId: 'order-1',
      customer: { id: customer.id },
      successUrl: 'http://localhost:3000/done',
      metadata: { accountId: 'acc_1' },
    });
    await world.pay(made.checkoutUrl ?? '', 'GOOD');
    const checkout = await creem.checkouts.retrieve(made.id);
    return { customer, checkout, subscriptionId: String(checkout.subscription) };
  }

  it('sells a plan, changes it, ends it, keeps it, and gives its money back', async () => {
    const product = await givenProduct();
    const { customer, checkout, subscriptionId } = await givenPaid(product.id);
    expect(checkout).toMatchObject({ status: 'completed', order: { amount: 3000 } });

    const larger = await givenProduct(9000);
    const changed = await creem.subscriptions.upgrade(subscriptionId, {
      productId: larger.id,
      updateBehavior: 'proration-charge-immediately',
    });
    expect(changed).toMatchObject({ product: { id: larger.id }, metadata: { accountId: 'acc_1' } });
    const ending = await creem.subscriptions.cancel(subscriptionId, { mode: 'scheduled' });
    expect(ending.status).toBe('scheduled_cancel');
    expect((await creem.subscriptions.resume(subscriptionId)).status).toBe('active');

    const pages = await creem.transactions.search(customer.id);
    expect(pages.result.items.map(({ amount }) => amount)).toEqual([6000, 3000]);
    const [payment] = pages.result.items;
    expect(await creem.transactions.refund({ transactionId: payment?.id ?? '' })).toEqual({
      status: 'succeeded',
    });
    expect(await creem.transactions.getById(payment?.id ?? '')).toMatchObject({
      status: 'refunded',
      refundedAmount: 6000,
    });
    const { customerPortalLink } = await creem.customers.generateBillingLinks({
      customerId: customer.id,
    });
    expect((await fetch(customerPortalLink)).status).toBe(200);
  });

  it('takes every webhook, by the strictest of its checks', async () => {
    const trial = await givenProduct(3000, 7);
    const { subscriptionId } = await givenPaid(trial.id);
    world.moveClock(new Date(world.now().getTime() + 8 * 86_400_000));
    await creem.subscriptions.cancel(subscriptionId, { mode: 'immediate' });
    const types = ['subscription.trialing', 'subscription.paid', 'subscription.canceled'];
    await expect
      .poll(() => world.webhooks.map(({ rawBody }) => JSON.parse(String(rawBody)).eventType))
      .toEqual(expect.arrayContaining(types));

    for (const { rawBody, headers } of world.webhooks) {
      const event = await constructWebhookEventEntity(
        rawBody,
        headers as Record<string, string>,
        WEBHOOK_SECRET,
      );
      expect(event.id).toMatch(/^evt_/);
    }
  });

  it.each([
    ['an unknown currency', { currency: 'JPY' }, 'currency must be one of: EUR, USD'],
    ['an unknown parameter', { colour: 'red' }, 'property colour should not exist'],
    ['a missing name', { name: undefined }, 'name should not be empty'],
    ['a price below one', { price: 50 }, 'price must be 0 or at least 100'],
    ['a trial of something sold once', { billing_type: 'onetime', trial_period_days: 3 }, 'trial'],
    ['what is not played', { pay_what_you_want: true }, 'does not play'],
  ])('is refused %s as Creem refuses it', async (_, change, message) => {
    const product = {
      name: 'Pro',
      description: 'Everything',
      price: 3000,
      currency: 'USD',
      billing_type: 'recurring',
      billing_period: 'every-month',
      ...change,
    };
    const response = await fetch(`${world.apiBase}/v1/products`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', 'x-api-key': world.apiKey },
      body: JSON.stringify(product),
    });

    expect(response.status).toBe(400);
    expect(await response.json()).toMatchObject({
      error: 'Bad Request',
      message: [expect.stringContaining(message)],
    });
  });

  it('has the parameters that the sandbox checks: they are in step with the installed package', async () => {
    const run = promisify(execFile)(process.execPath, [
      'scripts/generate-creem-schemas.mjs',
      '--check',
    ]);
    await expect(run).resolves.toMatchObject({ stderr: '' });
  });

  it('is let in with the right key only', async () => {
    const stranger = new Creem({ apiKey: 'creem_test_other', serverURL: world.apiBase });
    await expect(stranger.products.search()).rejects.toMatchObject({ statusCode: 401 });
  });
});
