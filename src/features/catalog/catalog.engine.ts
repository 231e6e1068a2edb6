import type { Interval } from '../../platform/money.ts';
import {
  type Catalogue,
  type CreditPackage,
  type CreditPackageTerms,
  type Plan,
  type PlanDetails,
  type PlanManager,
  type PlanPrice,
  type PlanTerms,
  type PriceRecord,
  type StoredCatalogue,
  storeAllowance,
} from './catalog.model.ts';
import { isLeftToAdministrators } from './plan-manager.policy.ts';

/** What must be written so that the database says what the file, or an administrator, says. Packages that are written are sold. */
export interface CatalogueChanges {
  readonly newPlans: readonly Identified<WrittenPlan>[];
  readonly changedPlans: readonly Identified<WrittenPlan>[];
  /** No longer in the file: no longer sold, and the default of nobody. */
  readonly retiredPlanIds: readonly string[];
  readonly newPrices: readonly PriceRecord[];
  readonly changedPrices: readonly PriceRecord[];
  readonly newPackages: readonly Identified<CreditPackageTerms>[];
  readonly changedPackages: readonly Identified<CreditPackageTerms>[];
  readonly retiredPackageIds: readonly string[];
}

type Identified<Terms> = { readonly id: string; readonly terms: Terms };
type Managed = { readonly isActive: boolean; readonly managedBy: PlanManager };
type WrittenPlan = PlanDetails & Managed;

const BY_FILE: Managed = { isActive: true, managedBy: 'FILE' };
const NOTHING: CatalogueChanges = {
  newPlans: [],
  changedPlans: [],
  retiredPlanIds: [],
  newPrices: [],
  changedPrices: [],
  newPackages: [],
  changedPackages: [],
  retiredPackageIds: [],
};

/**
 * Compares the file with what is stored. Nothing is ever deleted, and a price keeps its amount: another amount, or another
 * price at Stripe, is another price, and one that was offered before is offered again. A Stripe id that the file gives is
 * taken away from whichever price had it. A price for which the file gives no id keeps the one that it has. Of a plan that is
 * an administrator's, the file only says whether it is the default one. Source: docs/decisions/0011-who-sets-plans.md.
 */
export function catalogueChanges(
  stored: StoredCatalogue,
  catalogue: Catalogue,
  newId: () => string,
): CatalogueChanges {
  const kept = stored.plans.filter((plan) => isLeftToAdministrators(plan, catalogue));
  const plans = compare(
    stored.plans.filter((plan) => !kept.includes(plan)),
    catalogue.plans.filter(({ slug }) => !kept.some((plan) => plan.slug === slug)),
    { same: sameByFile, newId },
  );
  const packages = compare(stored.packages, catalogue.credits.packages, {
    same: samePackage,
    newId,
  });
  return {
    newPlans: plans.added.map(byFile),
    changedPlans: [...plans.changed.map(byFile), ...movedDefaults(kept, catalogue)],
    retiredPlanIds: plans.retiredIds,
    ...priceChanges(stored.plans, plans.all, newId),
    newPackages: packages.added,
    changedPackages: packages.changed,
    retiredPackageIds: packages.retiredIds,
  };
}

/** Makes or changes one plan as an administrator words it. Prices are treated as those of the file are. */
export function planChanges(
  stored: StoredCatalogue,
  plan: Identified<PlanTerms & Managed>,
  newId: () => string,
): CatalogueChanges {
  const isNew = !stored.plans.some(({ id }) => id === plan.id);
  return {
    ...NOTHING,
    newPlans: isNew ? [plan] : [],
    changedPlans: isNew ? [] : [plan],
    ...priceChanges(stored.plans, [plan], newId),
  };
}

/** Whether there is nothing to write. */
export function isUnchanged(changes: CatalogueChanges): boolean {
  return Object.values(changes).every((list: readonly unknown[]) => list.length === 0);
}

interface Sluggish {
  readonly slug: string;
}

function compare<Terms extends Sluggish, Row extends Sluggish & { id: string; isActive: boolean }>(
  rows: readonly Row[],
  wanted: readonly Terms[],
  { same, newId }: { same: (row: Row, terms: Terms) => boolean; newId: () => string },
) {
  const bySlug = new Map(rows.map((row) => [row.slug, row]));
  const all = wanted.map((terms) => {
    const row = bySlug.get(terms.slug);
    return { id: row?.id ?? newId(), terms, row };
  });
  const slugs = new Set(wanted.map(({ slug }) => slug));
  return {
    all,
    added: all.filter(({ row }) => row === undefined),
    changed: all.filter(
      ({ row, terms }) => row !== undefined && !(row.isActive && same(row, terms)),
    ),
    retiredIds: rows.filter((row) => row.isActive && !slugs.has(row.slug)).map(({ id }) => id),
  };
}

function byFile({ id, terms }: Identified<PlanDetails>): Identified<WrittenPlan> {
  return { id, terms: { ...terms, ...BY_FILE } };
}

