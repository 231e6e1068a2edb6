import type { Channel, Interval, Money } from '../../platform/money.ts';
import type { Allowance, PlanLimit } from '../catalog/catalog.model.ts';

export type SubscriptionStatus =
  | 'ACTIVE'
  | 'TRIALING'
  | 'PAST_DUE'
  | 'CANCELED'
  | 'INCOMPLETE'
  | 'INCOMPLETE_EXPIRED'
  | 'UNPAID'
  | 'PAUSED';

/** What was sold: a later change of the plan does not change it. */
interface SoldTerms {
  readonly planId: string;
  readonly monthlyCredits: Allowance;
  readonly rollover: Allowance;
  /** The plan's limits when the present period began; null: as the plan is now. */
  readonly limits: readonly PlanLimit[] | null;
  readonly price: Money | null;
}

/** A provider's subscription, as last taken over from it. */
export interface PlanSubscription extends SoldTerms {
  readonly id: string;
  readonly accountId: string;
  readonly channel: Channel;
  readonly providerSubscriptionId: string;
  readonly providerCustomerId: string;
  readonly providerPriceId: string;
  readonly status: SubscriptionStatus;
  readonly interval: Interval;
  readonly startedAt: Date | null;
  readonly currentPeriodStart: Date | null;
  readonly currentPeriodEnd: Date | null;
  readonly trialStart: Date | null;
  readonly trialEnd: Date | null;
  readonly cancelAtPeriodEnd: boolean;
  readonly cancelAt: Date | null;
  readonly endedAt: Date | null;
  /** Paid beside a live one, or for a deleted account: it is cancelled and refunded, and gives nothing. */
  readonly isRefused: boolean;
  /** Made because a card was attached, with the promotion as its trial; every other one was bought. */
  readonly isPromotion: boolean;
  readonly revision: bigint;
  readonly createdAt: Date;
  readonly updatedAt: Date;
}

/** Told inside the transaction that takes over a provider's state; the account's row and balance are locked. */
export interface SubscriptionChanged {
  readonly type: 'subscription.changed';
  readonly subscription: PlanSubscription;
  /** Null for a new one. */
  readonly previousStatus: SubscriptionStatus | null;
  /** The subscription as it was before; null for a new one. */
  readonly previous: PlanSubscription | null;
}

/** Which month of plan credits an account gets next, and for what. One per account: it is on one plan. */
export interface PlanCreditSchedule {
  readonly accountId: string;
  /** `account`: its own months on the default plan; `subscription`: a trial's; `invoice`: a paid period's. */
  readonly causeKind: 'account' | 'subscription' | 'invoice';
  readonly causeId: string;
  /** Null on the default plan. */
  readonly subscriptionId: string | null;
  readonly anchorAt: Date;
  readonly months: number | null;
  readonly endsAt: Date | null;
  /** The month that comes next, from 0. */
  readonly nextMonth: number;
  /** When it begins; null when there is none. */
  readonly dueAt: Date | null;
  /** The grants of the month that runs: its own, and what was left of the month before. */
  readonly grantId: string | null;
  readonly rolledGrantId: string | null;
}
