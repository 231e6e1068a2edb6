import { assertNever } from '../../platform/assert.ts';
import { type Interval, MICRO, type Money } from '../../platform/money.ts';

/**
 * An amount that may also be words. `value` is always in millionths (`1_000_000n` is one): micro-credits where credits
 * are allowed, micro-units where a limit counts whole things. One scale everywhere, as in the `Credits` scalar.
 */
export type Allowance =
  | FiniteAllowance
  | { readonly kind: 'UNLIMITED' }
  | { readonly kind: 'CUSTOM' };

export interface FiniteAllowance {
  readonly kind: 'FINITE';
  readonly value: bigint;
}

export const UNLIMITED: Allowance = Object.freeze({ kind: 'UNLIMITED' });
export const CUSTOM: Allowance = Object.freeze({ kind: 'CUSTOM' });

/** An allowance of so many millionths: `finite(12_500_000n)` is 12.5. */
export function finite(value: bigint): FiniteAllowance {
  return { kind: 'FINITE', value };
}

/** The whole units that an allowance admits (1,000 actions), rounded down; null where it sets no number. */
export function wholeUnits(allowance: Allowance): bigint | null {
  return allowance.kind === 'FINITE' ? allowance.value / MICRO : null;
}

/** An allowance as JSON keeps it: the bigint is a text, so that no reader rounds it. */
export type StoredAllowance =
  | { readonly kind: 'FINITE'; readonly value: string }
  | { readonly kind: 'UNLIMITED' }
  | { readonly kind: 'CUSTOM' };

/** An allowance for a JSON column. */
export function storeAllowance(allowance: Allowance): StoredAllowance {
  return allowance.kind === 'FINITE'
    ? { kind: 'FINITE', value: allowance.value.toString() }
    : { kind: allowance.kind };
}

/** An allowance from a JSON column. */
export function readAllowance(stored: StoredAllowance): Allowance {
  switch (stored.kind) {
    case 'FINITE':
      return finite(BigInt(stored.value));
    case 'UNLIMITED':
      return UNLIMITED;
    case 'CUSTOM':
      return CUSTOM;
    default:
      return assertNever(stored);
  }
}

/** HARD refuses what would pass the limit; SOFT counts and flags it. */
export type Enforcement = 'HARD' | 'SOFT';

/** A COUNTER starts at zero each period; a LEVEL carries over and may go down. */
export type MetricKind = 'COUNTER' | 'LEVEL';

export interface MetricTerms {
  readonly name: string;
  readonly kind: MetricKind;
}

export interface PlanLimit {
  readonly metric: string;
  readonly allowance: Allowance;
  readonly enforcement: Enforcement;
}

/** A plan's limit as JSON keeps it. */
export interface StoredLimit extends Omit<PlanLimit, 'allowance'> {
  readonly allowance: StoredAllowance;
}

/** Limits for a JSON column. */
export function storeLimits(limits: readonly PlanLimit[]): StoredLimit[] {
  return limits.map(({ metric, allowance, enforcement }) => ({
    metric,
    allowance: storeAllowance(allowance),
    enforcement,
  }));
}

/** Limits from a JSON column. */
export function readLimits(stored: readonly StoredLimit[]): PlanLimit[] {
  return stored.map((limit) => ({ ...limit, allowance: readAllowance(limit.allowance) }));
}

/** What a plan costs for a month or a year; CUSTOM is agreed with each customer. 0 is free. */
export type PlanPrice =
  | { readonly kind: 'FINITE'; readonly money: Money }
  | { readonly kind: 'CUSTOM' };

/** A plan as the catalogue file words it. */
export interface PlanTerms {
  readonly slug: string;
  readonly name: string;
  readonly description: string | null;
  /** Null: not sold by the month. */
  readonly monthlyPrice: PlanPrice | null;
  /** Null: not sold by the year. */
  readonly yearlyPrice: PlanPrice | null;
  readonly monthlyCredits: Allowance;
  /** How much of a month's credits lives on: FINITE 0 is none, FINITE n up to n, UNLIMITED all. Never CUSTOM. */
  readonly rollover: Allowance;
  readonly limits: readonly PlanLimit[];
  readonly features: readonly string[];
  readonly maxConcurrentAgents: Allowance;
  readonly maxDurationHours: Allowance;
  /** The product's own channels; null: any. */
  readonly allowedChannels: readonly string[] | null;
  readonly canBuyCreditPackages: boolean;
  readonly trialDays: number;
  /** The one free plan that new accounts start on. */
  readonly isDefault: boolean;
  /** The plan's place in the file, from 0. */
  readonly sortOrder: number;
  readonly stripeMonthlyPriceId: string | null;
  readonly stripeYearlyPriceId: string | null;
  readonly creemProductId: string | null;
}

