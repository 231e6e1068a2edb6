import type { Transaction } from '../../platform/database/transaction.ts';
import type { Channel } from '../../platform/money.ts';
import type { CouponUse } from '../coupon/coupon.model.ts';
import { discountedMinor } from '../coupon/coupon.policy.ts';
import type { CouponService } from '../coupon/coupon.service.ts';
import { type CouponAtProviderService, unsupported } from '../coupon/coupon-at-provider.service.ts';
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
  readonly #couponsAtProvider: CouponAtProviderService;

  constructor(coupons: CouponService, couponsAtProvider: CouponAtProviderService) {
    this.#coupons = coupons;
    this.#couponsAtProvider = couponsAtProvider;
  }

  /**
   * What an offer costs with a coupon's code; channels whose pages take coupons come first. What the order `replacing`
   * holds of the coupon does not count. Throws CouponNotApplicable.
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
    const takesCoupons = (channel: Channel) => this.#couponsAtProvider.isSupportedBy(channel);
    const amountMinor = discountedMinor(coupon, amount.amountMinor);
    return {
      ...offer,
      amount: { ...amount, amountMinor },
      channels: [
        ...offer.channels.filter(takesCoupons),
        ...offer.channels.filter((channel) => !takesCoupons(channel)),
      ],
      coupon: { id: coupon.id, use, discountMinor: amount.amountMinor - amountMinor },
    };
  }

  /** Throws ChannelUnsupported when there is a coupon and the channel's pages take none. */
  checkChannel(channel: Channel, { coupon }: PricedOffer): void {
    if (coupon !== null && !this.#couponsAtProvider.isSupportedBy(channel))
      throw unsupported(channel);
  }

  /** Keeps the coupon for an order while its page is open. Throws CouponNotApplicable. */
  async reserve(tx: Transaction, { coupon }: PricedOffer, orderId: string): Promise<void> {
    if (coupon !== null) await this.#coupons.reserve(tx, coupon.id, coupon.use, orderId);
  }
}
