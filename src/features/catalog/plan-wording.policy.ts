import { InvalidInput } from '../../platform/errors.ts';
import { MAX_CREDITS_MICRO, MICRO } from '../../platform/money.ts';
import { checkStorable } from '../account/storable-text.policy.ts';
import {
  type Allowance,
  type Catalogue,
  finite,
  type Plan,
  type PlanLimit,
  type PlanPrice,
  type PlanTerms,
  UNLIMITED,
} from './catalog.model.ts';
import { missingSupport, wordedPrice } from './plan-manager.policy.ts';
import type { NewPlan, PlanWording } from './plan-wording.model.ts';

/** A plan as an administrator wants it. */
export interface WantedPlan extends PlanTerms {
  readonly isActive: boolean;
}

type Metrics = Pick<Catalogue, 'currency' | 'metrics' | 'lifecycle' | 'plans'>;

const SLUG = /^[a-z0-9]+(-[a-z0-9]+)*$/;
const LARGEST_AMOUNT = 99_999_999n;
const LONGEST_TRIAL = 730;
const MOST_WORDS = 100;

/** A new plan; what the wording leaves out is as in the catalogue file. Throws InvalidInput naming the argument. */
export function newPlan(wording: NewPlan, sortOrder: number, catalogue: Metrics): WantedPlan {
  if (wording.slug.length > 64 || !SLUG.test(wording.slug))
    throw new InvalidInput('slug', 'must be lower-case letters and digits with single hyphens.');
  return changedPlan(blankPlan(wording.slug, sortOrder), wording, catalogue);
}

/** A stored plan with a change made to it. Throws InvalidInput naming the argument. */
export function changedPlan(
  present: WantedPlan,
  wording: PlanWording,
  catalogue: Metrics,
): WantedPlan {
  const given = Object.fromEntries(
    Object.entries(wording).filter(([name, value]) => value !== undefined && name in present),
  ) as Partial<WantedPlan>;
  const wanted = {
    ...present,
    ...given,
    ...pricesOf(present, wording, catalogue.currency),
    // An id that is not given anew stays with the price that has it.
    stripeMonthlyPriceId: wording.stripeMonthlyPriceId ?? null,
    stripeYearlyPriceId: wording.stripeYearlyPriceId ?? null,
  };
  checkWords(wanted);
  checkNumbers(wanted);
  // What stands already may be of a metric that the file has no longer.
  if (wording.limits !== undefined) checkLimits(wording.limits, catalogue);
  checkProviderIds(wanted);
  const missing = missingSupport(wanted, catalogue);
  if (missing !== null) throw new InvalidInput('id', `cannot be changed so: ${missing}`);
  return wanted;
}

/** A stored plan as it is sold now. */
export function presentPlan(plan: Plan): WantedPlan {
  return {
    ...plan,
    monthlyPrice: wordedPrice(plan, 'MONTH'),
    yearlyPrice: wordedPrice(plan, 'YEAR'),
    stripeMonthlyPriceId: null,
    stripeYearlyPriceId: null,
  };
}

function blankPlan(slug: string, sortOrder: number): WantedPlan {
  return {
    slug,
    name: '',
    description: null,
    monthlyPrice: null,
    yearlyPrice: null,
    monthlyCredits: finite(0n),
    rollover: finite(0n),
    limits: [],
    features: [],
    maxConcurrentAgents: UNLIMITED,
    maxDurationHours: UNLIMITED,
    allowedChannels: null,
    canBuyCreditPackages: true,
    trialDays: 0,
    isDefault: false,
    sortOrder,
    isActive: true,
    stripeMonthlyPriceId: null,
    stripeYearlyPriceId: null,
    creemProductId: null,
  };
}

function pricesOf(
  present: WantedPlan,
  { monthlyPriceMinor, yearlyPriceMinor, currency, hasCustomPrice }: PlanWording,
  byDefault: string,
): Pick<WantedPlan, 'monthlyPrice' | 'yearlyPrice'> {
  const isGiven = monthlyPriceMinor !== undefined || yearlyPriceMinor !== undefined;
  if (hasCustomPrice === true) {
    if (isGiven || currency !== undefined)
      throw new InvalidInput('customPrice', 'and amounts exclude each other: give one.');
    return { monthlyPrice: { kind: 'CUSTOM' }, yearlyPrice: null };
  }
  if (currency !== undefined && !isGiven)
    throw new InvalidInput('currency', 'is of a price: give the amounts in it too.');
  const kept = present.monthlyPrice ?? present.yearlyPrice;
  const code = currency ?? currencyOf(kept, byDefault);
  const prices = {
    monthlyPrice: priceOf(present.monthlyPrice, monthlyPriceMinor, code),
    yearlyPrice: priceOf(present.yearlyPrice, yearlyPriceMinor, code),
  };
  if (hasCustomPrice === false && prices.monthlyPrice?.kind === 'CUSTOM')
    throw new InvalidInput('monthlyPriceMinorUnits', 'is required in place of the custom price.');
  if (currencyOf(prices.monthlyPrice, code) !== currencyOf(prices.yearlyPrice, code))
    throw new InvalidInput('currency', 'must be that of both prices: give both amounts.');
  return prices;
}

