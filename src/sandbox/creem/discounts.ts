import type { DiscountEntity$Outbound } from 'creem/models/components';
import { randomId } from '../random-id.ts';
import { badRequest, conflict, notFound, refuseUnplayed } from './creem-problem.ts';
import { type CreemWorld, MODE, type Product, secondsOf } from './creem-world.ts';
import { endpoint, plainEndpoint } from './endpoint.ts';
import type { CreemWire } from './parameters.ts';

export type Discount = DiscountEntity$Outbound;

/** What is left to pay is nothing that Creem is known to charge below this, in minor units. */
const SMALLEST = 100;

export const discountEndpoints = [
  endpoint('POST /v1/discounts', 'createDiscount', ({ world, params }) => {
    refuseUnplayed(params, ['duration_in_months']);
    checkTerms(world, params);
    const code = params.code ?? randomId('', 10).toUpperCase();
    if (byCode(world, code) !== undefined)
      throw conflict('A discount with this code exists already');
    for (const product of params.applies_to_products) world.get('product', product);
    return world.add('discount', {
      ...params,
      id: randomId('dis_', 22),
      mode: MODE,
      object: 'discount',
      status: 'active',
      code,
      redeem_count: 0,
    } satisfies Discount);
  }),
  endpoint('GET /v1/discounts', 'retrieveDiscount', ({ world, params }) => {
    const { discount_id: id, discount_code: code } = params;
    if ((id === undefined) === (code === undefined)) {
      throw badRequest('discount_id or discount_code must be given, and not both');
    }
    const found = id === undefined ? byCode(world, code ?? '') : world.get('discount', id);
    if (found === undefined) throw notFound('Discount');
    return { ...found, status: statusOf(world, found) };
  }),
  plainEndpoint('DELETE /v1/discounts/:id/delete', ({ world, id }) =>
    world.change('discount', id, { status: 'deleted' }),
  ),
];

/** The discount that a code means for a product. Throws a 400 when it means none. */
export function discountFor(world: CreemWorld, code: string, product: Product): Discount {
  const discount = byCode(world, code);
  if (discount === undefined || !isUsable(world, discount)) {
    throw badRequest('Discount code is invalid or expired');
  }
  if (!discount.applies_to_products?.includes(product.id)) {
    throw badRequest('Discount code does not apply to this product');
  }
  if (discount.type === 'fixed' && discount.currency !== product.currency) {
    throw badRequest(`Discount code is in ${discount.currency}`);
  }
  return discount;
}

/** Whether a discount still takes something off. */
export function isUsable(world: CreemWorld, discount: Discount): boolean {
  const { max_redemptions: most, redeem_count: times = 0 } = discount;
  return statusOf(world, discount) === 'active' && (most === undefined || times < most);
}

/** What a discount takes off an amount, in minor units. */
export function amountOff({ type, amount, percentage }: Discount, price: number): number {
  if (type === 'percentage') return Math.round((price * (percentage ?? 0)) / 100);
  return Math.min(amount ?? 0, price);
}

/** Throws a 400 for a discount that leaves less than is known to be charged. */
export function checkRest(discount: Discount, price: number): void {
  if (price - amountOff(discount, price) >= SMALLEST) return;
  throw badRequest(`This sandbox plays no total below ${SMALLEST} after a discount`);
}

export function redeem(world: CreemWorld, { id }: Discount): void {
  const { redeem_count: times = 0 } = world.get('discount', id);
  world.change('discount', id, { redeem_count: times + 1 });
}

/** As a checkout or a subscription shows it; its names stay in camel case there. */
export function shownDiscount({ id, code, name, type, amount, percentage, duration }: Discount) {
  const value = type === 'percentage' ? percentage : amount;
  return {
    id,
    discountCode: code,
    name,
    type,
    ...(value === undefined ? {} : { amount: value }),
    ...(duration === undefined ? {} : { duration }),
  };
}

/** The code of one that was deleted is free again. */
function byCode(world: CreemWorld, code: string): Discount | undefined {
  const [found] = world.all('discount', [
    ['code', '=', code],
    ['status', '=', 'active'],
  ]);
  return found;
}

function statusOf(world: CreemWorld, { status, expiry_date: expiry }: Discount): string {
  const isOver = expiry !== undefined && secondsOf(expiry) <= world.now();
  return status === 'active' && isOver ? 'expired' : status;
}

function checkTerms(world: CreemWorld, params: CreemWire['createDiscount']): void {
  const { type, amount, currency, percentage, expiry_date: expiry } = params;
  if (params.code !== undefined && !/^[A-Za-z0-9_-]{1,64}$/.test(params.code)) {
    throw badRequest('code has other characters');
  }
  if (params.applies_to_products.length === 0) {
    throw badRequest('applies_to_products should not be empty');
  }
  if (type === 'fixed' && (amount === undefined || amount <= 0 || currency === undefined)) {
    throw badRequest('amount and currency are required for a fixed discount');
  }
  if (type === 'percentage' && (percentage === undefined || percentage <= 0 || percentage > 100)) {
    throw badRequest('percentage must be above 0 and at most 100');
  }
  if (params.duration === 'repeating') {
    throw badRequest('This sandbox does not play the duration repeating.');
  }
  if (expiry !== undefined && secondsOf(expiry) <= world.now()) {
    throw badRequest('expiry_date must be in the future');
  }
}
