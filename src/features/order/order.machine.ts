import { assertNever } from '../../platform/assert.ts';
import type { OrderStatus } from './order.model.ts';

/** What a provider said of an order's hosted page. */
export type CheckoutNews = 'OPEN' | 'PENDING_PAYMENT' | 'PAID' | 'EXPIRED' | 'PAYMENT_FAILED';

/**
 * What an order becomes when its provider has news, in whatever order and however often the news come: money that
 * arrived settles it for good, and only an order that waits can expire or fail. The same status means: nothing to do.
 */
export function afterCheckoutNews(status: OrderStatus, news: CheckoutNews): OrderStatus {
  switch (news) {
    case 'PAID':
      return status === 'PENDING' || status === 'EXPIRED' || status === 'FAILED' ? 'PAID' : status;
    case 'EXPIRED':
      return status === 'PENDING' ? 'EXPIRED' : status;
    case 'PAYMENT_FAILED':
      return status === 'PENDING' || status === 'EXPIRED' ? 'FAILED' : status;
    case 'OPEN':
    case 'PENDING_PAYMENT':
      return status;
    default:
      return assertNever(news);
  }
}

/** What became of the money of a payment: absolute figures in minor units. */
export interface ReversedMoney {
  readonly paidMinor: bigint;
  readonly refundedMinor: bigint;
  /** Withheld by disputes that are open. */
  readonly contestedMinor: bigint;
  /** Taken by disputes that were lost. */
  readonly lostMinor: bigint;
}

/**
 * What a paid order is when so much of its money went back: REFUNDED when all of it was given back, DISPUTED while somebody
 * contests it and when they won, else PARTIALLY_REFUNDED or PAID. An order that was not paid stays what it is.
 */
export function afterReversal(status: OrderStatus, money: ReversedMoney): OrderStatus {
  if (status === 'PENDING' || status === 'EXPIRED' || status === 'FAILED') return status;
  if (money.refundedMinor >= money.paidMinor) return 'REFUNDED';
  if (money.contestedMinor > 0n || money.lostMinor > 0n) return 'DISPUTED';
  return money.refundedMinor > 0n ? 'PARTIALLY_REFUNDED' : 'PAID';
}
