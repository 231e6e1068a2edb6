import { describe, expect, it } from 'vitest';
import type { Plan, PriceRecord } from '../../../src/features/catalog/catalog.model.ts';
import type { CatalogService } from '../../../src/features/catalog/catalog.service.ts';
import { invariant } from '../../../src/platform/assert.ts';
import { ProviderUnavailable } from '../../../src/platform/errors.ts';
import { ProviderRefused, ProviderUnsupported } from '../../../src/providers/payment-errors.ts';
import { startStripeWorld } from '../../providers/stripe-world.ts';
import { CountingStripe, givenDatabase } from './given-catalog-service.ts';
import { aCatalogue, aPlan, usd } from './given-catalogue.ts';

const { start } = givenDatabase();

async function onSale(catalog: CatalogService, slug = 'pro'): Promise<[Plan, PriceRecord]> {
  const plan = await catalog.planBySlug(slug);
  const [price] = plan?.prices ?? [];
  invariant(plan !== null && price !== undefined, `${slug} has a price`);
  return [plan, price];
}

async function givenStripe(...plans: Parameters<typeof aCatalogue>[0]) {
  const stripe = new CountingStripe();
  const { catalog } = await start(stripe.asProviders());
  await catalog.sync(aCatalogue(plans));
  return { stripe, catalog };
}

describe('telling Stripe at the start', () => {
  it('makes each plan with its prices there, once', async () => {
    const { stripe, catalog } = await givenStripe(aPlan('pro', { yearlyPrice: usd(29_000n) }));

    await catalog.syncToProvider();
    await catalog.syncToProvider();

    expect(stripe.calls).toEqual([
      {
        planId: (await catalog.planBySlug('pro'))?.id,
        slug: 'pro',
        name: 'The pro plan',
        prices: [
          {
            lookupKey: 'tollgate_pro_month',
            interval: 'MONTH',
            money: { amountMinor: 2_900n, currency: 'USD' },
          },
          {
            lookupKey: 'tollgate_pro_year',
            interval: 'YEAR',
            money: { amountMinor: 29_000n, currency: 'USD' },
          },
        ],
      },
    ]);
    const [plan, price] = await onSale(catalog);
    expect(plan.stripeProductId).toBe('prod_pro');
    expect(price.stripePriceId).toBe('price_tollgate_pro_month_2900');
  });

  it('says nothing of what is free, agreed with each customer, made by hand or no longer sold', async () => {
    const { stripe, catalog } = await givenStripe(aPlan('gone'));
    await catalog.sync(
      aCatalogue([
        aPlan('custom', { monthlyPrice: { kind: 'CUSTOM' } }),
        aPlan('by-hand', { stripeMonthlyPriceId: 'price_1' }),
      ]),
    );

    await catalog.syncToProvider();

    expect(stripe.calls).toEqual([]);
  });

  it('leaves the ids that Stripe gave alone when the file is read again', async () => {
    const { catalog } = await givenStripe(aPlan('pro'));
    await catalog.syncToProvider();

    await catalog.sync(aCatalogue([aPlan('pro', { name: 'Professional' })]));

    const [plan, price] = await onSale(catalog);
    expect([plan.stripeProductId, price.stripePriceId]).toEqual([
      'prod_pro',
      'price_tollgate_pro_month_2900',
    ]);
  });

  it('does not stop for a provider that is down, nor asks it for every plan', async () => {
    const { stripe, catalog } = await givenStripe(aPlan('pro'), aPlan('max'));
    stripe.failure = new ProviderUnavailable('no answer');

    await catalog.syncToProvider();
    expect(stripe.calls).toHaveLength(1);

    stripe.failure = null;
    expect(await catalog.providerPriceId('STRIPE', ...(await onSale(catalog)))).toBe(
      'price_tollgate_pro_month_2900',
    );
  });

  it('goes on with the next plan when one is refused', async () => {
    const { stripe, catalog } = await givenStripe(aPlan('pro'), aPlan('max'));
    stripe.failure = new ProviderRefused('no');

    await catalog.syncToProvider();

    expect(stripe.calls.map(({ slug }) => slug)).toEqual(['max', 'pro']);
  });

  it('does not hide a fault of its own', async () => {
    const { stripe, catalog } = await givenStripe(aPlan('pro'));
    stripe.failure = new TypeError('a bug');

    await expect(catalog.syncToProvider()).rejects.toThrow('a bug');
  });

  it('does nothing where Stripe is not set up', async () => {
    const { catalog } = await start();
    await catalog.sync(aCatalogue([aPlan('pro')]));

    await expect(catalog.syncToProvider()).resolves.toBeUndefined();
  });
});

