import type { EntityManager, InferEntity } from '@mikro-orm/postgresql';
import type { Database } from '../../platform/database/database.ts';
import type { Transaction } from '../../platform/database/transaction.ts';
import { isId } from '../../platform/ids.ts';
import type { Channel } from '../../platform/money.ts';
import type { CatalogueChanges } from './catalog.engine.ts';
import { CreditPackageSchema, PlanPriceSchema, PlanSchema } from './catalog.entity.ts';
import {
  type CreditPackage,
  type CreditPackageTerms,
  type Plan,
  type PlanDetails,
  type PlanManager,
  type PriceRecord,
  readAllowance,
  readLimits,
  type StoredCatalogue,
  storeAllowance,
  storeLimits,
} from './catalog.model.ts';

/** Any two processes that write the catalogue at once must agree on this number; it has no other meaning. */
const ADVISORY_LOCK = 7_033_100_429n;

const IN_FILE_ORDER = {
  orderBy: { sortOrder: 'asc', slug: 'asc' },
  disableIdentityMap: true,
} as const;
/** Ids grow, so that the newest of the old prices comes first. */
const OFFERED_FIRST = {
  orderBy: { isActive: 'desc', interval: 'asc', id: 'desc' },
  disableIdentityMap: true,
} as const;

/** Every query on plans, prices and credit packages. */
export class CatalogStore {
  readonly #database: Database;

  constructor(database: Database) {
    this.#database = database;
  }

  /** Lets one process at a time write the catalogue, until its transaction ends. */
  async lock(tx: Transaction): Promise<void> {
    await tx.query('select pg_advisory_xact_lock($1)', [ADVISORY_LOCK.toString()]);
  }

