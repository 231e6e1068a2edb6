import type { Interval, Money } from '../../platform/money.ts';

/** Whether a change takes effect at once, with a charge, or when the paid period is over. */
export type ChangeTiming = 'NOW' | 'PERIOD_END';

/** What a change of plan would cost and bring, for as long as it holds. */
export interface PlanChangeQuote {
  readonly id: string;
  readonly accountId: string;
  readonly subscriptionId: string;
  readonly planId: string;
  readonly interval: Interval;
  /** The provider's id of the present price, and the end of its period: the quote holds while these do. */
  readonly fromPriceId: string;
  readonly periodEnd: Date;
  readonly toPriceId: string;
  readonly timing: ChangeTiming;
  /** The instant from which money and credits are reckoned. */
  readonly reckonedAt: Date;
  readonly amountDueNow: Money;
  readonly creditsDeltaMicro: bigint;
  readonly effectiveAt: Date;
  readonly expiresAt: Date;
  readonly createdAt: Date;
}

/** A change of plan, stored before the provider hears of it. */
export interface PlanChange {
  readonly id: string;
  readonly accountId: string;
  readonly subscriptionId: string;
  readonly toPriceId: string;
  readonly timing: ChangeTiming;
  readonly reckonedAt: Date;
  readonly effectiveAt: Date;
  readonly idempotencyKey: string;
  readonly requestHash: Buffer;
  readonly progress: 'OPEN' | 'DONE' | 'REFUSED';
  readonly attempt: number;
  readonly createdAt: Date;
  readonly updatedAt: Date;
}
