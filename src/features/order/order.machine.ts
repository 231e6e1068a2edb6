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
