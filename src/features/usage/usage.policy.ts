import { InvalidInput } from '../../platform/errors.ts';
import { canExecute } from '../account/account.policy.ts';
import { checkIdempotencyKey } from '../account/idempotency.policy.ts';
import {
  type LifecycleSettings,
  type MetricTerms,
  type Plan,
  wholeUnits,
} from '../catalog/catalog.model.ts';
import type {
  PlansNow,
  UsageCounter,
  UsageEvent,
  UsageLimit,
  UsageObstacle,
  UsageTerms,
} from './usage.model.ts';

const LATEST_MS = 35 * 86_400_000;
const EARLIEST_MS = 5 * 60_000;
const LARGEST = BigInt(Number.MAX_SAFE_INTEGER);

/** The metric of this name. Throws InvalidInput when the catalogue has none. */
export function metricNamed(metrics: readonly MetricTerms[], name: string): MetricTerms {
  const metric = metrics.find((known) => known.name === name);
  if (metric !== undefined) return metric;
  const names = metrics.map((known) => known.name).join(', ');
  throw new InvalidInput('metric', `"${name}" is not in the catalogue; there are ${names}.`);
}

/** Refuses a quantity that the metric cannot count: zero, and less than zero for a COUNTER. Throws InvalidInput. */
export function checkQuantity(metric: MetricTerms, quantity: bigint): void {
  if (quantity === 0n) throw new InvalidInput('quantity', 'must not be zero.');
  if (quantity < 0n && metric.kind === 'COUNTER') {
    throw new InvalidInput(
      'quantity',
      `must be more than zero: ${metric.name} is a counter, only a level goes down.`,
    );
  }
  if (quantity > LARGEST || quantity < -LARGEST)
    throw new InvalidInput('quantity', `must lie within ${LARGEST}.`);
}

/**
 * Refuses an event that is wrong in itself: its quantity, its key, and a time more than 35 days ago or more than 5 minutes
 * ahead. Throws InvalidInput naming the argument.
 */
export function checkEvent(
  metric: MetricTerms,
  { quantity, occurredAt, idempotencyKey }: Omit<UsageEvent, 'accountId' | 'metric'>,
  now: Date,
): void {
  checkQuantity(metric, quantity);
  checkIdempotencyKey(idempotencyKey);
  if (occurredAt === null) return;
  const age = now.getTime() - occurredAt.getTime();
  if (age > LATEST_MS)
    throw new InvalidInput('occurredAt', 'lies more than 35 days back: that is too late to count.');
  if (age < -EARLIEST_MS)
    throw new InvalidInput('occurredAt', 'lies more than 5 minutes ahead: check the clock.');
}

/** Whose limits hold for an account: its live subscription's as they were sold for the period, else the default plan's. */
export function planUnder(
  terms: Pick<UsageTerms, 'planId' | 'soldLimits'>,
  plans: PlansNow,
): Pick<Plan, 'limits'> {
  if (terms.soldLimits !== null) return { limits: terms.soldLimits };
  return (terms.planId === null ? null : plans.byId.get(terms.planId)) ?? plans.byDefault;
}

/**
 * How much a period admits of a metric under these limits; what they do not mention is unlimited. While the
 * account is in its trial, the trial's own limit takes the place of the plan's.
 */
export function limitUnder(
  metric: string,
  plan: Pick<Plan, 'limits'>,
  terms: Pick<UsageTerms, 'status' | 'statusEndsAt'>,
  lifecycle: LifecycleSettings,
  now: Date,
): UsageLimit {
  const inTrial =
    terms.status === 'TRIAL' && (terms.statusEndsAt === null || now < terms.statusEndsAt);
  if (inTrial && lifecycle.mode === 'TRIAL' && lifecycle.trial.metric === metric) {
    const units = wholeUnits(lifecycle.trial.limit);
    return { allowance: 'FINITE', units, enforcement: 'HARD', isTrial: true };
  }
  const limit = plan.limits.find((known) => known.metric === metric);
  if (limit === undefined)
    return { allowance: 'UNLIMITED', units: null, enforcement: 'SOFT', isTrial: false };
  const { allowance, enforcement } = limit;
  return { allowance: allowance.kind, units: wholeUnits(allowance), enforcement, isTrial: false };
}

/** What is left of a counter's limit; null when it has none. */
export function remaining({ used, limit }: Pick<UsageCounter, 'used' | 'limit'>): bigint | null {
  if (limit.units === null) return null;
  return used < limit.units ? limit.units - used : 0n;
}

/** Whether a counter stands above its limit, as it may under a SOFT one. */
export function isOverLimit({ used, limit }: Pick<UsageCounter, 'used' | 'limit'>): boolean {
  return limit.units !== null && used > limit.units;
}

/** What keeps an event from being counted now; null: nothing does. */
export function obstacleTo(
  quantity: bigint,
  counter: Pick<UsageCounter, 'used' | 'limit'>,
  terms: Pick<UsageTerms, 'status' | 'blockedAt'>,
  now: Date,
): UsageObstacle | null {
  if (!canExecute(terms, now)) return 'ACCOUNT_BLOCKED';
  const { units, enforcement } = counter.limit;
  const next = counter.used + quantity;
  if (next < 0n) return 'BELOW_ZERO';
  const passes = units !== null && next > units && quantity > 0n;
  return enforcement === 'HARD' && passes ? 'USAGE_LIMIT_EXCEEDED' : null;
}