function priceOf(
  present: PlanPrice | null,
  amountMinor: bigint | null | undefined,
  currency: string,
): PlanPrice | null {
  if (amountMinor === undefined) return present;
  return amountMinor === null ? null : { kind: 'FINITE', money: { amountMinor, currency } };
}

function currencyOf(price: PlanPrice | null, byDefault: string): string {
  return price?.kind === 'FINITE' ? price.money.currency : byDefault;
}

function checkWords({ name, description, features, allowedChannels }: WantedPlan): void {
  checkText('name', name, 100);
  if (description !== null) checkText('description', description, 1000);
  for (const [field, words, longest] of [
    ['features', features, 200],
    ['allowedChannels', allowedChannels ?? [], 100],
  ] as const) {
    if (words.length > MOST_WORDS)
      throw new InvalidInput(field, `are too many: at most ${MOST_WORDS}.`);
    for (const word of words) checkText(field, word, longest);
  }
}

function checkText(field: string, text: string, longest: number): void {
  if (text.trim() === '') throw new InvalidInput(field, 'must not be empty.');
  checkStorable(field, text, longest);
}

function checkNumbers(plan: WantedPlan): void {
  for (const [field, price] of [
    ['monthlyPriceMinorUnits', plan.monthlyPrice],
    ['yearlyPriceMinorUnits', plan.yearlyPrice],
  ] as const) {
    if (price?.kind !== 'FINITE') continue;
    const { amountMinor } = price.money;
    if (amountMinor < 0n || amountMinor > LARGEST_AMOUNT)
      throw new InvalidInput(field, `must be from 0 to ${LARGEST_AMOUNT}.`);
  }
  if (plan.trialDays < 0 || plan.trialDays > LONGEST_TRIAL)
    throw new InvalidInput('trialDays', `must be from 0 to ${LONGEST_TRIAL}.`);
  for (const field of ['monthlyCredits', 'rollover', 'maxDurationHours'] as const)
    checkAllowance(field, plan[field]);
  checkWhole('maxConcurrentAgents', plan.maxConcurrentAgents);
  if (plan.rollover.kind === 'CUSTOM')
    throw new InvalidInput('rollover', 'is FINITE or UNLIMITED: how much lives on is no deal.');
}

function checkLimits(limits: readonly PlanLimit[], { metrics }: Metrics): void {
  const seen = new Set<string>();
  for (const { metric, allowance } of limits) {
    if (!metrics.some(({ name }) => name === metric)) {
      const names = metrics.map(({ name }) => name).join(', ');
      throw new InvalidInput('limits', `"${metric}" is not in the catalogue; there are ${names}.`);
    }
    if (seen.has(metric)) throw new InvalidInput('limits', `name ${metric} twice.`);
    seen.add(metric);
    checkWhole('limits', allowance);
  }
}

function checkAllowance(field: string, allowance: Allowance): void {
  if (allowance.kind !== 'FINITE') return;
  if (allowance.value < 0n) throw new InvalidInput(field, 'must not be negative.');
  if (allowance.value > MAX_CREDITS_MICRO) throw new InvalidInput(field, 'is too much.');
}

function checkWhole(field: string, allowance: Allowance): void {
  checkAllowance(field, allowance);
  if (allowance.kind === 'FINITE' && allowance.value % MICRO !== 0n)
    throw new InvalidInput(field, 'must be a whole number.');
}

function checkProviderIds(plan: WantedPlan): void {
  for (const [field, id, price] of [
    ['stripeMonthlyPriceId', plan.stripeMonthlyPriceId, plan.monthlyPrice],
    ['stripeYearlyPriceId', plan.stripeYearlyPriceId, plan.yearlyPrice],
  ] as const) {
    if (id === null) continue;
    checkText(field, id, 255);
    if (price === null) throw new InvalidInput(field, 'is of a price that the plan has not.');
  }
  if (plan.creemProductId !== null) checkText('creemProductId', plan.creemProductId, 255);
}
