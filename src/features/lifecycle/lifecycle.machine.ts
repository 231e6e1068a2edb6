import { assertNever } from '../../platform/assert.ts';
import { addDays } from '../../platform/time.ts';
import type { AccountStatus, FirstStatus } from '../account/account.model.ts';
import type { LifecycleSettings } from '../catalog/catalog.model.ts';
import type { SubscriptionStatus } from '../subscription/subscription.model.ts';

/** How a new account begins: in its trial, or active at once where the catalogue's mode is FREE. */
export function firstStatus(settings: LifecycleSettings, now: Date, timeZone: string): FirstStatus {
  if (settings.mode === 'FREE') return { status: 'ACTIVE', statusEndsAt: null, blockedAt: null };
  const trialEnd = addDays(now, settings.trial.days, timeZone);
  return {
    status: 'TRIAL',
    statusEndsAt: trialEnd,
    blockedAt: addDays(trialEnd, settings.graceDays, timeZone),
  };
}

/** What a subscription's state makes of its account; null: nothing changes. Source: the states of PlanSubscription. */
export function statusUnder(
  settings: LifecycleSettings,
  current: AccountStatus,
  subscription: SubscriptionStatus,
): AccountStatus | null {
  const next = statusFor(settings, subscription);
  return next === current ? null : next;
}

function statusFor(
  settings: LifecycleSettings,
  subscription: SubscriptionStatus,
): AccountStatus | null {
  switch (subscription) {
    case 'ACTIVE':
    case 'TRIALING':
      return 'ACTIVE';
    case 'PAST_DUE':
    case 'UNPAID':
    case 'PAUSED':
      return 'SUSPENDED';
    case 'CANCELED':
      return settings.mode === 'FREE' ? 'ACTIVE' : 'DELETED';
    case 'INCOMPLETE':
    case 'INCOMPLETE_EXPIRED':
      return null;
    default:
      return assertNever(subscription);
  }
}
