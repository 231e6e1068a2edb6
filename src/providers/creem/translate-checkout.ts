import type { CheckoutEntity$Outbound } from 'creem/models/components';
import type { Money } from '../../platform/money.ts';
import type { CheckoutOutcome, CheckoutState } from '../payment-objects.ts';
import { UnknownCreemAnswer } from './creem-errors.ts';
import { idOrNull, toMoney, toTexts } from './translate-values.ts';

type Checkout = CheckoutEntity$Outbound;

/** A checkout in the port's words. Throws UnknownCreemAnswer for a state it has no word for. */
export function toCheckoutOutcome(checkout: Checkout): CheckoutOutcome {
  const state = stateOf(checkout);
  return {
    checkoutId: checkout.id,
    orderId: toTexts(checkout.metadata).orderId ?? null,
    state,
    customerId: idOrNull(checkout.customer),
    subscriptionId: idOrNull(checkout.subscription),
    paymentId: checkout.order?.transaction ?? null,
    total: totalOf(checkout),
    ...discountOf(checkout),
    url: state === 'OPEN' ? (checkout.checkout_url ?? null) : null,
  };
}

function stateOf({ id, status, order }: Checkout): CheckoutState {
  switch (status) {
    case 'pending':
      return 'OPEN';
    case 'processing':
      return 'PENDING_PAYMENT';
    case 'expired':
      return 'EXPIRED';
    case 'completed':
      return order?.status === 'pending' ? 'PENDING_PAYMENT' : 'PAID';
    default:
      throw new UnknownCreemAnswer(`Checkout ${id} has the unknown status "${status}".`);
  }
}

/** What the order says; before there is one, what the page shows. */
function totalOf(checkout: Checkout): Money | null {
  const { order, product, custom_price: price, units = 1, discount } = checkout;
  if (order != null) return toMoney(order.amount_due ?? order.amount, order.currency);
  if (typeof product === 'string') return null;
  const off = discount?.type === 'fixed' ? (discount.amount ?? 0) : 0;
  return toMoney(Math.max(0, (price ?? product.price) * units - off), product.currency);
}

function discountOf({ order }: Checkout): Pick<CheckoutOutcome, 'discountMinor'> {
  const off = order?.discount_amount;
  if (order == null || off === undefined) return {};
  return { discountMinor: toMoney(off, order.currency).amountMinor };
}
