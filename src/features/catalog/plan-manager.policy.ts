import type { Catalogue, Plan, PlanPrice } from './catalog.model.ts';
import { offeredPrice } from './catalog.policy.ts';

/** What of a plan decides whether the catalogue can lean on it. */
interface Support {
  readonly slug: string;
  readonly isActive: boolean;
  readonly monthlyPrice: PlanPrice | null;
  readonly yearlyPrice: PlanPrice | null;
}

type Leaning = Pick<Catalogue, 'lifecycle'> & {
  readonly plans: readonly { readonly slug: string; readonly isDefault: boolean }[];
};

/**
 * Whether the catalogue file leaves this plan alone: an administrator made or changed it, and it can be what the file needs
 * of it. Source: docs/decisions/0011-who-sets-plans.md.
 */
export function isLeftToAdministrators(plan: Plan, catalogue: Leaning): boolean {
  return plan.managedBy === 'ADMINISTRATOR' && missingSupport(supportOf(plan), catalogue) === null;
}

/**
 * What the catalogue needs of a plan and would not get: its default plan is free and sold, the plan that a trial leads to
 * costs a fixed amount each month and is sold. Null where it needs nothing, or gets it.
 */
export function missingSupport(
  { slug, isActive, monthlyPrice, yearlyPrice }: Support,
  { plans, lifecycle }: Leaning,
): string | null {
  const isDefault = plans.some((plan) => plan.isDefault && plan.slug === slug);
  const isFree = isZero(monthlyPrice) && (yearlyPrice === null || isZero(yearlyPrice));
  if (isDefault && !(isActive && isFree))
    return 'new accounts start on this plan: it must be sold, and free.';
  const isPaid = monthlyPrice?.kind === 'FINITE' && !isZero(monthlyPrice);
  if (lifecycle.planSlug === slug && !(isActive && isPaid))
    return 'accounts are led to this plan: it must be sold, for a fixed amount above 0 each month.';
  return null;
}

/** The price at which a plan is sold, as the file words one. */
export function wordedPrice(plan: Plan, interval: 'MONTH' | 'YEAR'): PlanPrice | null {
  const offered = offeredPrice(plan, interval);
  if (offered === null) return null;
  return offered.money === null ? { kind: 'CUSTOM' } : { kind: 'FINITE', money: offered.money };
}

function supportOf(plan: Plan): Support {
  const { slug, isActive } = plan;
  const monthlyPrice = wordedPrice(plan, 'MONTH');
  return { slug, isActive, monthlyPrice, yearlyPrice: wordedPrice(plan, 'YEAR') };
}

function isZero(price: PlanPrice | null): boolean {
  return price?.kind === 'FINITE' && price.money.amountMinor === 0n;
}
