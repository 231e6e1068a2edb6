import { addMonths, later, monthsSince } from '../../platform/time.ts';
import type { Account } from '../account/account.model.ts';
import type { PlanSubscription } from '../subscription/subscription.model.ts';
import { currentTrial, isLive } from '../subscription/subscription.policy.ts';
import type { UsageAnchor } from './usage.model.ts';
import { periodAt } from './usage-period.engine.ts';

/**
 * Providers count in UTC and we in the account's zone, so that the same month may begin up to a day and a shift of the clock
 * apart. A period that begins further than this from where ours does has another anchor.
 */
const SAME_BOUNDARY_MS = 2 * 86_400_000;

/** A new account's periods: its trial as one, then months on the day it was made; without a trial months at once. */
export function firstAnchor(
  account: Pick<Account, 'status' | 'statusEndsAt' | 'createdAt' | 'timeZone'>,
): UsageAnchor {
  const { status, statusEndsAt, createdAt, timeZone } = account;
  const hasTrial = status === 'TRIAL' && statusEndsAt !== null && statusEndsAt > createdAt;
  return {
    startsAt: createdAt,
    anchorAt: createdAt,
    wholeUntil: hasTrial ? statusEndsAt : null,
    timeZone,
    subscriptionId: null,
  };
}

/**
 * The anchor that a subscription's state brings; null when the periods go on as they are. A month that it is paid for, its
 * plan's trial as one period (a promotion counts months), a new billing day, its end: whatever begins, begins no earlier
 * than the present period, whose counters stay where they are.
 */
export function anchorUnder(
  subscription: PlanSubscription,
  account: Pick<Account, 'status' | 'createdAt'>,
  anchors: readonly UsageAnchor[],
  now: Date,
): UsageAnchor | null {
  if (!isLive(subscription.status)) {
    const isOurs = anchors.at(-1)?.subscriptionId === subscription.id;
    return isOurs ? ownMonths(anchors, account.createdAt, subscription.endedAt ?? now, now) : null;
  }
  const trial = account.status === 'PROMO' ? null : currentTrial(subscription);
  return trial === null
    ? billedMonths(subscription, anchors, now)
    : wholeTrial(subscription, trial, anchors, now);
}

/** The anchor of an account whose trial ended before its time without a subscription; null when there is no trial. */
export function anchorAfterTrial(
  createdAt: Date,
  anchors: readonly UsageAnchor[],
  now: Date,
): UsageAnchor | null {
  const { wholeUntil, subscriptionId } = anchors.at(-1) as UsageAnchor;
  if (subscriptionId !== null || wholeUntil === null || wholeUntil <= now) return null;
  // The trial's period keeps its start, which is the key of its counters, even if it was over in the same instant.
  const trialStart = periodAt(anchors, now).start.getTime();
  return ownMonths(anchors, createdAt, later(now, new Date(trialStart + 1)), now);
}

/**
 * The anchor by which an account goes on in another zone: the present period keeps its start, and ends where the next month
 * of the new calendar begins, or with the trial.
 */
export function anchorInZone(
  anchors: readonly UsageAnchor[],
  timeZone: string,
  now: Date,
): UsageAnchor {
  const latest = anchors.findLast(({ startsAt }) => startsAt <= now) ?? (anchors[0] as UsageAnchor);
  const { anchorAt, wholeUntil } = latest;
  const isWhole = wholeUntil !== null && wholeUntil > now;
  const nextMonth = addMonths(anchorAt, monthsSince(anchorAt, now, timeZone) + 1, timeZone);
  return {
    ...latest,
    startsAt: periodAt(anchors, now).start,
    wholeUntil: isWhole ? wholeUntil : nextMonth,
    timeZone,
  };
}

function wholeTrial(
  subscription: PlanSubscription,
  trial: { readonly start: Date; readonly end: Date },
  anchors: readonly UsageAnchor[],
  now: Date,
): UsageAnchor | null {
  const latest = anchors.at(-1) as UsageAnchor;
  const isOurs = latest.subscriptionId === subscription.id;
  if (isOurs && latest.wholeUntil?.getTime() === trial.end.getTime()) return null;
  const from = isOurs ? latest.startsAt : begun(subscription, trial.start, anchors, now);
  const next = takingOver(anchors, from, now);
  const wholeUntil = trial.end > next.startsAt ? trial.end : null;
  return { ...next, anchorAt: trial.end, wholeUntil, subscriptionId: subscription.id };
}

/** A month that is paid for is the provider's; the months of a year, and of a promotion, are reckoned here. */
function billedMonths(
  subscription: PlanSubscription,
  anchors: readonly UsageAnchor[],
  now: Date,
): UsageAnchor | null {
  const latest = anchors.at(-1) as UsageAnchor;
  const { id, interval, currentPeriodStart: start, currentPeriodEnd: end } = subscription;
  if (start === null) return null;
  const month = interval === 'MONTH' && currentTrial(subscription) === null ? end : null;
  const goesOn =
    month === null ? isBoundary(latest, start) : latest.wholeUntil?.getTime() === month.getTime();
  if (latest.subscriptionId === id && goesOn) return null;
  const next = takingOver(anchors, begun(subscription, start, anchors, now), now);
  return {
    ...next,
    anchorAt: firstStart(subscription, start, latest.timeZone),
    wholeUntil: month !== null && month > next.startsAt ? month : null,
    subscriptionId: id,
  };
}

function ownMonths(
  anchors: readonly UsageAnchor[],
  createdAt: Date,
  from: Date,
  now: Date,
): UsageAnchor {
  return { ...takingOver(anchors, from, now), anchorAt: createdAt, subscriptionId: null };
}

function takingOver(
  anchors: readonly UsageAnchor[],
  from: Date,
  now: Date,
): Pick<UsageAnchor, 'startsAt' | 'wholeUntil' | 'timeZone'> {
  const present = periodAt(anchors, now);
  return { startsAt: later(from, present.start), wholeUntil: null, timeZone: present.timeZone };
}

/** Providers tell whole seconds, so that what was bought in a period's first second would seem to have begun before it. */
function begun(
  subscription: PlanSubscription,
  start: Date,
  anchors: readonly UsageAnchor[],
  now: Date,
): Date {
  const present = periodAt(anchors, now).start.getTime();
  const isNew = anchors.at(-1)?.subscriptionId !== subscription.id;
  const isSameSecond = start.getTime() <= present && start.getTime() > present - 1_000;
  return isNew && isSameSecond ? new Date(present + 1) : start;
}

function isBoundary({ anchorAt, timeZone }: Pick<UsageAnchor, 'anchorAt' | 'timeZone'>, at: Date) {
  const months = monthsSince(anchorAt, at, timeZone);
  return [months, months + 1].some((count) => {
    const boundary = addMonths(anchorAt, count, timeZone);
    return Math.abs(boundary.getTime() - at.getTime()) <= SAME_BOUNDARY_MS;
  });
}

/** Where the subscription's months began, so that a period that was met on 28 February returns to the 31st. */
function firstStart(
  { startedAt, trialEnd }: PlanSubscription,
  start: Date,
  timeZone: string,
): Date {
  const first = [trialEnd, startedAt].find(
    (anchorAt) =>
      anchorAt !== null && anchorAt <= start && isBoundary({ anchorAt, timeZone }, start),
  );
  return first ?? start;
}
