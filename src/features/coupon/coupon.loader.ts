import DataLoader from 'dataloader';
import type { Coupon } from './coupon.model.ts';
import type { CouponService } from './coupon.service.ts';

/** Coupons by id, many in one statement. */
export function couponLoader(coupons: CouponService): DataLoader<string, Coupon | null> {
  return new DataLoader(async (ids) => {
    const found = new Map((await coupons.couponsById(ids)).map((coupon) => [coupon.id, coupon]));
    return ids.map((id) => found.get(id) ?? null);
  });
}
