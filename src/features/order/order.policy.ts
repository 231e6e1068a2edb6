import type { NewOrder } from './order.model.ts';

type Discounted = Pick<NewOrder, 'amount' | 'discountMinor' | 'couponId' | 'trialDays'>;

/** What an order would cost without its coupon, in minor units. */
export function wholeMinor({ amount, discountMinor }: Discounted): bigint {
  return amount.amountMinor + (discountMinor ?? 0n);
}

/**
 * What changes of an order when its page was paid with another discount than was promised: its time was over, or a code of
 * the provider's own was typed. Null when nothing does. A trial's page takes nothing off yet.
 */
export function afterDiscount(
  order: Discounted,
  takenMinor: bigint | undefined,
): { readonly amountMinor: bigint; readonly discountMinor: bigint | null } | null {
  if (order.trialDays > 0 || takenMinor === undefined) return null;
  if (takenMinor === (order.discountMinor ?? 0n)) return null;
  const amountMinor = wholeMinor(order) - takenMinor;
  return {
    amountMinor: amountMinor > 0n ? amountMinor : 0n,
    discountMinor: order.couponId === null ? null : takenMinor,
  };
}
