import type { Channel, Interval } from '../../platform/money.ts';
import type { Plan, PlanAtPrice, PriceRecord, StoredCatalogue } from './catalog.model.ts';

/** The price at which the plan is sold by this interval; null when it is not. Whether the plan is sold at all is `isActive`. */
export function offeredPrice(plan: Plan, interval: Interval): PriceRecord | null {
  return plan.prices.find((price) => price.isActive && price.interval === interval) ?? null;
}

/**
 * The channels through which one of the plan's prices can be bought: none for what is free or agreed with each customer.
 * A Creem product has one billing period, so that it stands for the monthly price, or for the yearly one of a plan that
 * is not sold by the month.
 */
export function channelsOf(plan: Plan, price: PriceRecord): Channel[] {
  if (!isCharged(price)) return [];
  return creemPrice(plan)?.id === price.id ? ['STRIPE', 'CREEM'] : ['STRIPE'];
}

/** The prices that can be bought through Stripe, but that Stripe was not told of. */
export function pricesUnknownToStripe(plan: Plan): PriceRecord[] {
  return plan.prices.filter(
    (price) => price.isActive && isCharged(price) && price.stripePriceId === null,
  );
}

/**
 * The name under which Stripe finds a price: `tollgate_pro_month` is what the plan costs now. A price that was withdrawn
 * while somebody was buying it has a name of its own.
 */
export function lookupKey(plan: Plan, price: PriceRecord): string {
  const offered = `tollgate_${plan.slug}_${price.interval.toLowerCase()}`;
  return price.isActive ? offered : `${offered}_${price.id}`;
}

/** A catalogue that is found in by id, slug and price id. */
export interface CatalogueIndex extends StoredCatalogue {
  readonly planById: ReadonlyMap<string, Plan>;
  readonly planBySlug: ReadonlyMap<string, Plan>;
  /** By Tollgate's id of a price, Stripe's, and Creem's of the product. */
  readonly byPriceId: ReadonlyMap<string, PlanAtPrice>;
}

/** Makes a catalogue quick to find in. */
export function indexCatalogue(catalogue: StoredCatalogue): CatalogueIndex {
  const { plans } = catalogue;
  return {
    ...catalogue,
    planById: new Map(plans.map((plan) => [plan.id, plan])),
    planBySlug: new Map(plans.map((plan) => [plan.slug, plan])),
    byPriceId: new Map(
      // Of two plans that had the same Creem product, the one that is sold now comes last and stays.
      plans
        .toSorted((one, other) => Number(one.isActive) - Number(other.isActive))
        .flatMap(priceIdsOf),
    ),
  };
}

function priceIdsOf(plan: Plan): [string, PlanAtPrice][] {
  const creem = creemPrice(plan);
  const ids = plan.prices.flatMap((price): [string | null, PriceRecord][] => [
    [price.id, price],
    [price.stripePriceId, price],
    [price.id === creem?.id ? plan.creemProductId : null, price],
  ]);
  return ids.flatMap(([id, price]) => (id === null ? [] : [[id, { plan, price }]]));
}

function creemPrice(plan: Plan): PriceRecord | null {
  if (plan.creemProductId === null) return null;
  return plan.prices.find((price) => price.isActive && isCharged(price)) ?? null;
}

function isCharged({ money }: PriceRecord): boolean {
  return money !== null && money.amountMinor > 0n;
}
