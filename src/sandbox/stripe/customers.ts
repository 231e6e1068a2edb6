import type Stripe from 'stripe';
import { randomId } from '../random-id.ts';
import { endpoint } from './endpoint.ts';
import { badRequest, noSuch, refuseUnplayed } from './stripe-problem.ts';
import { equals, mergeMetadata, orNull, type StripeWorld } from './stripe-world.ts';

/** A customer of the books, announced. Fields that the sandbox does not play with stay empty. */
export function createCustomer(
  world: StripeWorld,
  given: Pick<
    Stripe.CustomerCreateParams,
    'email' | 'name' | 'phone' | 'description' | 'address'
  > & {
    metadata?: Stripe.CustomerCreateParams['metadata'];
  },
): Stripe.Customer {
  const customer = {
    id: randomId('cus_', 14),
    object: 'customer',
    address: addressOf(given.address),
    balance: 0,
    created: world.now(),
    currency: null,
    default_source: null,
    delinquent: false,
    description: orNull(given.description),
    discount: null,
    email: orNull(given.email),
    invoice_prefix: randomId('', 8).toUpperCase(),
    invoice_settings: {
      custom_fields: null,
      default_payment_method: null,
      footer: null,
      rendering_options: null,
    },
    livemode: false,
    metadata: mergeMetadata({}, given.metadata),
    name: orNull(given.name),
    next_invoice_sequence: 1,
    phone: orNull(given.phone),
    preferred_locales: [],
    shipping: null,
    tax_exempt: 'none',
    test_clock: null,
  } satisfies Stripe.Customer;
  world.add('customer', customer);
  world.announce('customer.created', customer);
  return customer;
}

export const customerEndpoints = [
  endpoint('POST /v1/customers', 'customer', 'create', ({ world, params }) => {
    refuseUnplayed(params, UNPLAYED);
    const customer = createCustomer(world, params);
    const card = params.payment_method ?? params.invoice_settings?.default_payment_method;
    if (card !== undefined) throw noSuch('PaymentMethod', card, 'payment_method');
    return customer;
  }),
  endpoint('GET /v1/customers', 'customer', 'list', ({ world, params, path }) =>
    world.list('customer', path, params, equals({ email: params.email })),
  ),
  endpoint('GET /v1/customers/search', 'customer', 'search', ({ world, params, path }) => {
    const [, key = '', value = ''] = /^metadata\['(\w+)'\]:'([^']*)'$/.exec(params.query) ?? [];
    if (key === '') {
      throw badRequest('This sandbox searches by one value of the metadata.', { param: 'query' });
    }
    const data = world.books.all<Stripe.Customer>(
      'customer',
      equals({ [`metadata.${key}`]: value }),
    );
    return { object: 'search_result', data, has_more: false, next_page: null, url: path };
  }),
  endpoint('GET /v1/customers/:id', 'customer', 'retrieve', ({ world, id }) =>
    world.get('customer', id),
  ),
  endpoint('POST /v1/customers/:id', 'customer', 'update', ({ world, params, id }) => {
    refuseUnplayed(params, UNPLAYED);
    const customer = world.get('customer', id);
    const changes: Partial<Stripe.Customer> = {};
    for (const field of ['email', 'name', 'phone', 'description'] as const) {
      if (params[field] !== undefined) changes[field] = orNull(params[field]);
    }
    if (params.address !== undefined) changes.address = addressOf(params.address);
    if (params.metadata !== undefined) {
      changes.metadata = mergeMetadata(customer.metadata, params.metadata);
    }
    const card = params.invoice_settings?.default_payment_method;
    if (card !== undefined) {
      if (card !== '')
        ownPaymentMethod(world, id, card, 'invoice_settings[default_payment_method]');
      changes.invoice_settings = {
        ...customer.invoice_settings,
        default_payment_method: orNull(card),
      };
    }
    const { object, previous } = world.change('customer', id, changes);
    world.announce('customer.updated', object, previous);
    return object;
  }),
  endpoint(
    'GET /v1/customers/:id/payment_methods',
    'customer',
    'listPaymentMethods',
    ({ world, params, id, path }) => {
      world.get('customer', id);
      return world.list(
        'payment_method',
        path,
        params,
        equals({ customer: id, type: params.type, allow_redisplay: params.allow_redisplay }),
      );
    },
  ),
];

const UNPLAYED = ['balance', 'cash_balance', 'source', 'tax_id_data', 'test_clock'];

function addressOf(
  given: Stripe.Emptyable<Stripe.AddressParam> | undefined,
): Stripe.Address | null {
  if (given === undefined || given === null || given === '') return null;
  return {
    city: orNull(given.city),
    country: orNull(given.country),
    line1: orNull(given.line1),
    line2: orNull(given.line2),
    postal_code: orNull(given.postal_code),
    state: orNull(given.state),
  };
}

/** The payment method, when it is this customer's. */
export function ownPaymentMethod(
  world: StripeWorld,
  customerId: string,
  id: string,
  param: string,
): Stripe.PaymentMethod {
  const method = world.get('payment_method', id, param);
  if (method.customer !== customerId) throw noSuch('PaymentMethod', id, param);
  return method;
}
