import { randomId } from '../random-id.ts';
import { badRequest, refuseUnplayed } from './creem-problem.ts';
import { isoOf, MODE, type Product } from './creem-world.ts';
import { endpoint, pageOf, plainEndpoint } from './endpoint.ts';
import type { CreemWire } from './parameters.ts';

const UNPLAYED = ['trial_price', 'pay_what_you_want', 'usage_prices', 'features'];
const SMALLEST = 100;

/** The interval and count of each preset; `custom` brings its own. */
const CADENCES: Readonly<Record<string, readonly [string, number]>> = {
  'every-day': ['day', 1],
  'every-month': ['month', 1],
  'every-three-months': ['month', 3],
  'every-six-months': ['month', 6],
  'every-year': ['year', 1],
};

export const productEndpoints = [
  endpoint('POST /v1/products', 'createProduct', ({ world, params }) => {
    refuseUnplayed(params, UNPLAYED);
    checkPrice(params.price);
    const now = isoOf(world.now());
    const product = {
      id: randomId('prod_', 22),
      mode: MODE,
      object: 'product',
      name: params.name,
      description: params.description,
      price: params.price,
      currency: params.currency,
      billing_type: params.billing_type,
      ...cadenceOf(params),
      trial_period_days: params.trial_period_days ?? null,
      trial_price: null,
      status: 'active',
      tax_mode: params.tax_mode ?? 'exclusive',
      tax_category: params.tax_category ?? 'saas',
      default_success_url: params.default_success_url ?? null,
      created_at: now,
      updated_at: now,
    } satisfies Product;
    return world.add('product', product);
  }),
  endpoint('GET /v1/products/search', 'searchProducts', ({ world, params }) =>
    pageOf(
      world.all('product', params.status === undefined ? [] : [['status', '=', params.status]]),
      params.page_number,
      params.page_size,
    ),
  ),
  plainEndpoint('GET /v1/products/:id', ({ world, id }) => world.get('product', id)),
  endpoint('PATCH /v1/products/:id', 'updateProduct', ({ world, params, id }) => {
    refuseUnplayed(params, [
      ...UNPLAYED,
      'billing_type',
      'billing_period',
      'currency',
      'trial_period_days',
    ]);
    if (params.price !== undefined) checkPrice(params.price);
    const { name, description, price } = { ...world.get('product', id), ...params };
    return world.change('product', id, {
      name,
      description,
      price,
      updated_at: isoOf(world.now()),
    });
  }),
];

function cadenceOf(params: CreemWire['createProduct']) {
  const { billing_type: type, billing_period: period } = params;
  if (type === 'onetime') {
    if (params.trial_period_days !== undefined) {
      throw badRequest('trial_period_days is only supported for recurring products');
    }
    return { billing_period: 'once', recurring_interval: null, recurring_interval_count: null };
  }
  if (period === undefined || period === 'once') {
    throw badRequest('billing_period is required for recurring products');
  }
  const { recurring_interval: unit, recurring_interval_count: count } = params;
  const [interval, every] = CADENCES[period] ?? [unit, count];
  if (interval === undefined || every === undefined) {
    throw badRequest('recurring_interval and recurring_interval_count are required');
  }
  return { billing_period: period, recurring_interval: interval, recurring_interval_count: every };
}

function checkPrice(price: number): void {
  if (price === 0 || price >= SMALLEST) return;
  throw badRequest(`price must be 0 or at least ${SMALLEST}`);
}