/** A price that was or is offered. Its amount never changes: another amount is another price. */
export interface PriceRecord {
  readonly id: string;
  readonly planId: string;
  readonly interval: Interval;
  readonly kind: PlanPrice['kind'];
  /** Null when, and only when, the price is CUSTOM. */
  readonly money: Money | null;
  /** Offered now; at most one price of a plan and interval is. */
  readonly isActive: boolean;
  /** Null until Stripe was told of it. */
  readonly stripePriceId: string | null;
  /** The product that was made of it at Creem; null until it was. What the file names is the plan's. */
  readonly creemProductId: string | null;
}

/** What a plan is, apart from what it costs. */
export type PlanDetails = Omit<
  PlanTerms,
  'monthlyPrice' | 'yearlyPrice' | 'stripeMonthlyPriceId' | 'stripeYearlyPriceId'
>;

/** Who decides what a plan is: the catalogue file, until an administrator makes or changes it. */
export type PlanManager = 'FILE' | 'ADMINISTRATOR';

/** A plan as the database keeps it. */
export interface Plan extends PlanDetails {
  readonly id: string;
  /** Sold now; a plan that is no longer sold stays for those who are on it. */
  readonly isActive: boolean;
  readonly managedBy: PlanManager;
  /** Offered ones first, by month before by year; then the old ones, newest first. */
  readonly prices: readonly PriceRecord[];
  readonly stripeProductId: string | null;
}

/** A plan, and the one of its prices that an id stands for. */
export interface PlanAtPrice {
  readonly plan: Plan;
  readonly price: PriceRecord;
}

export interface CreditPackageTerms {
  readonly slug: string;
  readonly name: string;
  readonly creditsMicro: bigint;
  readonly bonusCreditsMicro: bigint;
  readonly price: Money;
  /** The package's place in the file, from 0. */
  readonly sortOrder: number;
}

/** A credit package as the database keeps it. */
export interface CreditPackage extends CreditPackageTerms {
  readonly id: string;
  /** Sold now. */
  readonly isActive: boolean;
}

/** All that the database keeps, what is no longer sold too; each list by place in the file, then by slug. */
export interface StoredCatalogue {
  readonly plans: readonly Plan[];
  readonly packages: readonly CreditPackage[];
}

/** What a custom top-up costs, in the catalogue's currency. */
export interface CreditPricing {
  /** The price of one credit in millionths of the minor unit: $0.25 is `25_000_000n`, $0.0001 is `10_000n`. */
  readonly pricePerCreditMicroMinor: bigint;
  /** The smallest and largest amount that may be paid at once. */
  readonly minimum: Money;
  readonly maximum: Money;
  readonly packages: readonly CreditPackageTerms[];
}

/** The micro-credits that an amount in minor units buys, rounded down. */
export function creditsFor(pricing: CreditPricing, amountMinor: bigint): bigint {
  return (amountMinor * MICRO * MICRO) / pricing.pricePerCreditMicroMinor;
}

/** How an account begins and what it is led to. Under FREE it is active on the default plan at once. */
export type LifecycleSettings = TrialLifecycle | FreeLifecycle;

interface TrialLifecycle {
  readonly mode: 'TRIAL';
  /** The plan that is sold when none is named, and that the promotion leads to; it has a fixed monthly price above 0. */
  readonly planSlug: string;
  readonly trial: {
    readonly days: number;
    readonly metric: string;
    readonly limit: FiniteAllowance;
  };
  readonly graceDays: number;
  readonly promotionMonths: number;
}

interface FreeLifecycle {
  readonly mode: 'FREE';
  /** The plan that is sold when none is named; null: one must be named. */
  readonly planSlug: string | null;
}

export interface StreakBonus {
  readonly days: number;
  readonly creditsMicro: bigint;
}

export interface CheckInSettings {
  readonly enabled: boolean;
  readonly creditsMicro: bigint;
  /** By days, ascending. */
  readonly streakBonuses: readonly StreakBonus[];
  /** Null: the credits do not expire. */
  readonly expiresAfterDays: number | null;
}

/** Everything that the catalogue file says about the product. */
export interface Catalogue {
  /** ISO 4217, upper case; every money amount of the catalogue is in it. */
  readonly currency: string;
  readonly metrics: readonly MetricTerms[];
  readonly plans: readonly PlanTerms[];
  readonly credits: CreditPricing;
  readonly lifecycle: LifecycleSettings;
  readonly checkIn: CheckInSettings;
}
