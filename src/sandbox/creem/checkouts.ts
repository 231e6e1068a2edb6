import { randomId } from '../random-id.ts';
import { badRequest, refuseUnplayed } from './creem-problem.ts';
import { type Checkout, type CreemWorld, MODE } from './creem-world.ts';
import { customerByEmail } from './customers.ts';
import { endpoint } from './endpoint.ts';
import type { CreemWire } from './parameters.ts';

/** How long a page stays open, in seconds. Creem names no lifetime, and announces the end of none. */
const LIFETIME = 24 * 3600;
const SMALLEST = 100;
const LARGEST = 99_999_999;

export const checkoutEndpoints = [
  endpoint('POST /v1/checkouts', 'createCheckout', ({ world, params }) => {
    refuseUnplayed(params, ['discount_code', 'affiliate_code', 'custom_fields', 'custom_field']);
    checkProduct(world, params);
    const customer = customerOf(world, params);
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

/** What a checkout costs at once, in minor units; nothing while a trial lasts. */
export function dueNow(world: CreemWorld, checkout: Checkout): number {
  const product = world.get('product', checkout.product);
  if (product.trial_period_days != null) return 0;
  return (checkout.custom_price ?? product.price) * (checkout.units ?? 1);
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
