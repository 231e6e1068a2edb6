import { invariant } from '../../platform/assert.ts';
import type { Clock } from '../../platform/clock.ts';
import type { Database } from '../../platform/database/database.ts';
import type { Transaction } from '../../platform/database/transaction.ts';
import { ProviderUnavailable } from '../../platform/errors.ts';
import { apart, restOn } from '../../platform/grounds.ts';
import { newId } from '../../platform/ids.ts';
import type { Logger } from '../../platform/logger.ts';
import type { Channel } from '../../platform/money.ts';
import { ProviderRefused, ProviderUnsupported } from '../../providers/payment-errors.ts';
import type { PaymentProvider } from '../../providers/payment-provider.ts';
import { catalogueChanges, isUnchanged } from './catalog.engine.ts';
import type {
  Catalogue,
  CreditPackage,
  Plan,
  PlanAtPrice,
  PriceRecord,
  StoredCatalogue,
} from './catalog.model.ts';
import {
  type CatalogueIndex,
  channelsOf,
  idAt,
  indexCatalogue,
  lookupKey,
  pricesUnknownTo,
} from './catalog.policy.ts';
import type { CatalogStore } from './catalog.store.ts';
import { isLeftToAdministrators } from './plan-manager.policy.ts';

interface CatalogServiceNeeds {
  readonly database: Database;
  readonly clock: Clock;
  readonly store: CatalogStore;
  readonly providers: ReadonlyMap<Channel, PaymentProvider>;
  readonly logger: Logger;
}

interface KeptCatalogue {
  readonly index: Promise<CatalogueIndex>;
  readonly until: number;
  /** What tells it from any other, for those who are not to keep it in memory. */
  readonly mark: symbol;
}

/** How long a change by another process may stay unseen when its hint was lost. Real time. */
const CACHE_TTL_MS = 5_000;

/**
 * What is sold, and for how much. Reads are answered from memory: the whole catalogue is kept for a few seconds, and
 * forgotten at once when this process changes it or the hint `catalogue` says that another one did.
 */
export class CatalogService {
  readonly #needs: CatalogServiceNeeds;
  #kept: KeptCatalogue | null = null;
  readonly #firstSales = new Map<string, Promise<string>>();

  constructor(needs: CatalogServiceNeeds) {
    this.#needs = needs;
  }

  /**
   * Makes the database say what the catalogue file says, and writes nothing when it does already. A plan or package that
   * is no longer in the file stops being sold and is never deleted; one that comes back is sold again. Another amount is
   * another price. A plan that is an administrator's is left as it is, unless the file leans on what it no longer is. Several
   * processes may do this at once. Source: docs/decisions/0011-who-sets-plans.md.
   */
  async sync(catalogue: Catalogue): Promise<void> {
    const { database, store, clock } = this.#needs;
    await database.transaction(async (tx) => {
      await store.lock(tx);
      const stored = await store.catalogueIn(tx);
      this.#tellWhoseTheyAre(stored, catalogue);
      const changes = catalogueChanges(stored, catalogue, newId);
      if (isUnchanged(changes)) return;
      await store.write(tx, changes, clock.now());
      tx.hint('catalogue', '*');
    });
    this.forget();
  }

