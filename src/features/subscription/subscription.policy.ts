import { addMonths, earlier } from '../../platform/time.ts';
import type { Allowance } from '../catalog/catalog.model.ts';
import type { PlanSubscription, SubscriptionStatus } from './subscription.model.ts';

const OVER: readonly SubscriptionStatus[] = ['CANCELED', 'INCOMPLETE', 'INCOMPLETE_EXPIRED'];

/** Whether a subscription counts as the account's one: begun, and not ended. */
export function isLive(status: SubscriptionStatus): boolean {
  return !OVER.includes(status);
}

/** Whether a subscription has ever been live: INCOMPLETE ones never were. */
export function hasBegun(status: SubscriptionStatus): boolean {
  return status !== 'INCOMPLETE' && status !== 'INCOMPLETE_EXPIRED';
}

/** Whether a subscription makes room for one that is bought: a promotion's own that has cost nothing yet. */
export function givesWay(subscription: Pick<PlanSubscription, 'isPromotion' | 'status'>): boolean {
  return subscription.isPromotion && subscription.status === 'TRIALING';
}

/**
 * When the credits of the month that begins a paid period expire: at its end, or never when they all roll over. A monthly
 * period is a month as the provider counts it, which may be hours or days off ours; of a yearly one we count the months.
 */
export function paidMonthExpiresAt(
  period: { readonly start: Date; readonly end: Date },
  { interval, rollover }: Pick<PlanSubscription, 'interval' | 'rollover'>,
  timeZone: string,
): Date | null {
  if (interval === 'MONTH' && rollover.kind !== 'UNLIMITED') return period.end;
  return monthExpiresAt(period.start, period.end, rollover, timeZone);
}

/** When the credits of a month from `start` expire: at its end, sooner at `end`, or never when they all roll over. */
export function monthExpiresAt(
  start: Date,
  end: Date | null,
  rollover: Allowance,
  timeZone: string,
): Date | null {
  if (rollover.kind === 'UNLIMITED') return null;
  return earlier(addMonths(start, 1, timeZone), end);
}

/** The most that is carried from one month into the next, in micro-credits; null where months do not end at all. */
export function rolloverCap(rollover: Allowance): bigint | null {
  if (rollover.kind === 'UNLIMITED') return null;
  return rollover.kind === 'FINITE' ? rollover.value : 0n;
}

/** The micro-credits that a plan's month brings; null when it brings none by itself. */
export function creditsOf(monthlyCredits: Allowance): bigint | null {
  return monthlyCredits.kind === 'FINITE' && monthlyCredits.value > 0n
    ? monthlyCredits.value
    : null;
}

/** The trial that a subscription is in now; null when it is in none. */
export function currentTrial(subscription: PlanSubscription): { start: Date; end: Date } | null {
  const { status, trialStart, trialEnd } = subscription;
  return status === 'TRIALING' && trialStart !== null && trialEnd !== null
    ? { start: trialStart, end: trialEnd }
    : null;
}
