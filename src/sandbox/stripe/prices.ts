import Stripe from 'stripe';
import { randomId } from '../random-id.ts';
import { endpoint } from './endpoint.ts';
import { createProduct } from './products.ts';
import { badRequest, missingParameter, refuseUnplayed } from './stripe-problem.ts';
import { equals, mergeMetadata, orNull, type StripeWorld } from './stripe-world.ts';

export interface NewPrice {
  readonly product: string;
  readonly currency: string;
  readonly unitAmount: number;
  readonly recurring?:
    | { interval: string; interval_count?: number; trial_period_days?: number }
    | undefined;
  readonly active?: boolean | undefined;
  readonly lookupKey?: string | undefined;
  readonly nickname?: string | undefined;
  readonly metadata?: Stripe.MetadataParam | undefined;
  readonly taxBehavior?: Stripe.Price.TaxBehavior | undefined;
}

/** A price of the books, announced. */
export function createPrice(world: StripeWorld, given: NewPrice): Stripe.Price {
  const price = {
    id: randomId('price_1'),
    object: 'price',
    active: given.active ?? true,
    billing_scheme: 'per_unit',
    created: world.now(),
    currency: given.currency.toLowerCase(),
    custom_unit_amount: null,
    livemode: false,
    lookup_key: orNull(given.lookupKey),
    metadata: mergeMetadata({}, given.metadata),
    nickname: orNull(given.nickname),
    product: given.product,
    recurring: given.recurring
      ? {
          interval: given.recurring.interval,
          interval_count: given.recurring.interval_count ?? 1,
          meter: null,
          trial_period_days: given.recurring.trial_period_days ?? null,
          usage_type: 'licensed',
        }
      : null,
    tax_behavior: given.taxBehavior ?? 'unspecified',
    tiers_mode: null,
    transform_quantity: null,
    type: given.recurring ? 'recurring' : 'one_time',
    unit_amount: given.unitAmount,
    unit_amount_decimal: Stripe.Decimal.from(given.unitAmount),
  } satisfies Stripe.Price;
  world.add('price', price);
  world.announce('price.created', price);
  return price;
}

/** The whole minor units of `unit_amount` or `unit_amount_decimal`. Throws a 400 when neither or a fraction is given. */
export function unitAmountOf(
  given: { unit_amount?: number | undefined; unit_amount_decimal?: unknown },
  prefix: (name: string) => string,
): number {
  const amount = given.unit_amount ?? given.unit_amount_decimal;
  if (amount === undefined) throw missingParameter(prefix('unit_amount'));
  const minor = Number(String(amount));
  if (!Number.isSafeInteger(minor)) {
    throw badRequest('This sandbox does not play fractions of the minor unit.', {
      param: prefix('unit_amount_decimal'),
    });
  }
  if (minor < 0) {
    throw badRequest('Invalid non-negative integer', {
      code: 'parameter_invalid_integer',
      param: prefix('unit_amount'),
    });
  }
  return minor;
}

/** Throws a 400 for what is not a currency's code. */
export function checkCurrency(currency: string, param: string): void {
  if (/^[a-z]{3}$/i.test(currency)) return;
  throw badRequest(`Invalid currency: ${currency.toLowerCase()}.`, { param });
}

const UNPLAYED = [
  'tiers',
  'tiers_mode',
  'currency_options',
  'custom_unit_amount',
  'transform_quantity',
];

export const priceEndpoints = [
  endpoint('POST /v1/prices', 'price', 'create', ({ world, params }) => {
    refuseUnplayed(params, [...UNPLAYED, 'billing_scheme']);
    checkCurrency(params.currency, 'currency');
    const unitAmount = unitAmountOf(params, (name) => name);
    if ((params.product === undefined) === (params.product_data === undefined)) {
      throw params.product === undefined
        ? missingParameter('product')
        : badRequest('You may only specify one of these parameters: product, product_data.');
    }
    const product = params.product_data
      ? createProduct(world, params.product_data)
      : world.get('product', params.product ?? '', 'product');
    freeLookupKey(world, params.lookup_key, params.transfer_lookup_key === true);
    return createPrice(world, {
      product: product.id,
      currency: params.currency,
      unitAmount,
      recurring: params.recurring,
      active: params.active,
      lookupKey: params.lookup_key,
      nickname: params.nickname,
      metadata: params.metadata,
      taxBehavior: params.tax_behavior,
    });
  }),
  endpoint('GET /v1/prices', 'price', 'list', ({ world, params, path }) =>
    world.list('price', path, params, [
      ...equals({
        active: params.active,
        product: params.product,
        type: params.type,
        currency: params.currency,
        'recurring.interval': params.recurring?.interval,
      }),
      ...(params.lookup_keys === undefined
        ? []
        : [['lookup_key', 'IN', params.lookup_keys] as const]),
    ]),
  ),
  endpoint('GET /v1/prices/:id', 'price', 'retrieve', ({ world, id }) => world.get('price', id)),
  endpoint('POST /v1/prices/:id', 'price', 'update', ({ world, params, id }) => {
    refuseUnplayed(params, UNPLAYED);
    const before = world.get('price', id);
    const changes: Partial<Stripe.Price> = {};
    if (params.active !== undefined) changes.active = params.active;
    if (params.nickname !== undefined) changes.nickname = orNull(params.nickname);
    if (params.lookup_key !== undefined && params.lookup_key !== before.lookup_key) {
      freeLookupKey(world, params.lookup_key, params.transfer_lookup_key === true);
      changes.lookup_key = orNull(params.lookup_key);
    }
    if (params.metadata !== undefined) {
      changes.metadata = mergeMetadata(before.metadata, params.metadata);
    }
    const { object, previous } = world.change('price', id, changes);
    world.announce('price.updated', object, previous);
    return object;
  }),
];

/** One lookup key belongs to one price: takes it from the present owner when told to. Throws a 400 otherwise. */
function freeLookupKey(world: StripeWorld, key: string | undefined, transfer: boolean): void {
  if (key === undefined || key === '') return;
  for (const owner of world.books.all<Stripe.Price>('price', equals({ lookup_key: key }))) {
    if (!transfer) {
      throw badRequest(
        `A price (${owner.id}) already uses that lookup key. Pass \`transfer_lookup_key: true\` to take it over.`,
        { code: 'resource_already_exists', param: 'lookup_key' },
      );
    }
    const { object, previous } = world.change('price', owner.id, { lookup_key: null });
    world.announce('price.updated', object, previous);
  }
}
