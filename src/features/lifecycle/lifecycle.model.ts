import type { AccountStatus } from '../account/account.model.ts';

/** Why a status was followed by another one. */
export type LifecycleCause =
  | 'ACCOUNT_CREATED'
  | 'PAYMENT_METHOD_ATTACHED'
  | 'TRIAL_TIME_OVER'
  | 'TRIAL_LIMIT_PASSED'
  | 'GRACE_OVER'
  | 'SUBSCRIPTION_PAID'
  | 'PROMOTION_CHARGE_PAID'
  | 'PAYMENT_FAILED'
  | 'OUTSTANDING_INVOICE_PAID'
  | 'SUBSCRIPTION_ENDED';

/** One step of an account's life. */
export interface LifecycleTransition {
  /** Null for the first status of all. */
  readonly from: AccountStatus | null;
  readonly to: AccountStatus;
  readonly trigger: LifecycleCause;
  /** When it happened, which may be before anybody wrote it down. */
  readonly at: Date;
}

/** A step as it was written down: the `sequence` of an account's steps is 1, 2, 3, … */
export interface RecordedTransition extends LifecycleTransition {
  readonly sequence: number;
}

/** The promotion that an attached card began. */
export interface Promotion {
  readonly accountId: string;
  readonly startedAt: Date;
  readonly endsAt: Date;
  /** Null until the provider has made its subscription. */
  readonly providerSubscriptionId: string | null;
  /** When to ask the provider how it stands; null: the promotion is over. */
  readonly checkAt: Date | null;
}
