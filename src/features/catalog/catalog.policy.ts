import { assertNever } from '../../platform/assert.ts';
import type { Channel, Interval, Money } from '../../platform/money.ts';
import type { Plan, PlanAtPrice, PriceRecord, StoredCatalogue } from './catalog.model.ts';

/** The price at which the plan is sold by this interval; null when it is not. Whether the plan is sold at all is `isActive`. */
export function offeredPrice(plan: Plan, interval: Interval): PriceRecord | null {
  return plan.prices.find((price) => price.isActive && price.interval === interval) ?? null;
}

/** The currencies that Creem sells in. */
const CREEM_CURRENCIES: ReadonlySet<string> = new Set(['EUR', 'USD']);

/** The channels through which a price can be paid: none for what is free or agreed with each customer. */
export function channelsOf({ money }: Pick<PriceRecord, 'money'>): Channel[] {
  return money === null || money.amountMinor === 0n ? [] : channelsFor(money);
}

/** The channels that take an amount in its currency. */
export function channelsFor({ currency }: Money): Channel[] {
  return CREEM_CURRENCIES.has(currency) ? ['STRIPE', 'CREEM'] : ['STRIPE'];
}

/** The prices that can be bought through this channel, but that the provider was not told of. */
export function pricesUnknownTo(channel: Channel, plan: Plan): PriceRecord[] {
  return plan.prices.filter(
    (price) =>
      price.isActive && channelsOf(price).includes(channel) && idAt(channel, plan, price) === null,
  );
}

/**
 * The provider's id of a price; null when it was not told of it. A product that the catalogue file names at Creem has one
 * billing period: it stands for the monthly price, or for the yearly one of a plan that is not sold by the month.
 */
export function idAt(channel: Channel, plan: Plan, price: PriceRecord): string | null {
  switch (channel) {
    case 'STRIPE':
      return price.stripePriceId;
    case 'CREEM':
      return namedAtCreem(plan)?.id === price.id ? plan.creemProductId : price.creemProductId;
    default:
      return assertNever(channel);
  }
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
  const ids = plan.prices.flatMap((price): [string | null, PriceRecord][] => [
    [price.id, price],
    [price.stripePriceId, price],
    [price.creemProductId, price],
    [idAt('CREEM', plan, price), price],
  ]);
  return ids.flatMap(([id, price]) => (id === null ? [] : [[id, { plan, price }]]));
}

function namedAtCreem(plan: Plan): PriceRecord | null {
  if (plan.creemProductId === null) return null;
  return plan.prices.find((price) => price.isActive && isCharged(price)) ?? null;
}

function isCharged({ money }: PriceRecord): boolean {
  return money !== null && money.amountMinor > 0n;
}
