import { describe, expect, it } from 'vitest';
import { CUSTOM, finite, type PlanTerms } from '../../../src/features/catalog/catalog.model.ts';
import { offeredPrice } from '../../../src/features/catalog/catalog.policy.ts';
import type { CatalogService } from '../../../src/features/catalog/catalog.service.ts';
import type { Database } from '../../../src/platform/database/database.ts';
import { clock, givenDatabase } from './given-catalog-service.ts';
import { aCatalogue, aPackage, aPlan, FREE, usd } from './given-catalogue.ts';

const { start } = givenDatabase();

const LATER = new Date('2026-04-01T12:00:00Z');

/** Every row with its hidden version: a row that was written again has another one. */
async function rows({ pool }: Database): Promise<unknown[]> {
  const tables = ['plan', 'plan_price', 'credit_package'].map(async (table) => {
    const result = await pool.query(`select xmin::text, t.* from ${table} t order by id`);
    return result.rows;
  });
  return (await Promise.all(tables)).flat();
}

async function theOffer(catalog: CatalogService, slug: string) {
  const plan = await catalog.planBySlug(slug);
  return plan && offeredPrice(plan, 'MONTH');
}

describe('the catalogue file and the database', () => {
  it('keeps every word and number of a plan exactly', async () => {
    const { catalog } = await start();
    const terms = aPlan('pro', {
      description: 'All of it',
      yearlyPrice: { kind: 'CUSTOM' },
      monthlyCredits: finite(9_223_372_036_854_775_807n),
      rollover: finite(1n),
      maxConcurrentAgents: CUSTOM,
      allowedChannels: ['web', 'a "quoted", channel'],
      trialDays: 14,
      creemProductId: 'prod_1',
    });

    await catalog.sync(aCatalogue([terms]));

    const { monthlyPrice, yearlyPrice, stripeMonthlyPriceId, stripeYearlyPriceId, ...details } =
      terms;
    const plan = await catalog.planBySlug('pro');
    expect(plan).toMatchObject({ ...details, isActive: true, stripeProductId: null });
    expect(plan?.prices).toMatchObject([
      { interval: 'MONTH', kind: 'FINITE', money: { amountMinor: 2_900n, currency: 'USD' } },
      { interval: 'YEAR', kind: 'CUSTOM', money: null },
    ]);
  });

  it('writes nothing when the file says the same again', async () => {
    const { catalog, database } = await start();
    const catalogue = aCatalogue(
      [aPlan('pro', { yearlyPrice: { kind: 'CUSTOM' }, stripeMonthlyPriceId: 'price_1' })],
      [aPackage('small')],
    );
    await catalog.sync(catalogue);
    const before = await rows(database);

    clock.at = LATER;
    await catalog.sync(catalogue);

    expect(before).toHaveLength(6);
    expect(await rows(database)).toEqual(before);
  });

  it('writes only the plan that changed', async () => {
    const { catalog, database } = await start();
    await catalog.sync(aCatalogue([aPlan('pro'), aPlan('max', { sortOrder: 2 })]));

    clock.at = LATER;
    const renamed = aPlan('pro', { name: 'Professional' });
    await catalog.sync(aCatalogue([renamed, aPlan('max', { sortOrder: 2 })]));

    const changed = await database.pool.query('select name from plan where updated_at = $1', [
      LATER,
    ]);
    expect(changed.rows).toEqual([{ name: 'Professional' }]);
  });

  it('lists plans in the order of the file, and takes over another order', async () => {
    const { catalog } = await start();
    const slugs = async () => (await catalog.plans(false)).map(({ slug }) => slug);
    await catalog.sync(aCatalogue([aPlan('one'), aPlan('two', { sortOrder: 2 })]));
    expect(await slugs()).toEqual(['free', 'one', 'two']);

    await catalog.sync(aCatalogue([aPlan('two'), aPlan('one', { sortOrder: 2 })]));

    expect(await slugs()).toEqual(['free', 'two', 'one']);
  });

  it('stops selling a plan that left the file, and sells it again when it is back', async () => {
    const { catalog } = await start();
    await catalog.sync(aCatalogue([aPlan('pro')]));
    const original = await catalog.planBySlug('pro');

    await catalog.sync(aCatalogue([]));
    expect((await catalog.plans(false)).map(({ slug }) => slug)).toEqual(['free']);
    expect((await catalog.plans(true)).map(({ slug }) => slug)).toEqual(['free', 'pro']);
    expect(await catalog.planBySlug('pro')).toEqual({ ...original, isActive: false });

    await catalog.sync(aCatalogue([aPlan('pro')]));
    expect(await catalog.planBySlug('pro')).toEqual(original);
  });

  it('stops selling a package that left the file, and sells it again when it is back', async () => {
    const { catalog } = await start();
    await catalog.sync(aCatalogue([], [aPackage('small')]));
    const [original] = await catalog.packages();

    await catalog.sync(aCatalogue([]));
    expect(await catalog.packages()).toEqual([]);
    expect(await catalog.packageById(original?.id ?? '')).toEqual({ ...original, isActive: false });

    await catalog.sync(aCatalogue([], [aPackage('small', 1_500n)]));
    const price = { amountMinor: 1_500n, currency: 'USD' };
    expect(await catalog.packages()).toEqual([{ ...original, price }]);
  });

  it('moves the default from one plan to another, in both orders of their rows', async () => {
    const { catalog } = await start();
    const other = aPlan('other', { monthlyPrice: usd(0n) });
    await catalog.sync(aCatalogue([FREE, other]));

    await catalog.sync(
      aCatalogue([
        { ...FREE, isDefault: false },
        { ...other, isDefault: true },
      ]),
    );
    expect((await catalog.defaultPlan()).slug).toBe('other');

    await catalog.sync(aCatalogue([FREE, other]));
    expect((await catalog.defaultPlan()).slug).toBe('free');
  });

  it('moves the default from a plan that left the file to a new one', async () => {
    const { catalog } = await start();
    await catalog.sync(aCatalogue([]));

    await catalog.sync(aCatalogue([aPlan('basic', { isDefault: true })]));

    expect((await catalog.defaultPlan()).slug).toBe('basic');
    expect(await catalog.planBySlug('free')).toMatchObject({ isActive: false, isDefault: false });
  });

  it('is the same after two processes did it at once as after one', async () => {
    const processes = await Promise.all([start(), start(), start()]);
    const catalogue = aCatalogue([aPlan('pro'), aPlan('max')], [aPackage('small')]);

    await Promise.all(processes.map(({ catalog }) => catalog.sync(catalogue)));

    const [first, ...others] = await Promise.all(
      processes.map(({ catalog }) => catalog.plans(true)),
    );
    expect(first?.map(({ slug, prices }) => [slug, prices.length])).toEqual([
      ['free', 1],
      ['max', 1],
      ['pro', 1],
    ]);
    for (const other of others) expect(other).toEqual(first);
  });
});

