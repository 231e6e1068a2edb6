import type { Transaction } from '../../platform/database/transaction.ts';
import type { CouponUse } from '../coupon/coupon.model.ts';
import { discountedMinor } from '../coupon/coupon.policy.ts';
import type { CouponService } from '../coupon/coupon.service.ts';
import type { Offer } from './offer.service.ts';

/** An offer less what its coupon takes off. */
export interface PricedOffer extends Offer {
  readonly coupon: {
    readonly id: string;
    readonly use: CouponUse;
    readonly discountMinor: bigint;
  } | null;
}

/** What coupons do to orders. */
export class OrderDiscountService {
  readonly #coupons: CouponService;

  constructor(coupons: CouponService) {
    this.#coupons = coupons;
  }

  /**
   * What an offer costs with a coupon's code. What the order `replacing` holds of the coupon does not count.
   * Throws CouponNotApplicable.
   */
  async priced(
    offer: Offer,
    accountId: string,
    code: string | null,
    replacing: string | null,
  ): Promise<PricedOffer> {
    if (code === null) return { ...offer, coupon: null };
    const { amount, planSlug } = offer;
    const use = { accountId, planSlug, currency: amount.currency };
    const coupon = await this.#coupons.applicable(code, use, replacing);
    const amountMinor = discountedMinor(coupon, amount.amountMinor);
    return {
      ...offer,
      amount: { ...amount, amountMinor },
      coupon: { id: coupon.id, use, discountMinor: amount.amountMinor - amountMinor },
    };
  }

  /** Keeps the coupon for an order while its page is open. Throws CouponNotApplicable. */
  async reserve(tx: Transaction, { coupon }: PricedOffer, orderId: string): Promise<void> {
    if (coupon !== null) await this.#coupons.reserve(tx, coupon.id, coupon.use, orderId);
  }
}
