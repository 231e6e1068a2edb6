import type { Channel, Interval, Money } from '../../platform/money.ts';

/** What the cursors of this list begin with. */
export const ORDER_CURSOR = 'order';

export type OrderKind = 'SUBSCRIPTION' | 'CREDITS';
export type OrderStatus =
  | 'PENDING'
  | 'PAID'
  | 'EXPIRED'
  | 'FAILED'
  | 'REFUNDED'
  | 'PARTIALLY_REFUNDED'
  | 'DISPUTED';

/** What a client ordered; the row is written before the provider hears of it. */
interface OrderIntent {
  readonly id: string;
  readonly accountId: string;
  readonly channel: Channel;
  readonly amount: Money;
  /** `autoRecharge`: charged to a saved card, without a page. */
  readonly operation: 'createCheckout' | 'recharge' | 'autoRecharge';
  readonly idempotencyKey: string;
  readonly requestHash: Buffer;
  /** Where the hosted page leads; empty for an order without one. */
  readonly successUrl: string;
  readonly cancelUrl: string;
  readonly checkoutExpiresAt: Date;
  readonly createdAt: Date;
  readonly kind: OrderKind;
  readonly planId: string | null;
  readonly planPriceId: string | null;
  readonly interval: Interval | null;
  /** How long the plan is free at first; 0: it is paid for at once. */
  readonly trialDays: number;
  readonly packageId: string | null;
  readonly creditsMicro: bigint | null;
  readonly couponId: string | null;
  /** What the coupon took off `amount`; null without one. */
  readonly discountMinor: bigint | null;
  /** The subscription that it changes, on the provider's own page; null for one that begins. */
  readonly changedSubscriptionId: string | null;
}

export type NewOrder = OrderIntent;

export interface Order extends OrderIntent {
  /** Counts all orders of the gateway. */
  readonly number: bigint;
  readonly status: OrderStatus;
  /** Null until the provider has answered; a page on which a change is confirmed is not kept. */
  readonly providerCheckoutId: string | null;
  readonly checkoutUrl: string | null;
  readonly providerPaymentId: string | null;
  readonly providerSubscriptionId: string | null;
  readonly updatedAt: Date;
  readonly paidAt: Date | null;
}

/** Told inside the transaction that settles an order, after what it bought was granted. The account's row is locked. */
export interface OrderPaid {
  readonly type: 'order.paid';
  readonly order: Order;
}