describe('a price', () => {
  it('is another one when the amount changes, and the old one still leads to the plan', async () => {
    const { catalog } = await start();
    await catalog.sync(aCatalogue([aPlan('pro', { stripeMonthlyPriceId: 'price_old' })]));
    const old = await theOffer(catalog, 'pro');

    await catalog.sync(
      aCatalogue([aPlan('pro', { monthlyPrice: usd(3_900n), stripeMonthlyPriceId: 'price_new' })]),
    );

    const offered = await theOffer(catalog, 'pro');
    expect(offered).toMatchObject({ money: { amountMinor: 3_900n }, stripePriceId: 'price_new' });
    expect(offered?.id).not.toBe(old?.id);
    const found = await catalog.planByPriceId('price_old');
    expect(found).toMatchObject({ plan: { slug: 'pro' }, price: { ...old, isActive: false } });
    expect(found?.plan.prices).toEqual([offered, { ...old, isActive: false }]);
  });

  it('is the old one again when the old amount comes back', async () => {
    const { catalog } = await start();
    await catalog.sync(aCatalogue([aPlan('pro')]));
    const old = await theOffer(catalog, 'pro');
    await catalog.sync(aCatalogue([aPlan('pro', { monthlyPrice: usd(3_900n) })]));

    await catalog.sync(aCatalogue([aPlan('pro')]));

    expect(await theOffer(catalog, 'pro')).toEqual(old);
    expect((await catalog.planBySlug('pro'))?.prices).toHaveLength(2);
  });

  it.each<[string, Partial<PlanTerms>]>([
    ['agreed with each customer', { monthlyPrice: { kind: 'CUSTOM' } }],
    [
      'in another currency',
      { monthlyPrice: { kind: 'FINITE', money: { amountMinor: 2_900n, currency: 'EUR' } } },
    ],
    ['another one at Stripe', { stripeMonthlyPriceId: 'price_by_hand' }],
  ])('is another one when it becomes one that is %s', async (_, terms) => {
    const { catalog } = await start();
    await catalog.sync(aCatalogue([aPlan('pro', { stripeMonthlyPriceId: 'price_first' })]));
    const old = await theOffer(catalog, 'pro');

    await catalog.sync(aCatalogue([aPlan('pro', terms)]));

    expect((await theOffer(catalog, 'pro'))?.id).not.toBe(old?.id);
    expect((await catalog.planBySlug('pro'))?.prices).toHaveLength(2);
  });

  it('is no longer offered when the file leaves it out', async () => {
    const { catalog } = await start();
    await catalog.sync(aCatalogue([aPlan('pro', { yearlyPrice: usd(29_000n) })]));

    await catalog.sync(
      aCatalogue([aPlan('pro', { monthlyPrice: null, yearlyPrice: usd(29_000n) })]),
    );

    const plan = await catalog.planBySlug('pro');
    expect(plan?.prices.map(({ interval, isActive }) => [interval, isActive])).toEqual([
      ['YEAR', true],
      ['MONTH', false],
    ]);
  });

  it('gives its Stripe id to the price that the file gives it to', async () => {
    const { catalog } = await start();
    const plans = (one: string, two: string) =>
      aCatalogue([
        aPlan('one', { stripeMonthlyPriceId: one }),
        aPlan('two', { stripeMonthlyPriceId: two, sortOrder: 2 }),
      ]);
    await catalog.sync(plans('price_1', 'price_2'));

    await catalog.sync(plans('price_2', 'price_1'));

    expect((await catalog.planByPriceId('price_1'))?.plan.slug).toBe('two');
    expect((await catalog.planByPriceId('price_2'))?.plan.slug).toBe('one');
  });
});