/** Which plan new accounts start on is always the file's word. */
function movedDefaults(kept: readonly Plan[], { plans }: Catalogue): Identified<WrittenPlan>[] {
  return kept.flatMap((plan) => {
    const isDefault = plans.some(({ slug, isDefault: marked }) => marked && slug === plan.slug);
    return isDefault === plan.isDefault ? [] : [{ id: plan.id, terms: { ...plan, isDefault } }];
  });
}

function sameByFile(row: Plan, terms: PlanDetails): boolean {
  return row.managedBy === 'FILE' && detailsText(row) === detailsText(terms);
}

function detailsText(plan: PlanDetails): string {
  return JSON.stringify([
    plan.name,
    plan.description,
    storeAllowance(plan.monthlyCredits),
    storeAllowance(plan.rollover),
    plan.limits.map((limit) => [limit.metric, storeAllowance(limit.allowance), limit.enforcement]),
    plan.features,
    storeAllowance(plan.maxConcurrentAgents),
    storeAllowance(plan.maxDurationHours),
    plan.allowedChannels,
    plan.canBuyCreditPackages,
    plan.trialDays,
    plan.isDefault,
    plan.sortOrder,
    plan.creemProductId,
  ]);
}

function samePackage(one: CreditPackage, other: CreditPackageTerms): boolean {
  return (
    one.name === other.name &&
    one.creditsMicro === other.creditsMicro &&
    one.bonusCreditsMicro === other.bonusCreditsMicro &&
    one.price.amountMinor === other.price.amountMinor &&
    one.price.currency === other.price.currency &&
    one.sortOrder === other.sortOrder
  );
}

interface WantedPrice {
  readonly planId: string;
  readonly interval: Interval;
  readonly price: PlanPrice;
  /** The id that the file gives; null: it gives none. */
  readonly stripePriceId: string | null;
}

function priceChanges(
  storedPlans: readonly Plan[],
  plans: readonly Identified<PlanTerms>[],
  newId: () => string,
): Pick<CatalogueChanges, 'newPrices' | 'changedPrices'> {
  const wanted = plans.flatMap(wantedPrices);
  const givenIds = new Set(wanted.map(({ stripePriceId }) => stripePriceId));
  const wantedPlanIds = new Set(plans.map(({ id }) => id));
  const rows = storedPlans.flatMap((plan) => plan.prices);
  const offers = new Map<string, WantedPrice>();
  const newPrices: PriceRecord[] = [];
  for (const offer of wanted) {
    const row = rowFor(offer, rows);
    if (row === undefined)
      newPrices.push({ ...recordOf(offer), id: newId(), creemProductId: null });
    else offers.set(row.id, offer);
  }
  const changedPrices = rows.flatMap((row): PriceRecord[] => {
    const offer = offers.get(row.id);
    const keptId = givenIds.has(row.stripePriceId) ? null : row.stripePriceId;
    const stripePriceId = offer?.stripePriceId ?? keptId;
    // A retired plan keeps its offers, so that they are there when it comes back.
    const isActive = wantedPlanIds.has(row.planId) ? offer !== undefined : row.isActive;
    const isSame = isActive === row.isActive && stripePriceId === row.stripePriceId;
    return isSame ? [] : [{ ...row, isActive, stripePriceId }];
  });
  return { newPrices, changedPrices };
}

function wantedPrices({ id: planId, terms }: Identified<PlanTerms>): WantedPrice[] {
  const offers = [
    {
      interval: 'MONTH',
      price: terms.monthlyPrice,
      stripePriceId: terms.stripeMonthlyPriceId,
    },
    { interval: 'YEAR', price: terms.yearlyPrice, stripePriceId: terms.stripeYearlyPriceId },
  ] as const;
  return offers.flatMap(({ price, ...offer }) =>
    price === null ? [] : [{ planId, price, ...offer }],
  );
}

/** The stored price that the offer is; the rows are in order, what is offered first and then the newest. */
function rowFor(offer: WantedPrice, rows: readonly PriceRecord[]): PriceRecord | undefined {
  const alike = rows.filter((row) => isAlike(row, offer));
  const { stripePriceId } = offer;
  if (stripePriceId === null) return alike[0];
  return (
    alike.find((row) => row.stripePriceId === stripePriceId) ??
    alike.find((row) => row.stripePriceId === null)
  );
}

function isAlike(row: PriceRecord, { planId, interval, price }: WantedPrice): boolean {
  if (row.planId !== planId || row.interval !== interval || row.kind !== price.kind) return false;
  if (price.kind === 'CUSTOM') return true;
  return (
    row.money?.amountMinor === price.money.amountMinor &&
    row.money.currency === price.money.currency
  );
}

function recordOf({
  planId,
  interval,
  price,
  stripePriceId,
}: WantedPrice): Omit<PriceRecord, 'id' | 'creemProductId'> {
  const money = price.kind === 'FINITE' ? price.money : null;
  return { planId, interval, kind: price.kind, money, isActive: true, stripePriceId };
}
