import { assertNever } from '../../platform/assert.ts';
import { addDays, addMonths } from '../../platform/time.ts';
import type { AccountStatus, FirstStatus, Standing } from '../account/account.model.ts';
import { afterItsTime } from '../account/account.policy.ts';
import type { LifecycleSettings } from '../catalog/catalog.model.ts';
import type { SubscriptionStatus } from '../subscription/subscription.model.ts';
import type { LifecycleCause, LifecycleTransition } from './lifecycle.model.ts';

/** What happened to an account. That time went by is no event of its own: every step takes it into account first. */
export type LifecycleEvent =
  | { readonly kind: 'TIME_PASSED' }
  | { readonly kind: 'TRIAL_LIMIT_PASSED' }
  | { readonly kind: 'PAYMENT_METHOD_ATTACHED' }
  | ({ readonly kind: 'SUBSCRIPTION_SEEN' } & SeenSubscription);

/** A subscription as its provider sees it. */
interface SeenSubscription {
  readonly status: SubscriptionStatus;
  /** Made for the account's promotion, not bought. */
  readonly isPromotion: boolean;
  readonly trialEnd: Date | null;
  /** When it will end because it was cancelled; null when it will not. */
  readonly cancelAt: Date | null;
}

/** What has to be done outside the account because of a step. */
export type LifecycleEffect = 'START_PROMOTION' | 'END_PROMOTION' | 'PAY_OUTSTANDING_INVOICE';

export interface LifecycleStep {
  readonly standing: Standing;
  readonly transitions: readonly LifecycleTransition[];
  readonly effects: readonly LifecycleEffect[];
}

type Mode = LifecycleSettings['mode'];
type Row = Partial<Record<LifecycleCause, AccountStatus>>;

/** The table: from each status, by each cause, to the next. What is not in it changes nothing. */
const TABLE: Readonly<Record<AccountStatus, Row>> = {
  TRIAL: {
    PAYMENT_METHOD_ATTACHED: 'PROMO',
    TRIAL_TIME_OVER: 'READONLY',
    TRIAL_LIMIT_PASSED: 'READONLY',
    SUBSCRIPTION_PAID: 'ACTIVE',
  },
  READONLY: {
    PAYMENT_METHOD_ATTACHED: 'PROMO',
    SUBSCRIPTION_PAID: 'ACTIVE',
    GRACE_OVER: 'DELETED',
  },
  PROMO: {
    SUBSCRIPTION_PAID: 'ACTIVE',
    PROMOTION_CHARGE_PAID: 'ACTIVE',
    PAYMENT_FAILED: 'SUSPENDED',
    SUBSCRIPTION_ENDED: 'DELETED',
  },
  ACTIVE: { PAYMENT_FAILED: 'SUSPENDED', SUBSCRIPTION_ENDED: 'DELETED' },
  SUSPENDED: { OUTSTANDING_INVOICE_PAID: 'ACTIVE', SUBSCRIPTION_ENDED: 'DELETED' },
  DELETED: {},
};

/** In mode FREE an ended subscription leads back to the default plan, and no promotion begins. */
const FREE: Readonly<Partial<Record<AccountStatus, Row>>> = {
  TRIAL: { TRIAL_TIME_OVER: 'READONLY', SUBSCRIPTION_PAID: 'ACTIVE' },
  READONLY: { SUBSCRIPTION_PAID: 'ACTIVE', GRACE_OVER: 'DELETED' },
  PROMO: { ...TABLE.PROMO, SUBSCRIPTION_ENDED: 'ACTIVE' },
  ACTIVE: { PAYMENT_FAILED: 'SUSPENDED' },
  SUSPENDED: { OUTSTANDING_INVOICE_PAID: 'ACTIVE', SUBSCRIPTION_ENDED: 'ACTIVE' },
};

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

/** The statuses that may come next, each once. */
export function nextStatuses(mode: Mode, status: AccountStatus): AccountStatus[] {
  return [...new Set(Object.values(rowOf(mode, status)))];
}

/**
 * What an event makes of an account: its standing afterwards, the steps that led there, and what has to follow outside. First
 * come the steps that time alone has made by `now`, each at its own instant. Source: the table in README.md.
 */
export function advance(
  settings: LifecycleSettings,
  account: Standing & { readonly timeZone: string },
  event: LifecycleEvent,
  now: Date,
): LifecycleStep {
  const { transitions, standing: present } = timePassed(account, now);
  const effects = new Set<LifecycleEffect>();
  if (present.status === 'SUSPENDED' && event.kind === 'PAYMENT_METHOD_ATTACHED')
    effects.add('PAY_OUTSTANDING_INVOICE');
  let standing = present;
  for (const trigger of causesOf(present.status, event)) {
    const to = rowOf(settings.mode, standing.status)[trigger];
    if (to === undefined) continue;
    transitions.push({ from: standing.status, to, trigger, at: now });
    if (standing.status === 'PROMO') effects.add('END_PROMOTION');
    if (to === 'PROMO') effects.add('START_PROMOTION');
    standing = entering(settings, to, now, account.timeZone);
  }
  if (event.kind === 'SUBSCRIPTION_SEEN') standing = endingWith(settings.mode, standing, event);
  return { standing, transitions, effects: [...effects] };
}

