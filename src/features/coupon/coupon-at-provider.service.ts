import { invariant } from '../../platform/assert.ts';
import type { Channel, Money } from '../../platform/money.ts';
import type { CheckoutDiscount, CouponForSale } from '../../providers/payment-objects.ts';
import type { PaymentProvider } from '../../providers/payment-provider.ts';
import type { Coupon } from './coupon.model.ts';
import type { CouponService } from './coupon.service.ts';

/** Coupons as the providers know them. */
export class CouponAtProviderService {
  readonly #coupons: CouponService;
  readonly #providers: ReadonlyMap<Channel, PaymentProvider>;

  constructor(coupons: CouponService, providers: ReadonlyMap<Channel, PaymentProvider>) {
    this.#coupons = coupons;
    this.#providers = providers;
  }

  /**
   * A coupon as a page of this provider takes it, made there when it is missing and the provider keeps coupons; `money` is
   * what it takes off. Limits stay with Tollgate, which counts for all channels. Throws ProviderUnavailable, ProviderRefused.
   */
  async discountAt(
    provider: PaymentProvider,
    couponId: string,
    money: Money,
  ): Promise<CheckoutDiscount> {
    const sold = await this.#soldAs(couponId);
    const made = await provider.ensureCoupon?.(sold);
    return { providerCouponId: made?.providerCouponId ?? null, name: sold.name, money };
  }

  /** Tells every provider that keeps coupons of a new one. Throws ProviderUnavailable, ProviderRefused. */
  async sync(couponId: string): Promise<void> {
    const sold = await this.#soldAs(couponId);
    for (const provider of this.#providers.values()) await provider.ensureCoupon?.(sold);
  }

  async #soldAs(couponId: string): Promise<CouponForSale> {
    const [coupon] = await this.#coupons.couponsById([couponId]);
    const sold = coupon === undefined ? null : forSale(coupon);
    invariant(sold !== null, `coupon ${couponId} takes something off`);
    return sold;
  }
}

function forSale({ id, code, percentOffBasisPoints, amountOff }: Coupon): CouponForSale | null {
  if (percentOffBasisPoints !== null)
    return { couponId: id, name: code, off: { percentBasisPoints: percentOffBasisPoints } };
  return amountOff === null ? null : { couponId: id, name: code, off: { money: amountOff } };
}
