import type Stripe from 'stripe';
import { randomId } from '../random-id.ts';
import { endpoint } from './endpoint.ts';
import { badRequest, refuseUnplayed } from './stripe-problem.ts';
import { equals, mergeMetadata, orNull, type StripeWorld } from './stripe-world.ts';

type NewProduct = Pick<
  Stripe.ProductCreateParams,
  | 'id'
  | 'name'
  | 'active'
  | 'description'
  | 'images'
  | 'metadata'
  | 'statement_descriptor'
  | 'unit_label'
  | 'url'
>;

/** A product of the books, announced. Throws a 400 when its id is taken. */
export function createProduct(world: StripeWorld, given: NewProduct): Stripe.Product {
  if (given.id !== undefined && world.find('product', given.id) !== undefined) {
    throw badRequest('Product already exists.', { code: 'resource_already_exists', param: 'id' });
  }
  const product = {
    id: given.id ?? randomId('prod_', 14),
    object: 'product',
    active: given.active ?? true,
    created: world.now(),
    default_price: null,
    description: orNull(given.description),
    images: given.images ?? [],
    livemode: false,
    marketing_features: [],
    metadata: mergeMetadata({}, given.metadata),
    name: given.name,
    package_dimensions: null,
    shippable: null,
    statement_descriptor: orNull(given.statement_descriptor),
    tax_code: null,
    tax_details: null,
    type: 'service',
    unit_label: orNull(given.unit_label),
    updated: world.now(),
    url: orNull(given.url),
  } satisfies Stripe.Product;
  world.add('product', product);
  world.announce('product.created', product);
  return product;
}

export const productEndpoints = [
  endpoint('POST /v1/products', 'product', 'create', ({ world, params }) => {
    refuseUnplayed(params, ['default_price_data']);
    return createProduct(world, params);
  }),
  endpoint('GET /v1/products', 'product', 'list', ({ world, params, path }) =>
    world.list('product', path, params, [
      ...equals({ active: params.active, url: params.url }),
      ...(params.ids === undefined ? [] : [['id', 'IN', params.ids] as const]),
    ]),
  ),
  endpoint('GET /v1/products/:id', 'product', 'retrieve', ({ world, id }) =>
    world.get('product', id),
  ),
  endpoint('POST /v1/products/:id', 'product', 'update', ({ world, params, id }) => {
    const before = world.get('product', id);
    const changes: Partial<Stripe.Product> = { updated: world.now() };
    if (params.name !== undefined) changes.name = params.name;
    if (params.active !== undefined) changes.active = params.active;
    if (params.description !== undefined) changes.description = orNull(params.description);
    if (params.unit_label !== undefined) changes.unit_label = orNull(params.unit_label);
    if (params.default_price !== undefined) {
      changes.default_price = world.get('price', params.default_price, 'default_price').id;
    }
    if (params.metadata !== undefined) {
      changes.metadata = mergeMetadata(before.metadata, params.metadata);
    }
    const { object, previous } = world.change('product', id, changes);
    world.announce('product.updated', object, previous);
    return object;
  }),
];
