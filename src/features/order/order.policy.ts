import type { NewOrder } from './order.model.ts';

type Discounted = Pick<NewOrder, 'amount' | 'discountMinor' | 'couponId' | 'trialDays'>;

/** What an order would cost without its coupon, in minor units. */
export function wholeMinor({ amount, discountMinor }: Discounted): bigint {
  return amount.amountMinor + (discountMinor ?? 0n);
}

/**
 * An order's amount and discount once its page is paid. A provider that has codes only may take off less than was promised:
 * the page was paid when its time was over. A trial's page takes nothing off yet.
 */
export function discountTaken(
  order: Discounted,
  takenMinor: bigint | undefined,
): { readonly amountMinor: bigint; readonly discountMinor: bigint } | null {
  if (order.couponId === null || order.trialDays > 0) return null;
  if (takenMinor === undefined || takenMinor >= (order.discountMinor ?? 0n)) return null;
  return { amountMinor: wholeMinor(order) - takenMinor, discountMinor: takenMinor };
}
