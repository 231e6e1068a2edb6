import type { Allowance, PlanLimit } from './catalog.model.ts';

/**
 * A plan as an administrator words it. Of a new plan, what is left out gets the same value as in the catalogue file; of one
 * that exists, it stays. `currency` and `hasCustomPrice` say what the prices are.
 */
export interface PlanWording {
  readonly name?: string;
  readonly description?: string | null;
  /** In minor units; null: not sold by the month. */
  readonly monthlyPriceMinor?: bigint | null;
  readonly yearlyPriceMinor?: bigint | null;
  readonly currency?: string;
  /** The price is agreed with each customer. */
  readonly hasCustomPrice?: boolean;
  readonly monthlyCredits?: Allowance;
  readonly rollover?: Allowance;
  readonly limits?: readonly PlanLimit[];
  readonly features?: readonly string[];
  readonly maxConcurrentAgents?: Allowance;
  readonly maxDurationHours?: Allowance;
  readonly allowedChannels?: readonly string[] | null;
  readonly canBuyCreditPackages?: boolean;
  readonly trialDays?: number;
  readonly sortOrder?: number;
  readonly isActive?: boolean;
  readonly stripeMonthlyPriceId?: string | null;
  readonly stripeYearlyPriceId?: string | null;
  readonly creemProductId?: string | null;
}

export interface NewPlan extends PlanWording {
  readonly slug: string;
  readonly name: string;
  readonly monthlyCredits: Allowance;
}

/** The job that makes a plan's prices at the provider. */
export const TELL_PROVIDER_OF_PLAN = 'tell-provider-of-plan';