describe('a Stripe id', () => {
  it('goes from a later plan to an earlier one that had none', async () => {
    const { catalog } = await start();
    const one = aPlan('one');
    const two = aPlan('two', { sortOrder: 2 });
    await catalog.sync(aCatalogue([one, { ...two, stripeMonthlyPriceId: 'price_1' }]));

    await catalog.sync(aCatalogue([{ ...one, stripeMonthlyPriceId: 'price_1' }, two]));

    expect((await theOffer(catalog, 'one'))?.stripePriceId).toBe('price_1');
    expect((await theOffer(catalog, 'two'))?.stripePriceId).toBeNull();
  });

  it('stays when the file no longer gives it', async () => {
    const { catalog } = await start();
    await catalog.sync(aCatalogue([aPlan('pro', { stripeMonthlyPriceId: 'price_1' })]));
    const before = await theOffer(catalog, 'pro');

    await catalog.sync(aCatalogue([aPlan('pro')]));

    expect(await theOffer(catalog, 'pro')).toEqual(before);
  });
});

describe('finding', () => {
  it('finds nothing under what cannot be an id', async () => {
    const { catalog } = await start();
    await catalog.sync(aCatalogue([aPlan('pro')]));
    for (const id of [
      '',
      'null',
      "'; drop table plan; --",
      '019a0000-0000-7000-8000-000000000000',
    ]) {
      expect(await catalog.planById(id)).toBeNull();
      expect(await catalog.planBySlug(id)).toBeNull();
      expect(await catalog.planByPriceId(id)).toBeNull();
      expect(await catalog.packageById(id)).toBeNull();
      expect(await catalog.plansByIds([id])).toEqual([]);
    }
  });

  it('finds a plan by its ids and those of its prices', async () => {
    const { catalog } = await start();
    await catalog.sync(aCatalogue([aPlan('pro', { creemProductId: 'prod_creem' })]));
    const plan = await catalog.planBySlug('pro');
    const price = plan?.prices[0];

    expect(await catalog.planById(plan?.id ?? '')).toEqual(plan);
    expect(await catalog.planByPriceId(price?.id ?? '')).toEqual({ plan, price });
    expect(await catalog.planByPriceId('prod_creem')).toEqual({ plan, price });
  });

  it('sees what another process changed as soon as it is told to forget', async () => {
    const [one, other] = await Promise.all([start(), start()]);
    await one.catalog.sync(aCatalogue([]));
    await other.catalog.plans(false);

    await one.catalog.sync(aCatalogue([aPlan('pro')]));
    other.catalog.forget();

    expect(await other.catalog.planBySlug('pro')).not.toBeNull();
  });
});