  /**
   * Tells each provider of every price above 0 that is sold and that it does not know yet, under its lookup key. One that
   * is down or refuses stops nothing: that is logged, and tried again when the price is first sold.
   */
  async syncToProvider(): Promise<void> {
    for (const channel of this.#needs.providers.keys()) await this.#syncTo(channel);
  }

  /**
   * Tells each provider of the prices of one plan that it does not know yet. What a provider refuses is logged, and left to
   * the first sale. Throws ProviderUnavailable, when the others have been told.
   */
  async tellProvidersOf(planId: string): Promise<void> {
    this.forget();
    const plan = await this.planById(planId);
    if (plan === null || !plan.isActive) return;
    const away: unknown[] = [];
    for (const channel of this.#needs.providers.keys()) {
      await this.#tell(channel, plan).catch((error: unknown) => {
        if (!(error instanceof ProviderUnavailable)) throw error;
        away.push(error);
      });
    }
    if (away.length > 0) throw away[0];
  }

  /** The plans in the order of the catalogue file; those that are no longer sold only when asked for. */
  async plans(includeInactive: boolean): Promise<Plan[]> {
    const { plans } = await this.#index();
    return plans.filter((plan) => includeInactive || plan.isActive);
  }

  /** The plans with these ids, in no order, sold or not; those that do not exist are left out. */
  async plansByIds(ids: readonly string[]): Promise<Plan[]> {
    const { planById } = await this.#index();
    return ids.flatMap((id) => planById.get(id) ?? []);
  }

  /** The plan with this slug, sold or not. */
  async planBySlug(slug: string): Promise<Plan | null> {
    return (await this.#index()).planBySlug.get(slug) ?? null;
  }

  /** The plan with this id, sold or not. */
  async planById(id: string): Promise<Plan | null> {
    return (await this.#index()).planById.get(id) ?? null;
  }

  /** The free plan that new accounts start on. */
  async defaultPlan(): Promise<Plan> {
    const plan = (await this.#index()).plans.find(({ isDefault }) => isDefault);
    invariant(plan !== undefined, 'the catalogue has a default plan');
    return plan;
  }

  /** The plan and its price that an id stands for, sold or not: Tollgate's id, Stripe's, or Creem's of the product. */
  async planByPriceId(priceId: string): Promise<PlanAtPrice | null> {
    return (await this.#index()).byPriceId.get(priceId) ?? null;
  }

  /** The credit packages that are sold, in the order of the catalogue file. */
  async packages(): Promise<CreditPackage[]> {
    const { packages } = await this.#index();
    return packages.filter(({ isActive }) => isActive);
  }

  /** The credit package with this id, sold or not. */
  async packageById(id: string): Promise<CreditPackage | null> {
    const { packages } = await this.#index();
    return packages.find((item) => item.id === id) ?? null;
  }

  /**
   * The provider's id of a price; one that it does not know yet is made there, once. To be called outside of any
   * transaction. Throws ProviderUnsupported (the price is not sold through this channel: see `channelsOf`),
   * ProviderUnavailable and ProviderRefused.
   */
  async providerPriceId(channel: Channel, plan: Plan, price: PriceRecord): Promise<string> {
    const isSold = this.#needs.providers.has(channel) && channelsOf(price).includes(channel);
    if (isSold) return idAt(channel, plan, price) ?? (await this.#firstSale(channel, price.id));
    const which = price.interval === 'MONTH' ? 'monthly' : 'yearly';
    throw new ProviderUnsupported(channel, `the ${which} price of the plan "${plan.slug}"`);
  }

  /** Forgets what a channel calls plans and prices: its ids are another environment's. Those of the file come back by `sync`. */
  async forgetProviderIds(tx: Transaction, channel: Channel): Promise<void> {
    await this.#needs.store.lock(tx);
    await this.#needs.store.forgetProviderIds(tx, channel);
    tx.hint('catalogue', '*');
  }

  /** Makes the next read look at the database. The composition root calls it on the hint `catalogue`. */
  forget(): void {
    this.#kept = null;
  }

  /** What the provider refuses is logged. Throws ProviderUnavailable. */
  async #tell(channel: Channel, plan: Plan): Promise<void> {
    const prices = pricesUnknownTo(channel, plan);
    if (prices.length === 0) return;
    try {
      await this.#makeAt(channel, plan, prices);
    } catch (error) {
      if (!isProviderError(error)) throw error;
      const about = { err: error, channel, plan: plan.slug };
      this.#needs.logger.warn(about, 'The plan is not at its provider yet.');
      if (error instanceof ProviderUnavailable) throw error;
    }
  }

  async #syncTo(channel: Channel): Promise<void> {
    for (const plan of await this.plans(false)) {
      try {
        await this.#tell(channel, plan);
      } catch (error) {
        if (!(error instanceof ProviderUnavailable)) throw error;
        // The others would only wait for the same silence.
        return;
      }
    }
  }

  #tellWhoseTheyAre({ plans }: StoredCatalogue, catalogue: Catalogue): void {
    for (const plan of plans.filter(({ managedBy }) => managedBy === 'ADMINISTRATOR')) {
      if (!catalogue.plans.some(({ slug }) => slug === plan.slug)) continue;
      const isLeft = isLeftToAdministrators(plan, catalogue);
      const what = isLeft
        ? "the plan is an administrator's: what the catalogue file says of it has no effect"
        : "the plan was an administrator's, and is the catalogue file's again: the file leans on what it no longer was";
      this.#needs.logger.warn({ plan: plan.slug }, what);
    }
  }

  /** Buyers of the same price at once wait for one of them; between processes, the lookup keys lead to one price. */
  #firstSale(channel: Channel, id: string): Promise<string> {
    const key = `${channel} ${id}`;
    const sale =
      this.#firstSales.get(key) ??
      this.#makeOnce(channel, id).finally(() => {
        this.#firstSales.delete(key);
      });
    this.#firstSales.set(key, sale);
    return sale;
  }

  async #makeOnce(channel: Channel, id: string): Promise<string> {
    // Another process may have told the provider by now.
    this.forget();
    const present = await this.planByPriceId(id);
    invariant(present !== null, `price ${id} exists`);
    const known = idAt(channel, present.plan, present.price);
    if (known !== null) return known;
    await this.#makeAt(channel, present.plan, [present.price]);
    const told = await this.planByPriceId(id);
    const made = told === null ? null : idAt(channel, told.plan, told.price);
    invariant(made !== null, `${channel}'s id of price ${id} is kept`);
    return made;
  }

  async #makeAt(channel: Channel, plan: Plan, unknown: readonly PriceRecord[]): Promise<void> {
    const { database, store, clock, providers } = this.#needs;
    const provider = providers.get(channel);
    invariant(provider !== undefined, `${channel} is set up`);
    const prices = unknown.flatMap((price) => {
      const { id, interval, money } = price;
      return money === null ? [] : [{ id, interval, money, lookupKey: lookupKey(plan, price) }];
    });
    const { productId, priceIds } = await provider.ensurePlanPrices({
      planId: plan.id,
      slug: plan.slug,
      name: plan.name,
      prices: prices.map(({ id: _, ...price }) => price),
    });
    const made = prices.map(({ id, lookupKey: key }) => {
      const priceId = priceIds[key];
      invariant(priceId !== undefined, `${channel}'s price ${key} has an id`);
      return { id, stripePriceId: priceId, creemProductId: priceId };
    });
    await database.transaction(async (tx) => {
      await store.lock(tx);
      if (channel === 'CREEM') await store.saveCreemIds(tx, made);
      else await store.saveStripeIds(tx, plan.id, { productId, prices: made }, clock.now());
      tx.hint('catalogue', '*');
    });
    this.forget();
  }

  #index(): Promise<CatalogueIndex> {
    const { index, until, mark } = this.#present();
    restOn(() => this.#kept?.mark === mark && performance.now() < until);
    return index;
  }

  #present(): KeptCatalogue {
    if (this.#kept !== null && performance.now() < this.#kept.until) return this.#kept;
    const index = apart(() => this.#needs.store.catalogue()).then(indexCatalogue);
    const kept = { index, until: performance.now() + CACHE_TTL_MS, mark: Symbol('catalogue') };
    this.#kept = kept;
    // A failure is told to whoever asked, and not to the next one.
    index.catch(() => {
      if (this.#kept === kept) this.#kept = null;
    });
    return kept;
  }
}

function isProviderError(error: unknown): boolean {
  return [ProviderUnavailable, ProviderRefused, ProviderUnsupported].some(
    (type) => error instanceof type,
  );
}
