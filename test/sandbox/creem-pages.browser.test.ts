import { randomUUID } from 'node:crypto';
import { createServer } from 'node:http';
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { type CreemWorldUnderTest, startCreemWorld } from '../providers/creem-world.ts';
import { Given } from '../providers/given.ts';
import { listen } from './given.ts';
import { openBrowser } from './given-browser.ts';

describe("Creem's pages in a browser", () => {
  let browser: Browser;
  let world: CreemWorldUnderTest;
  let given: Given;
  beforeAll(async () => {
    browser = await openBrowser();
    world = await startCreemWorld();
    given = new Given(world);
  });
  afterAll(async () => {
    await browser.close();
    await world[Symbol.asyncDispose]();
  });

  /** A page at a window of this size, without scripts. */
  async function open(url: string, size = { width: 1280, height: 860 }): Promise<Page> {
    const context = await browser.newContext({ viewport: size, javaScriptEnabled: false });
    onTestFinished(() => context.close());
    const page = await context.newPage();
    await page.goto(url);
    return page;
  }

  async function givenShop(): Promise<string> {
    const shop = createServer((request, response) => {
      response.setHeader('content-type', 'text/html').end(`<h1>Shop ${request.url}</h1>`);
    });
    await listen(shop);
    const address = shop.address();
    return `http://127.0.0.1:${typeof address === 'object' ? address?.port : 0}`;
  }

  it.each([
    ['a desk', { width: 1280, height: 860 }],
    ['a phone', { width: 375, height: 760 }],
  ])('a checkout takes a card and goes to the success page, on %s', async (_name, size) => {
    const successUrl = `${await givenShop()}/done`;
    const checkout = { ...(await given.planCheckout()), successUrl };
    const { url, checkoutId } = await world.provider.createPlanCheckout(checkout, randomUUID());
    const page = await open(url, size);

    expect(await page.getByRole('heading', { level: 1 }).textContent()).toBe('Subscribe to Pro');
    expect(await page.locator('.given').textContent()).toContain('@example.com');
    expect(await overflows(page)).toBe(false);
    await page.getByLabel('Card number').fill('4242 4242 4242 4242');
    await page.getByRole('button', { name: 'Pay $49.00' }).click();

    await page.waitForURL(`${successUrl}?checkout_id=${checkoutId}&**`);
    expect(new URL(page.url()).searchParams.get('subscription_id')).toMatch(/^sub_/);
    expect((await world.provider.retrieveCheckout(checkoutId)).state).toBe('PAID');
  });

  it('a checkout shows what its discount takes off, and what comes after it, on a phone too', async () => {
    const discount = await given.discount(1_250n);
    const checkout = { ...(await given.planCheckout()), discount };
    const { url, checkoutId } = await world.provider.createPlanCheckout(checkout, randomUUID());
    const page = await open(url, { width: 375, height: 760 });

    expect(await page.locator('.total').textContent()).toBe('$36.50today, then $49.00 per month');
    expect(await page.locator('.discount').textContent()).toMatch(
      /^SPRING SPRING[0-9A-Z]{14}−\$12\.50$/,
    );
    expect(await overflows(page)).toBe(false);
    await page.getByRole('button', { name: 'Pay $36.50' }).click();
    expect((await world.provider.retrieveCheckout(checkoutId)).state).toBe('PAID');
  });

  it('a checkout says why a card is declined, and what a trial costs later', async () => {
    const checkout = { ...(await given.planCheckout()), trialDays: 14 };
    const { url, checkoutId } = await world.provider.createPlanCheckout(checkout, randomUUID());
    const page = await open(url);

    expect(await page.locator('.total').textContent()).toContain('14 days free');
    expect(await page.locator('.total').textContent()).toContain('Then $49.00 per month');
    await page.getByLabel('Card number').fill('4000 0000 0000 0002');
    await page.getByRole('button', { name: 'Start trial' }).click();

    expect(await page.getByRole('alert').textContent()).toBe('Your card was declined.');
    expect(await page.getByLabel('Card number').getAttribute('aria-invalid')).toBe('true');
    await page.getByRole('button', { name: 'Not now' }).click();
    expect(await page.getByRole('heading', { level: 1 }).textContent()).toBe('Not paid');
    expect((await world.provider.retrieveCheckout(checkoutId)).state).toBe('OPEN');
  });

  it('the portal cancels, keeps, and takes another card', async () => {
    const { customerId, subscriptionId } = await given.subscribed();
    const wish = { customerId, returnUrl: 'http://localhost:3000', change: null };
    const { url } = await world.provider.createPortalSession(wish);
    const page = await open(url, { width: 375, height: 900 });
    const state = () => world.provider.retrieveSubscription(subscriptionId);

    expect(await overflows(page)).toBe(false);
    expect(await page.locator('table').textContent()).toContain('$49.00');
    await page.getByRole('button', { name: 'Cancel plan' }).click();
    expect(await page.locator('.block').first().textContent()).toContain('Ends on');
    expect((await state()).cancelAtPeriodEnd).toBe(true);
    await page.getByRole('button', { name: 'Keep plan' }).click();
    expect((await state()).cancelAtPeriodEnd).toBe(false);

    await page.getByLabel('New card number').fill('4000 0000 0000 0002');
    await page.getByRole('button', { name: 'Use this card' }).click();
    expect(await page.getByRole('alert').textContent()).toBe('Your card was declined.');
    await page.getByLabel('New card number').fill('5555 5555 5555 4444');
    await page.getByRole('button', { name: 'Use this card' }).click();
    expect(await page.locator('.lines').textContent()).toContain('mastercard •••• 4444');
  });

  it('an address that opens nothing says so', async () => {
    expect((await fetch(`${world.apiBase}/portal/guess`)).status).toBe(404);
    expect((await fetch(`${world.apiBase}/checkout/ch_none`)).status).toBe(404);
  });
});

function overflows(page: Page): Promise<boolean> {
  return page.locator('html').evaluate((html) => html.scrollWidth > html.clientWidth);
}
