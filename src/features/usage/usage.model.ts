import type { AccountStatus } from '../account/account.model.ts';
import type {
  Allowance,
  Enforcement,
  MetricKind,
  Plan,
  PlanLimit,
} from '../catalog/catalog.model.ts';

/** On what an account's periods are anchored from `startsAt` on, until the next anchor takes over. */
export interface UsageAnchor {
  readonly startsAt: Date;
  /** Months are counted from here: on this day, at this time of day in the zone. May lie before or after `startsAt`. */
  readonly anchorAt: Date;
  /** Until here everything is one period, as a trial or a paid month is; null: months from the start. */
  readonly wholeUntil: Date | null;
  /** IANA zone in which the months are reckoned. */
  readonly timeZone: string;
  /** Whose periods these are; null: the account's own. */
  readonly subscriptionId: string | null;
}

/** From `start` until before `end`. */
export interface UsagePeriod {
  readonly start: Date;
  readonly end: Date;
  readonly timeZone: string;
}

/** How much a period admits of a metric, in whole units, and what happens to an event that would pass it. */
export interface UsageLimit {
  readonly allowance: Allowance['kind'];
  /** Null unless FINITE. */
  readonly units: bigint | null;
  readonly enforcement: Enforcement;
  /** The limit of the account's trial, whose passing ends it. */
  readonly isTrial: boolean;
}

/** All that an account's periods and limits follow from. */
export interface UsageTerms {
  readonly accountId: string;
  readonly status: AccountStatus;
  readonly statusEndsAt: Date | null;
  readonly blockedAt: Date | null;
  readonly createdAt: Date;
  readonly timeZone: string;
  /** The same as long as nothing of this changed. */
  readonly standing: string;
  /** The live subscription's plan; null: the default plan. */
  readonly planId: string | null;
  /** The limits of that subscription's present period; null: as its plan is now. */
  readonly soldLimits: readonly PlanLimit[] | null;
  /** By `startsAt`, at least one. */
  readonly anchors: readonly UsageAnchor[];
}

/** What happened, as a client reports it. */
export interface UsageEvent {
  readonly accountId: string;
  readonly metric: string;
  /** More than zero; for a LEVEL also less. */
  readonly quantity: bigint;
  /** Null: now. */
  readonly occurredAt: Date | null;
  readonly idempotencyKey: string;
}

/** What was counted of a metric in a period. */
export interface UsageCounter {
  readonly metric: string;
  readonly kind: MetricKind;
  readonly used: bigint;
  readonly limit: Omit<UsageLimit, 'isTrial'>;
  /** When a COUNTER starts anew; null for a LEVEL. */
  readonly resetsAt: Date | null;
}

/** A period with a counter for each of the catalogue's metrics, in its order. */
export interface UsageReport {
  readonly accountId: string;
  readonly period: UsagePeriod;
  readonly daysRemaining: number;
  readonly counters: readonly UsageCounter[];
}

/** What was counted on one day of the account's zone. */
export interface DailyUsage {
  /** Such as 2024-01-31. */
  readonly date: string;
  readonly count: bigint;
}

/** Why an event would not be counted. */
export type UsageObstacle = 'ACCOUNT_BLOCKED' | 'USAGE_LIMIT_EXCEEDED' | 'BELOW_ZERO';

/** Whether an event of this quantity would be counted now. */
export interface UsageCheck {
  readonly quantity: bigint;
  readonly counter: UsageCounter;
  readonly status: AccountStatus;
  /** Null: it would. */
  readonly obstacle: UsageObstacle | null;
}

/** The plans whose limits hold: each by its id, and the one for those without a subscription. */
export interface PlansNow {
  readonly byId: ReadonlyMap<string, Plan>;
  readonly byDefault: Plan;
}
