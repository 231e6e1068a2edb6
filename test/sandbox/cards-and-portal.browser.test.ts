import type { Browser, Page } from 'playwright-core';
import type Stripe from 'stripe';
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { givenPlanCheckout, givenSandbox } from './given.ts';
import { openBrowser } from './given-browser.ts';

const SIZES = [
  ['a desk', { width: 1280, height: 860 }],
  ['a phone', { width: 375, height: 760 }],
] as const;

describe('the pages of a customer, in a browser without scripts', () => {
  let browser: Browser;
  beforeAll(async () => {
    browser = await openBrowser();
  });
  afterAll(() => browser.close());

  async function open(url: string, viewport: { width: number; height: number }): Promise<Page> {
    const context = await browser.newContext({ viewport, javaScriptEnabled: false });
    onTestFinished(() => context.close());
    const page = await context.newPage();
    await page.goto(url);
    return page;
  }

  it.each(SIZES)('take a card for a setup intent, on %s', async (_name, size) => {
    const { stripe, sandbox } = await givenSandbox();
    const { url } = sandbox;
    const customer = await stripe.customers.create({ email: 'ada@example.com' });
    const intent = await stripe.setupIntents.create({ customer: customer.id });
    const page = await open(`${url}/setup/${intent.client_secret}`, size);
    const number = page.getByLabel('Card number');

    await number.fill('4000 0000 0000 0002');
    await page.getByRole('button', { name: 'Save card' }).click();
    expect(await page.getByRole('alert').textContent()).toBe('Your card was declined.');
    expect(await number.getAttribute('aria-invalid')).toBe('true');
    expect(await overflows(page)).toBe(false);
    await number.fill('4242424242424242');
    await page.getByRole('button', { name: 'Save card' }).click();

    await page.getByRole('heading', { name: 'Card saved' }).waitFor();
    const saved = await stripe.setupIntents.retrieve(intent.id);
    expect(saved.status).toBe('succeeded');
    const { data } = await stripe.customers.listPaymentMethods(customer.id);
    expect(data.map(({ card }) => card?.last4)).toEqual(['4242']);
  });

  it.each(SIZES)('cancel, resume and change the card in the portal, on %s', async (_name, size) => {
    const { stripe, sandbox } = await givenSandbox();
    const { url } = sandbox;
    const subscription = await givenSubscription(stripe);
    const portal = await stripe.billingPortal.sessions.create({
      customer: String(subscription.customer),
      return_url: `${url}/healthz`,
    });
    const page = await open(portal.url, size);
    const present = () => stripe.subscriptions.retrieve(subscription.id);

    expect(await page.getByRole('heading', { name: 'Current plan' }).count()).toBe(1);
    expect(await page.getByText('paid', { exact: true }).count()).toBe(1);
    expect(await overflows(page)).toBe(false);
    await page.getByRole('button', { name: 'Cancel plan' }).click();
    await page.getByRole('button', { name: 'Keep plan' }).waitFor();
    expect((await present()).cancel_at_period_end).toBe(true);
    await page.getByRole('button', { name: 'Keep plan' }).click();
    await page.getByRole('button', { name: 'Cancel plan' }).waitFor();
    expect((await present()).cancel_at_period_end).toBe(false);

    await page.getByLabel('New card number').fill('4000 0000 0000 0002');
    await page.getByRole('button', { name: 'Use this card' }).click();
    expect(await page.getByRole('alert').textContent()).toBe('Your card was declined.');
    await page.getByLabel('New card number').fill('5555 5555 5555 4444');
    await page.getByRole('button', { name: 'Use this card' }).click();
    await page.getByText('mastercard •••• 4444').waitFor();
    expect(await overflows(page)).toBe(false);
    expect(await page.getByRole('link', { name: 'Go back' }).getAttribute('href')).toBe(
      `${url}/healthz`,
    );
  });

  it('confirm a change of plan at what it costs now', async () => {
    const { stripe, sandbox } = await givenSandbox();
    const { url } = sandbox;
    const subscription = await givenSubscription(stripe);
    const item = subscription.items.data[0];
    const larger = await stripe.prices.create({
      product: String(item?.price.product),
      currency: 'usd',
      unit_amount: 9900,
      recurring: { interval: 'month' },
    });
    const portal = await stripe.billingPortal.sessions.create({
      customer: String(subscription.customer),
      return_url: url,
      flow_data: {
        type: 'subscription_update_confirm',
        subscription_update_confirm: {
          subscription: subscription.id,
          items: [{ id: item?.id ?? '', price: larger.id, quantity: 1 }],
        },
      },
    });
    const page = await open(portal.url, { width: 1280, height: 860 });
    expect(await overflows(page)).toBe(false);

    await page.getByRole('button', { name: 'Confirm' }).click();
    await page.waitForLoadState();

    const changed = await stripe.subscriptions.retrieve(subscription.id);
    expect(changed.items.data[0]?.price.id).toBe(larger.id);
  });
});

async function givenSubscription(stripe: Stripe): Promise<Stripe.Subscription> {
  const customer = await stripe.customers.create({
    name: 'Ada Lovelace',
    email: 'ada@example.com',
  });
  const { url } = await givenPlanCheckout(stripe, { customer: customer.id });
  const body = new URLSearchParams({ action: 'pay', cardNumber: '4242424242424242' });
  await fetch(url, { method: 'POST', body, redirect: 'manual' });
  const { data } = await stripe.subscriptions.list({ customer: customer.id });
  if (data[0] === undefined) throw new Error('There is no subscription.');
  return data[0];
}

function overflows(page: Page): Promise<boolean> {
  return page.evaluate(
    `[...document.querySelectorAll('main *')].some((part) => part.getBoundingClientRect().right >
      document.querySelector('.sheet').getBoundingClientRect().right)`,
  );
}