describe("the provider's id of a price", () => {
  it('is made at the first sale, once for many buyers at once', async () => {
    const { stripe, catalog } = await givenStripe(aPlan('pro'));
    const [plan, price] = await onSale(catalog);

    const ids = await Promise.all(
      [1, 2, 3, 4].map(() => catalog.providerPriceId('STRIPE', plan, price)),
    );
    const again = await catalog.providerPriceId('STRIPE', plan, price);

    expect(new Set([...ids, again])).toEqual(new Set(['price_tollgate_pro_month_2900']));
    expect(stripe.calls).toHaveLength(1);
  });

  it('is read, not made, when another process made it', async () => {
    const { stripe, catalog } = await givenStripe(aPlan('pro'));
    const other = await start(stripe.asProviders());
    const [plan, price] = await onSale(other.catalog);
    await catalog.syncToProvider();

    expect(await other.catalog.providerPriceId('STRIPE', plan, price)).toBe(
      'price_tollgate_pro_month_2900',
    );
    expect(stripe.calls).toHaveLength(1);
  });

  it('is the one of the file when the file gives one', async () => {
    const { stripe, catalog } = await givenStripe(
      aPlan('pro', { stripeMonthlyPriceId: 'price_by_hand' }),
    );

    const id = await catalog.providerPriceId('STRIPE', ...(await onSale(catalog)));

    expect(id).toBe('price_by_hand');
    expect(stripe.calls).toEqual([]);
  });

  it('is made for the price that a buyer saw, though it was withdrawn meanwhile', async () => {
    const { stripe, catalog } = await givenStripe(aPlan('pro'));
    const [plan, seen] = await onSale(catalog);
    await catalog.sync(aCatalogue([aPlan('pro', { monthlyPrice: usd(3_900n) })]));

    const id = await catalog.providerPriceId('STRIPE', plan, seen);

    expect(stripe.calls[0]?.prices).toEqual([
      { lookupKey: `tollgate_pro_month_${seen.id}`, interval: 'MONTH', money: seen.money },
    ]);
    expect((await catalog.planByPriceId(id))?.price).toEqual({
      ...seen,
      isActive: false,
      stripePriceId: id,
    });
  });

  it('fails with what the provider says, and is made by the next buyer', async () => {
    const { stripe, catalog } = await givenStripe(aPlan('pro'));
    const sale = await onSale(catalog);
    stripe.failure = new ProviderUnavailable('no answer');
    await expect(catalog.providerPriceId('STRIPE', ...sale)).rejects.toThrow(ProviderUnavailable);

    stripe.failure = null;

    await expect(catalog.providerPriceId('STRIPE', ...sale)).resolves.toMatch(/^price_/);
  });

  it.each([
    ['agreed with each customer', { monthlyPrice: { kind: 'CUSTOM' } }, 'STRIPE'],
    ['free', { monthlyPrice: usd(0n) }, 'STRIPE'],
    ['sold through a channel that is not set up', { creemProductId: 'prod_1' }, 'CREEM'],
  ] as const)('is refused for a price that is %s', async (_, terms, channel) => {
    const { stripe, catalog } = await givenStripe(aPlan('pro', terms));

    await expect(catalog.providerPriceId(channel, ...(await onSale(catalog)))).rejects.toThrow(
      ProviderUnsupported,
    );
    expect(stripe.calls).toEqual([]);
  });
});

describe('the real adapter', () => {
  it('brings two processes that start at once to the same prices, and a new amount to another one', async () => {
    await using stripe = await startStripeWorld();
    const providers = new Map([['STRIPE', stripe.provider]] as const);
    const processes = await Promise.all([start(providers), start(providers)]);
    const begin = (monthly: bigint) =>
      Promise.all(
        processes.map(async ({ catalog }) => {
          await catalog.sync(aCatalogue([aPlan('pro', { monthlyPrice: usd(monthly) })]));
          await catalog.syncToProvider();
          return (await onSale(catalog))[1].stripePriceId;
        }),
      );

    const [first, same] = await begin(2_900n);
    const [second] = await begin(3_900n);

    expect(first).toBe(same);
    expect(second).not.toBe(first);
    const { data } = await stripe.dashboard.prices.list({});
    expect(data.map(({ id, unit_amount, lookup_key }) => [id, unit_amount, lookup_key])).toEqual(
      expect.arrayContaining([
        [first, 2_900, null],
        [second, 3_900, 'tollgate_pro_month'],
      ]),
    );
    expect(data).toHaveLength(2);
  });
});

describe('Creem', () => {
  it('sells the product that the file names by the month, and one that is made by the year', async () => {
    const creem = new CountingStripe();
    const { catalog } = await start(creem.asProviders('CREEM'));
    const yearlyPrice = usd(29_000n);
    await catalog.sync(aCatalogue([aPlan('pro', { yearlyPrice, creemProductId: 'prod_creem' })]));
    const [plan, monthly] = await onSale(catalog);
    const yearly = plan.prices[1];
    invariant(yearly?.interval === 'YEAR', 'the second price is by the year');

    expect(await catalog.providerPriceId('CREEM', plan, monthly)).toBe('prod_creem');
    const made = await catalog.providerPriceId('CREEM', plan, yearly);

    expect(creem.calls.map(({ prices }) => prices.map(({ lookupKey }) => lookupKey))).toEqual([
      ['tollgate_pro_year'],
    ]);
    expect((await catalog.planByPriceId(made))?.price.id).toBe(yearly.id);
    expect((await catalog.planByPriceId('prod_creem'))?.price.id).toBe(monthly.id);
  });

  it('is told at the start of what it does not know, and keeps it through another sync', async () => {
    const creem = new CountingStripe();
    const { catalog } = await start(creem.asProviders('CREEM'));
    await catalog.sync(aCatalogue([aPlan('pro')]));
    await catalog.syncToProvider();
    await catalog.sync(aCatalogue([aPlan('pro', { name: 'Professional' })]));
    await catalog.syncToProvider();

    const [, price] = await onSale(catalog);
    expect(price).toMatchObject({
      creemProductId: 'price_tollgate_pro_month_2900',
      stripePriceId: null,
    });
    expect(creem.calls).toHaveLength(1);
  });

  it('does not sell in a currency that is not its own', async () => {
    const creem = new CountingStripe();
    const { catalog } = await start(creem.asProviders('CREEM'));
    const monthlyPrice = {
      kind: 'FINITE',
      money: { amountMinor: 3_000n, currency: 'JPY' },
    } as const;
    await catalog.sync(aCatalogue([aPlan('pro', { monthlyPrice })]));

    await catalog.syncToProvider();

    expect(creem.calls).toEqual([]);
    await expect(catalog.providerPriceId('CREEM', ...(await onSale(catalog)))).rejects.toThrow(
      ProviderUnsupported,
    );
  });
});
