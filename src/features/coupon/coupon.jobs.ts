import { idIn, type Tasks } from '../../jobs/task.ts';
import type { CouponAtProviderService } from './coupon-at-provider.service.ts';

/** The jobs of coupons, by the names under which they are enqueued. */
export function couponJobs(couponsAtProvider: CouponAtProviderService): Tasks {
  return { 'sync-coupon': (payload) => couponsAtProvider.sync(idIn(payload)) };
}