function timePassed(
  account: Standing,
  now: Date,
): { standing: Standing; transitions: LifecycleTransition[] } {
  const transitions: LifecycleTransition[] = [];
  let standing = account;
  for (;;) {
    const next = afterItsTime(standing);
    if (next === null || next.statusSince > now) return { standing, transitions };
    const trigger = standing.status === 'TRIAL' ? 'TRIAL_TIME_OVER' : 'GRACE_OVER';
    transitions.push({ from: standing.status, to: next.status, trigger, at: next.statusSince });
    standing = next;
  }
}

function rowOf(mode: Mode, status: AccountStatus): Row {
  return (mode === 'FREE' ? FREE[status] : undefined) ?? TABLE[status];
}

function causesOf(status: AccountStatus, event: LifecycleEvent): readonly LifecycleCause[] {
  switch (event.kind) {
    case 'TIME_PASSED':
      return [];
    case 'TRIAL_LIMIT_PASSED':
    case 'PAYMENT_METHOD_ATTACHED':
      return [event.kind];
    case 'SUBSCRIPTION_SEEN':
      return causesOfSubscription(status, event);
    default:
      return assertNever(event);
  }
}

function causesOfSubscription(
  current: AccountStatus,
  { status, isPromotion }: SeenSubscription,
): readonly LifecycleCause[] {
  switch (status) {
    case 'TRIALING':
      return isPromotion && current !== 'SUSPENDED' ? [] : [goodNews(current, isPromotion)];
    case 'ACTIVE':
      return [goodNews(current, isPromotion)];
    case 'PAST_DUE':
    case 'UNPAID':
    case 'PAUSED':
      return boughtBefore(current, 'PAYMENT_FAILED');
    case 'CANCELED':
      return boughtBefore(current, 'SUBSCRIPTION_ENDED');
    case 'INCOMPLETE':
    case 'INCOMPLETE_EXPIRED':
      return [];
    default:
      return assertNever(status);
  }
}

/** Bad news may be the first that is heard of a subscription: then it was bought before. */
function boughtBefore(current: AccountStatus, news: LifecycleCause): readonly LifecycleCause[] {
  return current === 'TRIAL' || current === 'READONLY' ? ['SUBSCRIPTION_PAID', news] : [news];
}

function goodNews(current: AccountStatus, isPromotion: boolean): LifecycleCause {
  if (current === 'SUSPENDED') return 'OUTSTANDING_INVOICE_PAID';
  return isPromotion && current === 'PROMO' ? 'PROMOTION_CHARGE_PAID' : 'SUBSCRIPTION_PAID';
}

/** The standing of an account that gets a status now, other than by time. */
function entering(
  settings: LifecycleSettings,
  status: AccountStatus,
  now: Date,
  timeZone: string,
): Standing {
  const since = { status, statusSince: now };
  const isTrial = settings.mode === 'TRIAL';
  if (status === 'READONLY' && isTrial) {
    const graceEnd = addDays(now, settings.graceDays, timeZone);
    return { ...since, statusEndsAt: graceEnd, blockedAt: graceEnd };
  }
  if (status === 'PROMO' && isTrial) {
    const promotionEnd = addMonths(now, settings.promotionMonths, timeZone);
    return { ...since, statusEndsAt: wholeSecond(promotionEnd), blockedAt: null };
  }
  const isBlocked = status === 'SUSPENDED' || status === 'DELETED';
  return { ...since, statusEndsAt: null, blockedAt: isBlocked ? now : null };
}

/** Providers keep whole seconds: the promotion ends when its subscription's trial does. */
function wholeSecond(instant: Date): Date {
  return new Date(Math.floor(instant.getTime() / 1_000) * 1_000);
}

/** A promotion ends when its subscription's trial does, and a cancelled subscription takes the status with it. */
function endingWith(mode: Mode, standing: Standing, seen: SeenSubscription): Standing {
  if (standing.status === 'PROMO') {
    const statusEndsAt = seen.isPromotion ? seen.trialEnd : null;
    return statusEndsAt === null ? standing : { ...standing, statusEndsAt };
  }
  const followsSubscription = standing.status === 'ACTIVE' || standing.status === 'SUSPENDED';
  if (!followsSubscription || mode === 'FREE') return standing;
  return { ...standing, statusEndsAt: seen.cancelAt };
}
