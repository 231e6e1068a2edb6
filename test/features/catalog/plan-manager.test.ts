import { pino } from 'pino';
import { describe, expect, it } from 'vitest';
import type { Catalogue } from '../../../src/features/catalog/catalog.model.ts';
import { CatalogService } from '../../../src/features/catalog/catalog.service.ts';
import { CatalogStore } from '../../../src/features/catalog/catalog.store.ts';
import { PlanAdministration } from '../../../src/features/catalog/plan-administration.service.ts';
import { clock, givenDatabase } from './given-catalog-service.ts';
import { aCatalogue, aPlan, FREE, usd } from './given-catalogue.ts';

const { start } = givenDatabase();

/** A process that has read this file, and what it logged. */
async function givenProcess(catalogue: Catalogue) {
  const { database } = await start();
  const logged: { plan: string; msg: string }[] = [];
  const logger = pino({ level: 'warn' }, { write: (line) => logged.push(JSON.parse(line)) });
  const store = new CatalogStore(database);
  const catalog = new CatalogService({ database, clock, store, providers: new Map(), logger });
  const plans = new PlanAdministration({ database, clock, store, catalog, catalogue });
  await catalog.sync(catalogue);
  const idOf = async (slug: string) => (await catalog.planBySlug(slug))?.id ?? '';
  return { catalog, plans, logged, idOf };
}

describe('reading the file', () => {
  it('says of which plans it has no say, and writes nothing of them', async () => {
    const { catalog, plans, logged, idOf } = await givenProcess(aCatalogue([aPlan('pro')]));
    await plans.updatePlan(await idOf('pro'), { name: 'Theirs' });
    const before = await catalog.plans(true);

    await catalog.sync(aCatalogue([aPlan('pro', { name: 'The file’s', monthlyPrice: usd(1n) })]));
    expect(await catalog.plans(true)).toEqual(before);
    expect(logged.map(({ plan, msg }) => [plan, msg])).toEqual([
      ['pro', "the plan is an administrator's: what the catalogue file says of it has no effect"],
    ]);

    await catalog.sync(aCatalogue([]));
    expect(await catalog.planBySlug('pro')).toMatchObject({ name: 'Theirs', isActive: true });
    expect(logged).toHaveLength(1);
  });

  it('says which plan new accounts start on, also of an administrator’s', async () => {
    const other = aPlan('other', { monthlyPrice: usd(0n) });
    const { catalog, plans, idOf } = await givenProcess(aCatalogue([FREE, other]));
    for (const slug of ['free', 'other'])
      await plans.updatePlan(await idOf(slug), { name: 'Theirs' });

    await catalog.sync(
      aCatalogue([
        { ...FREE, isDefault: false },
        { ...other, isDefault: true },
      ]),
    );

    expect(await catalog.defaultPlan()).toMatchObject({
      slug: 'other',
      name: 'Theirs',
      managedBy: 'ADMINISTRATOR',
    });
    expect(await catalog.planBySlug('free')).toMatchObject({ isActive: true, isDefault: false });
  });

  it('takes a plan back that it leans on and that is no longer fit for it, and says so', async () => {
    const other = aPlan('other', { monthlyPrice: usd(0n) });
    const { catalog, plans, logged, idOf } = await givenProcess(aCatalogue([FREE, other]));
    await plans.updatePlan(await idOf('other'), { monthlyPriceMinor: 500n, isActive: false });

    await catalog.sync(
      aCatalogue([
        { ...FREE, isDefault: false },
        { ...other, isDefault: true },
      ]),
    );

    const plan = await catalog.defaultPlan();
    expect(plan).toMatchObject({ slug: 'other', isActive: true, managedBy: 'FILE' });
    expect(plan.prices[0]?.money?.amountMinor).toBe(0n);
    expect(logged.at(-1)?.msg).toContain("is the catalogue file's again");
  });

  it('gives a provider’s id to the price that it gives it to, also from an administrator’s plan', async () => {
    const { catalog, plans, idOf } = await givenProcess(
      aCatalogue([aPlan('pro', { stripeMonthlyPriceId: 'price_1' })]),
    );
    await plans.updatePlan(await idOf('pro'), { name: 'Theirs' });

    await catalog.sync(aCatalogue([aPlan('max', { stripeMonthlyPriceId: 'price_1' })]));

    expect((await catalog.planByPriceId('price_1'))?.plan.slug).toBe('max');
  });
});
