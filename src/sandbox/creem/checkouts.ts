import { randomId } from '../random-id.ts';
import { badRequest, refuseUnplayed } from './creem-problem.ts';
import { type Checkout, type CreemWorld, MODE, type Product } from './creem-world.ts';
import { customerByEmail } from './customers.ts';
import {
  amountOff,
  checkRest,
  type Discount,
  discountFor,
  isUsable,
  shownDiscount,
} from './discounts.ts';
import { endpoint } from './endpoint.ts';
import type { CreemWire } from './parameters.ts';

/** How long a page stays open, in seconds. Creem names no lifetime, and announces the end of none. */
const LIFETIME = 24 * 3600;
const SMALLEST = 100;
const LARGEST = 99_999_999;

export const checkoutEndpoints = [
  endpoint('POST /v1/checkouts', 'createCheckout', ({ world, params }) => {
    refuseUnplayed(params, ['affiliate_code', 'custom_fields', 'custom_field']);
    checkProduct(world, params);
    const customer = customerOf(world, params);
    const discount = discountOf(world, params);
    const id = randomId('ch_', 22);
    const checkout: Checkout = {
      id,
      mode: MODE,
      object: 'checkout',
      status: 'pending',
      ...(params.request_id === undefined ? {} : { request_id: params.request_id }),
      product: params.product_id,
      units: params.units ?? 1,
      ...(params.custom_price === undefined ? {} : { custom_price: params.custom_price }),
      ...(customer === undefined ? {} : { customer }),
      checkout_url: world.pageUrl(`/checkout/${id}`),
      success_url: params.success_url ?? null,
      metadata: params.metadata ?? {},
      ...(discount === null ? {} : { discount: shownDiscount(discount) }),
    };
    world.add('checkout', checkout);
    world.books.setDue(id, world.now() + LIFETIME);
    return checkout;
  }),
  endpoint('GET /v1/checkouts', 'retrieveCheckout', ({ world, params }) =>
    world.get('checkout', params.checkout_id),
  ),
];

/** The time of a page that nobody has paid on is over. */
export function expireCheckout(world: CreemWorld, id: string): void {
  world.books.setDue(id, null);
  if (world.get('checkout', id).status === 'pending') {
    world.change('checkout', id, { status: 'expired' });
  }
}

/** What a checkout costs at once, and what was taken off it, in minor units; nothing while a trial lasts. */
export function dueNow(
  world: CreemWorld,
  checkout: Checkout,
): { readonly amount: number; readonly discountAmount: number } {
  const product = world.get('product', checkout.product);
  if (product.trial_period_days != null) return { amount: 0, discountAmount: 0 };
  const whole = wholePrice(product, checkout);
  const discount = usedDiscount(world, checkout);
  const discountAmount = discount === null ? 0 : amountOff(discount, whole);
  return { amount: whole - discountAmount, discountAmount };
}

/** The discount of a checkout, as long as it can be used. */
export function usedDiscount(world: CreemWorld, { discount: shown }: Checkout): Discount | null {
  const discount = shown?.id === undefined ? undefined : world.find('discount', shown.id);
  return discount !== undefined && isUsable(world, discount) ? discount : null;
}

function discountOf(world: CreemWorld, params: CreemWire['createCheckout']): Discount | null {
  if (params.discount_code === undefined) return null;
  const product = world.get('product', params.product_id);
  const discount = discountFor(world, params.discount_code, product);
  checkRest(discount, wholePrice(product, params));
  return discount;
}

function wholePrice(
  product: Product,
  { custom_price: price, units }: { custom_price?: number | undefined; units?: number | undefined },
): number {
  return (price ?? product.price) * (units ?? 1);
}

function checkProduct(world: CreemWorld, params: CreemWire['createCheckout']): void {
  const product = world.get('product', params.product_id);
  if (product.status !== 'active') throw badRequest('Product is archived');
  const { custom_price: price } = params;
  if (price === undefined) return;
  if (product.billing_type !== 'onetime') {
    throw badRequest('custom_price is only supported for one-time payment products');
  }
  if (price < SMALLEST || price > LARGEST) {
    throw badRequest(`custom_price must be between ${SMALLEST} and ${LARGEST}`);
  }
}

function customerOf(
  world: CreemWorld,
  { customer }: CreemWire['createCheckout'],
): string | undefined {
  if (customer?.id !== undefined && customer.email !== undefined) {
    throw badRequest('customer.id and customer.email exclude each other');
  }
  if (customer?.id !== undefined) return world.get('customer', customer.id).id;
  return customer?.email === undefined ? undefined : customerByEmail(world, customer.email)?.id;
}
