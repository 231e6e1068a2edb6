import { createServer } from 'node:http';
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { givenPlanCheckout, givenSandbox, listen } from './given.ts';
import { openBrowser } from './given-browser.ts';

describe('the checkout page in a browser', () => {
  let browser: Browser;

  beforeAll(async () => {
    browser = await openBrowser();
  });
  afterAll(async () => {
    await browser.close();
  });

  /** A checkout whose pages to return to are served, opened at a window of this size. */
  async function givenOpenPage(size: { width: number; height: number }, script = true) {
    const shop = createServer((request, response) => {
      response.setHeader('content-type', 'text/html').end(`<h1>Shop ${request.url}</h1>`);
    });
    await listen(shop);
    const address = shop.address();
    const home = `http://127.0.0.1:${typeof address === 'object' ? address?.port : 0}`;
    const { stripe } = await givenSandbox();
    const { session, url } = await givenPlanCheckout(stripe, {
      success_url: `${home}/done?session={CHECKOUT_SESSION_ID}`,
      cancel_url: `${home}/cancelled`,
    });
    const context = await browser.newContext({ viewport: size, javaScriptEnabled: script });
    onTestFinished(() => context.close());
    const page = await context.newPage();
    await page.goto(url);
    return { stripe, session, page, home };
  }

  it.each([
    ['a desk', { width: 1280, height: 860 }],
    ['a phone', { width: 375, height: 760 }],
  ])('takes a card and goes to the success page, on %s', async (_name, size) => {
    const { stripe, session, page, home } = await givenOpenPage(size, false);

    expect(await page.getByRole('heading', { level: 1 }).textContent()).toBe('Subscribe to Pro');
    expect(await overflows(page)).toBe(false);
    await page.getByLabel('Card number').fill('4242 4242 4242 4242');
    await page.getByRole('button', { name: 'Subscribe' }).click();

    await page.waitForURL(`${home}/done?session=${session.id}`);
    expect((await stripe.checkout.sessions.retrieve(session.id)).payment_status).toBe('paid');
  });

  it('says why a card is declined, at its field, and takes another', async () => {
    const { page, home, session } = await givenOpenPage({ width: 1280, height: 860 });
    const number = page.getByLabel('Card number');

    await number.fill('4000 0000 0000 0002');
    await number.press('Enter');

    await page.getByRole('alert').waitFor();
    expect(await page.getByRole('alert').textContent()).toBe('Your card was declined.');
    expect(await number.getAttribute('aria-invalid')).toBe('true');
    expect(await number.inputValue()).toBe('4000 0000 0000 0002');
    await number.fill('4242424242424242');
    await page.getByRole('button', { name: 'Subscribe' }).click();
    await page.waitForURL(`${home}/done?session=${session.id}`);
  });

  it('goes back to the shop when it is cancelled', async () => {
    const { page, home, stripe, session } = await givenOpenPage({ width: 375, height: 760 });

    await page.getByRole('button', { name: 'Cancel' }).click();

    await page.waitForURL(`${home}/cancelled`);
    expect((await stripe.checkout.sessions.retrieve(session.id)).status).toBe('open');
  });
});

function overflows(page: Page): Promise<boolean> {
  return page.evaluate('document.documentElement.scrollWidth > window.innerWidth');
}
