import type Stripe from 'stripe';
import { randomId } from '../random-id.ts';
import { endpoint } from './endpoint.ts';
import { checkCurrency } from './prices.ts';
import { badRequest, missingParameter, refuseUnplayed } from './stripe-problem.ts';
import { mergeMetadata, orNull, type StripeWorld } from './stripe-world.ts';

/** A coupon that can be used now. Throws Stripe's 400 for one that is unknown, used up or out of date. */
export function usableCoupon(world: StripeWorld, id: string, param: string): Stripe.Coupon {
  const coupon = world.get('coupon', id, param);
  if (isValid(world, coupon)) return coupon;
  throw badRequest(`Coupon ${id} is used up or expired, and cannot be applied.`, {
    code: 'coupon_expired',
    param,
  });
}

/** Counts one use. */
export function countRedemption(world: StripeWorld, id: string): void {
  const coupon = world.find('coupon', id);
  if (coupon !== undefined)
    world.change('coupon', id, { times_redeemed: coupon.times_redeemed + 1 });
}

export const couponEndpoints = [
  endpoint('POST /v1/coupons', 'coupon', 'create', ({ world, params }) => {
    refuseUnplayed(params, ['applies_to', 'currency_options', 'duration_in_months']);
    checkDiscount(params);
    if (params.duration === 'repeating') {
      throw badRequest('This sandbox plays the durations `once` and `forever`.', {
        param: 'duration',
      });
    }
    if (params.id !== undefined && world.find('coupon', params.id) !== undefined) {
      throw badRequest('Coupon already exists.', { code: 'resource_already_exists', param: 'id' });
    }
    const coupon = world.add('coupon', newCoupon(world, params));
    world.announce('coupon.created', coupon);
    return coupon;
  }),
  endpoint('GET /v1/coupons', 'coupon', 'list', ({ world, params, path }) => {
    const page = world.list('coupon', path, params);
    return { ...page, data: page.data.map((coupon) => shown(world, coupon)) };
  }),
  endpoint('GET /v1/coupons/:id', 'coupon', 'retrieve', ({ world, id }) =>
    shown(world, world.get('coupon', id)),
  ),
  endpoint('POST /v1/coupons/:id', 'coupon', 'update', ({ world, params, id }) => {
    refuseUnplayed(params, ['currency_options']);
    const before = world.get('coupon', id);
    const { object, previous } = world.change('coupon', id, {
      ...(params.name === undefined ? {} : { name: orNull(params.name) }),
      ...(params.metadata === undefined
        ? {}
        : { metadata: mergeMetadata(before.metadata, params.metadata) }),
    });
    world.announce('coupon.updated', object, previous);
    return shown(world, object);
  }),
  endpoint('DELETE /v1/coupons/:id', 'coupon', 'del', ({ world, id }) => {
    const coupon = world.get('coupon', id);
    world.books.remove('coupon', id);
    world.announce('coupon.deleted', coupon);
    return { id, object: 'coupon', deleted: true } satisfies Stripe.DeletedCoupon;
  }),
];

function checkDiscount(params: Stripe.CouponCreateParams): void {
  const { percent_off: percent, amount_off: amount, currency } = params;
  if (percent === undefined && amount === undefined) throw missingParameter('percent_off');
  if (percent !== undefined && amount !== undefined) {
    throw badRequest('You may only specify one of these parameters: amount_off, percent_off.');
  }
  if (percent !== undefined && (percent <= 0 || percent > 100)) {
    throw badRequest('The percentage must be greater than 0 and at most 100.', {
      param: 'percent_off',
    });
  }
  if (amount === undefined) return;
  if (amount < 1) throw badRequest('Invalid positive integer', { param: 'amount_off' });
  if (currency === undefined) throw missingParameter('currency');
  checkCurrency(currency, 'currency');
}

function newCoupon(world: StripeWorld, params: Stripe.CouponCreateParams): Stripe.Coupon {
  return {
    id: params.id ?? randomId('', 8),
    object: 'coupon',
    amount_off: params.amount_off ?? null,
    created: world.now(),
    currency: params.currency?.toLowerCase() ?? null,
    duration: params.duration ?? 'once',
    duration_in_months: null,
    livemode: false,
    max_redemptions: params.max_redemptions ?? null,
    metadata: mergeMetadata({}, params.metadata),
    name: orNull(params.name),
    percent_off: params.percent_off ?? null,
    redeem_by: params.redeem_by ?? null,
    times_redeemed: 0,
    valid: true,
  } satisfies Stripe.Coupon;
}

function shown(world: StripeWorld, coupon: Stripe.Coupon): Stripe.Coupon {
  return { ...coupon, valid: isValid(world, coupon) };
}

function isValid(world: StripeWorld, coupon: Stripe.Coupon): boolean {
  const { max_redemptions: most, redeem_by: until, times_redeemed: times } = coupon;
  return (most === null || times < most) && (until === null || world.now() <= until);
}
