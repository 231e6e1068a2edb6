import { newId } from '../../platform/ids.ts';
import type { CouponForSale } from '../payment-objects.ts';
import type { StripeClient } from './stripe-client.ts';
import { isRefusedAs } from './stripe-errors.ts';
import { toStripeAmount, toStripeCurrency } from './translate-values.ts';

/**
 * Finds a coupon by its id, which is made of ours and of what it takes off, or makes it: there is one for ever, another
 * value is another coupon, and one that somebody deleted comes back. It applies once, to the first payment. Who may use it
 * how often is not told to Stripe. Throws ProviderUnavailable, ProviderRefused.
 */
export function ensureCoupon(
  client: StripeClient,
  coupon: CouponForSale,
): Promise<{ providerCouponId: string }> {
  const { sdk } = client;
  const params = paramsOf(coupon);
  return client.command(async (call) => {
    try {
      const { id } = await call((limits) => sdk.coupons.retrieve(params.id, {}, limits));
      return { providerCouponId: id };
    } catch (error) {
      if (!isRefusedAs(error, 'resource_missing')) throw error;
    }
    // The id makes it one; a key made of it would replay the answer of one that was deleted since.
    const idempotencyKey = `tollgate:coupon:${newId()}`;
    try {
      await call((limits) => sdk.coupons.create(params, { ...limits, idempotencyKey }));
    } catch (error) {
      if (!isRefusedAs(error, 'resource_already_exists')) throw error;
    }
    return { providerCouponId: params.id };
  });
}

function paramsOf({ couponId, name, off }: CouponForSale) {
  const common = { duration: 'once' as const, name: name.slice(0, 40), metadata: { couponId } };
  if ('percentBasisPoints' in off) {
    const { percentBasisPoints } = off;
    const id = `tollgate_${couponId}_${percentBasisPoints}bp`;
    return { ...common, id, percent_off: percentBasisPoints / 100 };
  }
  const currency = toStripeCurrency(off.money.currency);
  const id = `tollgate_${couponId}_${off.money.amountMinor}${currency}`;
  return { ...common, id, amount_off: toStripeAmount(off.money.amountMinor), currency };
}
