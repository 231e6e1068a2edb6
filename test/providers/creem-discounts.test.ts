import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createCreemProvider } from '../../src/providers/creem/creem-provider.ts';
import type { HostedCheckout } from '../../src/providers/payment-objects.ts';
import { type CreemWorldUnderTest, startCreemWorld } from './creem-world.ts';
import { Given } from './given.ts';
import { control } from './webhook-door.ts';

/** Creem has codes that customers type: each page gets its own, for one payment. */
describe('a discount at Creem', () => {
  let world: CreemWorldUnderTest;
  let given: Given;
  beforeAll(async () => {
    world = await startCreemWorld();
    given = new Given(world);
  });
  afterAll(() => world[Symbol.asyncDispose]());

  const discounts = async () => (await world.books()).discount ?? [];
  const checkoutOff = async (amountMinor = 500n) => ({
    ...(await given.creditsCheckout()),
    discount: await given.discount(amountMinor),
  });
  const idOf = (page: HostedCheckout) => page.url.split('/').at(-1) ?? '';
  const codeOf = async (page: HostedCheckout) =>
    (await (await ask(`checkouts?checkout_id=${idOf(page)}`)).json()).discount.discountCode;
  const ask = (path: string, init: RequestInit = {}) =>
    fetch(`${world.apiBase}/v1/${path}`, {
      ...init,
      headers: { 'content-type': 'application/json', 'x-api-key': world.apiKey },
    });

  it('is for one payment, one product, and as long as its page is waited for', async () => {
    const checkout = await checkoutOff(666n);
    const page = await world.provider.createCreditsCheckout(checkout, randomUUID());

    const made = (await discounts()).at(-1);
    const { product } = (await world.books()).checkout?.at(-1) ?? {};
    expect(made).toMatchObject({
      name: 'SPRING',
      code: expect.stringMatching(/^SPRING[0-9A-Z]{14}$/),
      type: 'fixed',
      amount: 666,
      currency: 'USD',
      duration: 'once',
      max_redemptions: 1,
      expiry_date: checkout.expiresAt.toISOString(),
      applies_to_products: [product],
    });
    expect(await (await fetch(page.url)).text()).toMatch(/SPRING.*−\$6\.66.*\$13\.33/s);
  });

  it.each(['truncate', '500', 'hang'])(
    'is made once, though an answer was lost by %s',
    async (effect) => {
      const [checkout, key] = [await checkoutOff(), randomUUID()];
      await world.provider.createCreditsCheckout(await given.creditsCheckout(), randomUUID());
      const before = (await discounts()).length;
      const fault = { provider: 'creem', method: 'POST', path: '/creem/v1/discounts', effect };
      await control(new URL(world.apiBase).origin, 'faults', { ...fault, after: true, times: 1 });

      const tried = world.provider.createCreditsCheckout(checkout, key);
      if (effect === 'hang') {
        await expect(tried).rejects.toMatchObject({ code: 'PROVIDER_UNAVAILABLE' });
        await world.provider.createCreditsCheckout(checkout, key);
      } else {
        expect((await tried).total?.amountMinor).toBe(1_499n);
      }

      expect((await discounts()).length).toBe(before + 1);
    },
  );

  it('is made once by two processes that open the same page', async () => {
    const other = createCreemProvider({
      apiKey: world.apiKey,
      webhookSecrets: [],
      apiBase: world.apiBase,
    });
    const [checkout, key] = [await checkoutOff(), randomUUID()];
    const before = (await discounts()).length;

    const pages = await Promise.all(
      [world.provider, other].map((provider) => provider.createCreditsCheckout(checkout, key)),
    );

    expect((await discounts()).length).toBe(before + 1);
    expect(new Set(await Promise.all(pages.map(codeOf))).size).toBe(1);
  });

  it('that somebody deleted is made anew', async () => {
    const checkout = await checkoutOff();
    await world.provider.createCreditsCheckout(checkout, randomUUID());
    const id = (await discounts()).at(-1)?.id;
    await ask(`discounts/${id}/delete`, { method: 'DELETE' });

    const page = await world.provider.createCreditsCheckout(checkout, randomUUID());

    expect(page.total?.amountMinor).toBe(1_499n);
    expect((await discounts()).at(-1)).toMatchObject({ status: 'active' });
  });

  it('cannot be typed on another page once it was paid with, nor once its page was given up', async () => {
    const [paid, left] = [await checkoutOff(), await checkoutOff()];
    const opening = world.provider.createCreditsCheckout(paid, randomUUID());
    const usedCode = await codeOf(await opening);
    await given.paid(opening);
    const page = await world.provider.createCreditsCheckout(left, randomUUID());
    const leftCode = await codeOf(page);
    await world.provider.expireCheckout(page.checkoutId);
    await world.provider.expireCheckout(page.checkoutId);

    const product_id = (await world.books()).checkout?.at(-1)?.product;
    for (const discount_code of [usedCode, leftCode]) {
      const body = JSON.stringify({ product_id, custom_price: 1_999, discount_code });
      expect((await ask('checkouts', { method: 'POST', body })).status).toBe(400);
    }
  });

  it('is not there any more on a page that was given up and paid after all, and the outcome says so', async () => {
    const opening = world.provider.createCreditsCheckout(await checkoutOff(), randomUUID());
    await world.provider.expireCheckout((await opening).checkoutId);

    const { outcome } = await given.paid(opening);

    expect(outcome).toMatchObject({
      state: 'PAID',
      total: { amountMinor: 1_999n },
      discountMinor: 0n,
    });
  });

  it('waits in a subscription for the end of its trial, and is over then', async () => {
    const discount = await given.discount(900n);
    const checkout = { ...(await given.planCheckout()), trialDays: 14, discount };
    const { outcome } = await given.paid(world.provider.createPlanCheckout(checkout, randomUUID()));
    const paidUntil = async (days: number) => {
      world.moveClock(new Date(world.now().getTime() + days * 86_400_000));
      const invoices = await world.provider.listInvoices?.(outcome.subscriptionId ?? '');
      return invoices?.map(({ total, discountMinor }) => [total.amountMinor, discountMinor]);
    };

    expect(await paidUntil(15)).toEqual([[4_000n, 900n]]);
    expect(await paidUntil(32)).toEqual([
      [4_900n, 0n],
      [4_000n, 900n],
    ]);
  });
});
