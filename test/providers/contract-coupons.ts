import { randomUUID } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import type { Given } from './given.ts';

/** Coupons: one for ever per value, applied to the first payment. */
export function describeCoupons(given: () => Given): void {
  describe('a coupon', () => {
    it('is the same one however often it is asked for, and another one for another value', async ({
      skip,
    }) => {
      skip(!given().takesCoupons());
      const coupon = { couponId: randomUUID(), name: 'SPRING', off: { percentBasisPoints: 2_500 } };
      const ids = await Promise.all([1, 2, 3].map(() => given().ensureCoupon(coupon)));
      expect(new Set(ids).size).toBe(1);
      const other = await given().ensureCoupon({ ...coupon, off: { percentBasisPoints: 5_000 } });
      expect(other).not.toBe(ids[0]);
    });

    it('is taken off what a page asks for', async ({ skip }) => {
      skip(!given().takesCoupons());
      const off = { money: { amountMinor: 999n, currency: 'USD' } };
      const coupon = { couponId: randomUUID(), name: 'SPRING', off };
      const checkout = {
        ...(await given().creditsCheckout()),
        providerCouponId: await given().ensureCoupon(coupon),
      };
      const page = await given().provider.createCreditsCheckout(checkout, randomUUID());
      expect(page.total).toEqual({ amountMinor: 1_000n, currency: 'USD' });
    });
  });
}