  catalogue(): Promise<StoredCatalogue> {
    return readCatalogue(this.#database.read());
  }

  catalogueIn(tx: Transaction): Promise<StoredCatalogue> {
    return readCatalogue(tx.em);
  }

  async write(tx: Transaction, changes: CatalogueChanges, now: Date): Promise<void> {
    await writePlans(tx.em, changes, now);
    await writePrices(tx.em, changes, now);
    await writePackages(tx.em, changes, now);
  }

  /** Keeps the products that were made of prices at Creem; a price that has one by now keeps it. */
  async saveCreemIds(
    tx: Transaction,
    prices: readonly { id: string; creemProductId: string }[],
  ): Promise<void> {
    for (const { id, creemProductId } of prices) {
      // What is no longer offered gives way: the product is of the price that is sold.
      const former = { creemProductId, isActive: false, id: { $ne: id } };
      await tx.em.nativeUpdate(PlanPriceSchema, former, { creemProductId: null });
      await tx.em.nativeUpdate(PlanPriceSchema, { id, creemProductId: null }, { creemProductId });
    }
  }

  /** Gives a plan back to the catalogue file; false when there is none. */
  async returnToFile(tx: Transaction, id: string, now: Date): Promise<boolean> {
    if (!isId(id)) return false;
    const given = { managedBy: 'FILE' as const, updatedAt: now };
    return (await tx.em.nativeUpdate(PlanSchema, { id }, given)) > 0;
  }

  async forgetProviderIds(tx: Transaction, channel: Channel): Promise<void> {
    if (channel === 'CREEM') {
      await tx.em.nativeUpdate(PlanSchema, {}, { creemProductId: null });
      await tx.em.nativeUpdate(PlanPriceSchema, {}, { creemProductId: null });
      return;
    }
    await tx.em.nativeUpdate(PlanSchema, {}, { stripeProductId: null });
    await tx.em.nativeUpdate(PlanPriceSchema, {}, { stripePriceId: null });
  }

  /** Keeps Stripe's ids of a plan's product and prices; a price that has one by now keeps it. */
  async saveStripeIds(
    tx: Transaction,
    planId: string,
    ids: { productId: string | null; prices: readonly { id: string; stripePriceId: string }[] },
    now: Date,
  ): Promise<void> {
    const stripeProductId = ids.productId;
    await tx.em.nativeUpdate(
      PlanSchema,
      {
        id: planId,
        $or: [{ stripeProductId: null }, { stripeProductId: { $ne: stripeProductId } }],
      },
      { stripeProductId, updatedAt: now },
    );
    for (const { id, stripePriceId } of ids.prices) {
      // What is no longer offered gives way: the id is of the price that is sold.
      const former = { stripePriceId, isActive: false, id: { $ne: id } };
      await tx.em.nativeUpdate(PlanPriceSchema, former, { stripePriceId: null });
      await tx.em.nativeUpdate(PlanPriceSchema, { id, stripePriceId: null }, { stripePriceId });
    }
  }
}

async function readCatalogue(em: EntityManager): Promise<StoredCatalogue> {
  const plans = await em.find(PlanSchema, {}, IN_FILE_ORDER);
  const prices = await em.find(PlanPriceSchema, {}, OFFERED_FIRST);
  const packages = await em.find(CreditPackageSchema, {}, IN_FILE_ORDER);
  const pricesByPlan = Map.groupBy(prices.map(toPrice), ({ planId }) => planId);
  return {
    plans: plans.map((row) => toPlan(row, pricesByPlan.get(row.id) ?? [])),
    packages: packages.map(toPackage),
  };
}

function toPlan(row: InferEntity<typeof PlanSchema>, prices: readonly PriceRecord[]): Plan {
  return {
    id: row.id,
    slug: row.slug,
    name: row.name,
    description: row.description ?? null,
    monthlyCredits: readAllowance(row.monthlyCredits),
    rollover: readAllowance(row.rollover),
    limits: readLimits(row.limits),
    features: row.features,
    maxConcurrentAgents: readAllowance(row.maxConcurrentAgents),
    maxDurationHours: readAllowance(row.maxDurationHours),
    allowedChannels: row.allowedChannels ?? null,
    canBuyCreditPackages: row.canBuyCreditPackages,
    trialDays: row.trialDays,
    isActive: row.isActive,
    isDefault: row.isDefault,
    managedBy: row.managedBy,
    sortOrder: row.sortOrder,
    prices,
    stripeProductId: row.stripeProductId ?? null,
    creemProductId: row.creemProductId ?? null,
  };
}

function toPrice(row: InferEntity<typeof PlanPriceSchema>): PriceRecord {
  const { amountMinor, currency } = row;
  return {
    id: row.id,
    planId: row.planId,
    interval: row.interval,
    kind: row.kind,
    money: amountMinor == null || currency == null ? null : { amountMinor, currency },
    isActive: row.isActive,
    stripePriceId: row.stripePriceId ?? null,
    creemProductId: row.creemProductId ?? null,
  };
}

function toPackage(row: InferEntity<typeof CreditPackageSchema>): CreditPackage {
  return {
    id: row.id,
    slug: row.slug,
    name: row.name,
    creditsMicro: row.creditsMicro,
    bonusCreditsMicro: row.bonusCreditsMicro,
    price: { amountMinor: row.priceMinor, currency: row.currency },
    isActive: row.isActive,
    sortOrder: row.sortOrder,
  };
}

async function writePlans(em: EntityManager, changes: CatalogueChanges, now: Date): Promise<void> {
  const retired = { isActive: false, isDefault: false, updatedAt: now };
  await em.nativeUpdate(PlanSchema, { id: { $in: [...changes.retiredPlanIds] } }, retired);
  // There is one default at any moment: the old one goes before the new one comes.
  const others = changes.changedPlans.filter(({ terms }) => !terms.isDefault);
  const defaults = changes.changedPlans.filter(({ terms }) => terms.isDefault);
  for (const { id, terms } of [...others, ...defaults]) {
    await em.nativeUpdate(PlanSchema, { id }, { ...planRow(terms), updatedAt: now });
  }
  for (const { id, terms } of changes.newPlans) {
    await em.insert(PlanSchema, { id, ...planRow(terms), createdAt: now, updatedAt: now });
  }
}

function planRow(terms: PlanDetails & { isActive: boolean; managedBy: PlanManager }) {
  return {
    slug: terms.slug,
    name: terms.name,
    description: terms.description,
    monthlyCredits: storeAllowance(terms.monthlyCredits),
    rollover: storeAllowance(terms.rollover),
    limits: storeLimits(terms.limits),
    features: [...terms.features],
    maxConcurrentAgents: storeAllowance(terms.maxConcurrentAgents),
    maxDurationHours: storeAllowance(terms.maxDurationHours),
    allowedChannels: terms.allowedChannels === null ? null : [...terms.allowedChannels],
    canBuyCreditPackages: terms.canBuyCreditPackages,
    trialDays: terms.trialDays,
    isActive: terms.isActive,
    managedBy: terms.managedBy,
    isDefault: terms.isDefault,
    sortOrder: terms.sortOrder,
    creemProductId: terms.creemProductId,
  };
}

async function writePrices(em: EntityManager, changes: CatalogueChanges, now: Date): Promise<void> {
  // Offers and ids are unique, and may go from one price to another: all are free before any is taken.
  const ids = changes.changedPrices.map(({ id }) => id);
  const free = { isActive: false, stripePriceId: null };
  await em.nativeUpdate(PlanPriceSchema, { id: { $in: ids } }, free);
  for (const { id, isActive, stripePriceId } of changes.changedPrices) {
    await em.nativeUpdate(PlanPriceSchema, { id }, { isActive, stripePriceId });
  }
  for (const { money, ...price } of changes.newPrices) {
    const amount = { amountMinor: money?.amountMinor ?? null, currency: money?.currency ?? null };
    await em.insert(PlanPriceSchema, { ...price, ...amount, createdAt: now });
  }
}

async function writePackages(
  em: EntityManager,
  changes: CatalogueChanges,
  now: Date,
): Promise<void> {
  const retired = { isActive: false, updatedAt: now };
  const retiredIds = { id: { $in: [...changes.retiredPackageIds] } };
  await em.nativeUpdate(CreditPackageSchema, retiredIds, retired);
  for (const { id, terms } of changes.changedPackages) {
    await em.nativeUpdate(CreditPackageSchema, { id }, { ...packageRow(terms), updatedAt: now });
  }
  for (const { id, terms } of changes.newPackages) {
    const row = { id, ...packageRow(terms), createdAt: now, updatedAt: now };
    await em.insert(CreditPackageSchema, row);
  }
}

function packageRow({ price, ...terms }: CreditPackageTerms) {
  return {
    slug: terms.slug,
    name: terms.name,
    creditsMicro: terms.creditsMicro,
    bonusCreditsMicro: terms.bonusCreditsMicro,
    priceMinor: price.amountMinor,
    currency: price.currency,
    isActive: true,
    sortOrder: terms.sortOrder,
  };
}
