import type { CatalogService } from '../features/catalog/catalog.service.ts';
import { CouponService } from '../features/coupon/coupon.service.ts';
import { CouponStore } from '../features/coupon/coupon.store.ts';
import { CouponAtProviderService } from '../features/coupon/coupon-at-provider.service.ts';
import { CouponRedemptionService } from '../features/coupon/coupon-redemption.service.ts';
import type { SubscriptionService } from '../features/subscription/subscription.service.ts';
import type { Channel } from '../platform/money.ts';
import type { PaymentProvider } from '../providers/payment-provider.ts';

type RedemptionNeeds = ConstructorParameters<typeof CouponRedemptionService>[0];

type CouponNeeds = Omit<RedemptionNeeds, 'store' | 'planSlugOf'> & {
  readonly catalog: CatalogService;
  readonly providers: ReadonlyMap<Channel, PaymentProvider>;
  readonly subscriptions: SubscriptionService;
};

/** Coupons, which come before subscriptions and are told by a function which plan an account is on. */
export function composeCoupons(base: CouponNeeds) {
  const { catalog, database, providers, subscriptions } = base;
  const needs = { ...base, store: new CouponStore(database) };
  const coupons = new CouponService(needs);
  const couponRedemptions = new CouponRedemptionService({
    ...needs,
    planSlugOf: async (accountId) => {
      const live = await subscriptions.liveSubscription(accountId);
      const plan = live === null ? null : await catalog.planById(live.planId);
      return (plan ?? (await catalog.defaultPlan())).slug;
    },
  });
  const couponsAtProvider = new CouponAtProviderService(coupons, providers);
  return { coupons, couponRedemptions, couponsAtProvider };
}
