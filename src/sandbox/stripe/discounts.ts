import type Stripe from 'stripe';
import { randomId } from '../random-id.ts';
import { usableCoupon } from './coupons.ts';
import type { NewInvoiceLine } from './invoice-object.ts';
import { badRequest, noSuch, refuseUnplayed } from './stripe-problem.ts';
import { equals, idOf, type StripeWorld } from './stripe-world.ts';

type SessionParams = Stripe.Checkout.SessionCreateParams;

/** The coupon that a new checkout is to be discounted by; null without one. Throws Stripe's 400s. */
export function couponOf(world: StripeWorld, params: SessionParams): Stripe.Coupon | null {
  const given = params.discounts ?? [];
  const [discount] = given;
  if (discount === undefined) return null;
  if (params.allow_promotion_codes !== undefined || given.length > 1) {
    throw badRequest('You may only specify one of these: one discount, allow_promotion_codes.', {
      param: 'discounts',
    });
  }
  refuseUnplayed(discount, ['coupon_data']);
  if (discount.promotion_code !== undefined) {
    throw noSuch('promotion code', discount.promotion_code, 'discounts[0][promotion_code]');
  }
  if (discount.coupon === undefined) return null;
  return usableCoupon(world, discount.coupon, 'discounts[0][coupon]');
}

/** What a coupon takes off each of these amounts. Throws a 400 for a coupon in another currency. */
export function discountsOn(
  coupon: Stripe.Coupon | null,
  amounts: readonly number[],
  currency: string,
): number[] {
  if (coupon === null) return amounts.map(() => 0);
  if (coupon.percent_off !== null) {
    const share = coupon.percent_off / 100;
    return amounts.map((amount) => Math.round(amount * share));
  }
  if (coupon.currency !== currency) {
    throw badRequest(`The coupon ${coupon.id} cannot be applied to amounts in ${currency}.`, {
      param: 'discounts[0][coupon]',
    });
  }
  let left = coupon.amount_off ?? 0;
  return amounts.map((amount) => {
    const taken = Math.min(left, amount);
    left -= taken;
    return taken;
  });
}

/** Takes a coupon into use for a subscription or a single sale. */
export function startDiscount(
  world: StripeWorld,
  coupon: Stripe.Coupon,
  on: {
    readonly session: string;
    readonly customer: string | null;
    readonly subscription?: string;
  },
): Stripe.Discount {
  return world.add('discount', {
    id: randomId('di_1'),
    object: 'discount',
    checkout_session: on.session,
    customer: on.customer,
    customer_account: null,
    end: null,
    invoice: null,
    invoice_item: null,
    promotion_code: null,
    source: { coupon: coupon.id, type: 'coupon' },
    start: world.now(),
    subscription: on.subscription ?? null,
    subscription_item: null,
  } satisfies Stripe.Discount);
}

/**
 * Lines less what a subscription's discount takes off them. A discount that applies once is used up by the first invoice
 * that has something to take it off.
 */
export function discounted(
  world: StripeWorld,
  subscription: Stripe.Subscription,
  lines: readonly NewInvoiceLine[],
): readonly NewInvoiceLine[] {
  const [held] = subscription.discounts;
  const discount = held === undefined ? undefined : world.find('discount', idOf(held));
  const couponId = discount?.source.coupon ?? null;
  const coupon = couponId === null ? undefined : world.find('coupon', idOf(couponId));
  if (discount === undefined || coupon === undefined) return lines;
  const amounts = discountsOn(
    coupon,
    lines.map(({ amount }) => amount),
    subscription.currency,
  );
  if (amounts.every((amount) => amount === 0)) return lines;
  if (coupon.duration === 'once') world.change('subscription', subscription.id, { discounts: [] });
  return lines.map((line, index) => ({
    ...line,
    discount: { id: discount.id, amount: amounts[index] ?? 0 },
  }));
}

/** Which part of its price was paid for an item's present period: 1 without a discount. */
export function paidShare(
  world: StripeWorld,
  subscription: Stripe.Subscription,
  item: Stripe.SubscriptionItem,
): number {
  const invoices = world.books.all<Stripe.Invoice>(
    'invoice',
    equals({ 'parent.subscription_details.subscription': subscription.id }),
  );
  const line = invoices
    .flatMap(({ lines }) => lines.data)
    .find(
      ({ period, pricing }) =>
        period.start === item.current_period_start &&
        pricing?.price_details !== undefined &&
        idOf(pricing.price_details.price) === item.price.id,
    );
  if (line === undefined || line.amount <= 0) return 1;
  const off = (line.discount_amounts ?? []).reduce((sum, { amount }) => sum + amount, 0);
  return (line.amount - off) / line.amount;
}
