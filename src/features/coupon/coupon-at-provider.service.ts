import type { Channel } from '../../platform/money.ts';
import type { CouponForSale } from '../../providers/payment-objects.ts';
import type { PaymentProvider } from '../../providers/payment-provider.ts';
import { ChannelUnsupported } from '../payment-method/payment-method.errors.ts';
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

  /** Whether pages of this channel can be discounted. */
  isSupportedBy(channel: Channel): boolean {
    return this.#providers.get(channel)?.ensureCoupon !== undefined;
  }

  /**
   * The provider's id of a coupon, made there when it is missing. Limits stay with Tollgate, which counts for all channels.
   * Throws ChannelUnsupported, ProviderUnavailable, ProviderRefused.
   */
  async idAt(channel: Channel, couponId: string): Promise<string> {
    const [coupon] = await this.#coupons.couponsById([couponId]);
    const sold = coupon === undefined ? null : forSale(coupon);
    const provider = this.#providers.get(channel);
    if (sold === null || provider?.ensureCoupon === undefined) throw unsupported(channel);
    return (await provider.ensureCoupon(sold)).providerCouponId;
  }

  /** Tells every provider that takes coupons of a new one. Throws ProviderUnavailable, ProviderRefused. */
  async sync(couponId: string): Promise<void> {
    for (const channel of this.#providers.keys()) {
      if (this.isSupportedBy(channel)) await this.idAt(channel, couponId);
    }
  }
}

/** The refusal of a coupon on a channel whose pages take none. */
export function unsupported(channel: Channel): ChannelUnsupported {
  return new ChannelUnsupported(channel, `${channel} takes no coupons.`);
}

function forSale({ id, code, percentOffBasisPoints, amountOff }: Coupon): CouponForSale | null {
  if (percentOffBasisPoints !== null)
    return { couponId: id, name: code, off: { percentBasisPoints: percentOffBasisPoints } };
  return amountOff === null ? null : { couponId: id, name: code, off: { money: amountOff } };
}
