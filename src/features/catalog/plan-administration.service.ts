import { invariant } from '../../platform/assert.ts';
import type { Clock } from '../../platform/clock.ts';
import type { Database } from '../../platform/database/database.ts';
import type { Transaction } from '../../platform/database/transaction.ts';
import { InvalidInput, NotFound } from '../../platform/errors.ts';
import { newId } from '../../platform/ids.ts';
import { planChanges } from './catalog.engine.ts';
import type { Catalogue, Plan, StoredCatalogue } from './catalog.model.ts';
import type { CatalogService } from './catalog.service.ts';
import type { CatalogStore } from './catalog.store.ts';
import { type NewPlan, type PlanWording, TELL_PROVIDER_OF_PLAN } from './plan-wording.model.ts';
import { changedPlan, newPlan, presentPlan, type WantedPlan } from './plan-wording.policy.ts';

interface PlanAdministrationNeeds {
  readonly database: Database;
  readonly clock: Clock;
  readonly store: CatalogStore;
  readonly catalog: CatalogService;
  readonly catalogue: Catalogue;
}

/**
 * Plans that administrators make and change while the gateway runs. From then on a plan is theirs, and the catalogue file has
 * no say in it until it is given back. Source: docs/decisions/0011-who-sets-plans.md.
 */
export class PlanAdministration {
  readonly #needs: PlanAdministrationNeeds;

  constructor(needs: PlanAdministrationNeeds) {
    this.#needs = needs;
  }

  /** Makes a plan; it stands last unless told otherwise. Throws InvalidInput, also for a slug that is taken. */
  createPlan(wording: NewPlan): Promise<Plan> {
    return this.#write((stored) => {
      if (stored.plans.some(({ slug }) => slug === wording.slug))
        throw new InvalidInput('slug', `"${wording.slug}" is taken by another plan.`);
      const last = Math.max(-1, ...stored.plans.map(({ sortOrder }) => sortOrder));
      return { id: newId(), terms: newPlan(wording, last + 1, this.#needs.catalogue) };
    });
  }

  /**
   * Changes a plan; what is not named stays. What was sold stays as it was: another amount is another price, and
   * subscriptions keep their terms. Throws InvalidInput and NotFound.
   */
  updatePlan(id: string, wording: PlanWording): Promise<Plan> {
    if (Object.values(wording).every((value) => value === undefined))
      throw new InvalidInput('input', 'names nothing to change.');
    return this.#write((stored) => {
      const plan = stored.plans.find((known) => known.id === id);
      if (plan === undefined) throw new NotFound('Plan');
      return { id, terms: changedPlan(presentPlan(plan), wording, this.#needs.catalogue) };
    });
  }

  /** Lets the catalogue file decide again what a plan is, at once; one that it does not have is no longer sold. Throws NotFound. */
  async returnToFile(id: string): Promise<Plan> {
    const { database, store, clock, catalog, catalogue } = this.#needs;
    const isKnown = await database.transaction(async (tx) => {
      await store.lock(tx);
      return store.returnToFile(tx, id, clock.now());
    });
    if (!isKnown) throw new NotFound('Plan');
    await catalog.sync(catalogue);
    return this.#planAfter(id);
  }

  async #write(
    wanted: (stored: StoredCatalogue) => { readonly id: string; readonly terms: WantedPlan },
  ): Promise<Plan> {
    const { database, store } = this.#needs;
    const id = await database.transaction(async (tx) => {
      await store.lock(tx);
      const stored = await store.catalogueIn(tx);
      const plan = wanted(stored);
      checkIdsAreFree(stored, plan);
      await this.#save(tx, stored, plan);
      return plan.id;
    });
    return this.#planAfter(id);
  }

  async #save(
    tx: Transaction,
    stored: StoredCatalogue,
    { id, terms }: { readonly id: string; readonly terms: WantedPlan },
  ): Promise<void> {
    const { store, clock } = this.#needs;
    const plan = { id, terms: { ...terms, managedBy: 'ADMINISTRATOR' as const } };
    await store.write(tx, planChanges(stored, plan, newId), clock.now());
    tx.hint('catalogue', '*');
    await tx.enqueue(TELL_PROVIDER_OF_PLAN, { id }, { jobKey: `${TELL_PROVIDER_OF_PLAN}:${id}` });
  }

  async #planAfter(id: string): Promise<Plan> {
    this.#needs.catalog.forget();
    const plan = await this.#needs.catalog.planById(id);
    invariant(plan !== null, `plan ${id} exists`);
    return plan;
  }
}

/** An administrator does not take a provider's id away from what was sold under it. */
function checkIdsAreFree(
  { plans }: StoredCatalogue,
  { id, terms }: { readonly id: string; readonly terms: WantedPlan },
): void {
  const offers = [
    ['stripeMonthlyPriceId', terms.stripeMonthlyPriceId, 'MONTH', terms.monthlyPrice],
    ['stripeYearlyPriceId', terms.stripeYearlyPriceId, 'YEAR', terms.yearlyPrice],
  ] as const;
  for (const [field, stripePriceId, interval, price] of offers) {
    const holder = plans
      .flatMap((plan) => plan.prices.map((known) => ({ plan, known })))
      .find(({ known }) => stripePriceId !== null && known.stripePriceId === stripePriceId);
    if (holder === undefined) continue;
    const { known, plan } = holder;
    const wanted = price?.kind === 'FINITE' ? price.money : null;
    const isSame =
      plan.id === id &&
      known.interval === interval &&
      known.money?.amountMinor === wanted?.amountMinor &&
      known.money?.currency === wanted?.currency;
    if (!isSame) throw new InvalidInput(field, `is that of another price, of "${plan.slug}".`);
  }
  const { creemProductId } = terms;
  const taken = plans.find((plan) => plan.id !== id && plan.creemProductId === creemProductId);
  if (creemProductId !== null && taken !== undefined)
    throw new InvalidInput('creemProductId', `is that of the plan "${taken.slug}".`);
}
