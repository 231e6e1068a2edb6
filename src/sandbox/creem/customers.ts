import { randomId } from '../random-id.ts';
import { badRequest, conflict, notFound } from './creem-problem.ts';
import { type CreemWorld, type Customer, isoOf, MODE, type PortalLink } from './creem-world.ts';
import { endpoint } from './endpoint.ts';

/** How long a portal's address opens it, in seconds. */
const PORTAL_LIFETIME = 3600;

export const customerEndpoints = [
  endpoint('POST /v1/customers', 'createCustomer', ({ world, params }) =>
    createCustomer(world, {
      email: params.email,
      name: params.name,
      external_id: params.external_id ?? null,
      metadata: params.metadata ?? null,
    }),
  ),
  endpoint('PATCH /v1/customers', 'updateCustomer', ({ world, params }) => {
    const { customer_id: id, ...changes } = params;
    const before = world.get('customer', id);
    if (changes.email !== undefined) checkEmail(world, changes.email, id);
    if (changes.external_id != null) checkExternalId(world, changes.external_id, id);
    return world.change('customer', id, {
      ...changes,
      email: (changes.email ?? before.email).toLowerCase(),
      updated_at: isoOf(world.now()),
    });
  }),
  endpoint('GET /v1/customers', 'retrieveCustomer', ({ world, params }) => {
    const { customer_id: id, email } = params;
    if ((id === undefined) === (email === undefined)) {
      throw badRequest('customer_id or email must be given, and not both');
    }
    if (id !== undefined) return world.get('customer', id);
    const customer = customerByEmail(world, email ?? '');
    if (customer === undefined) throw notFound('Customer');
    return customer;
  }),
  endpoint('POST /v1/customers/billing', 'createPortalLink', ({ world, params }) => {
    const { id: customer } = world.get('customer', params.customer_id);
    const link = { id: randomId('', 40), customer, created: world.now() };
    world.add('portal_link', link);
    return { customer_portal_link: world.pageUrl(`/portal/${link.id}`) };
  }),
];

/** A customer of the books. Throws a 409 when the address, or the merchant's own id, is another one's. */
export function createCustomer(
  world: CreemWorld,
  given: Pick<Customer, 'email' | 'name' | 'external_id' | 'metadata'>,
): Customer {
  checkEmail(world, given.email, null);
  if (given.external_id != null) checkExternalId(world, given.external_id, null);
  const now = isoOf(world.now());
  return world.add('customer', {
    id: randomId('cust_', 22),
    mode: MODE,
    object: 'customer',
    ...given,
    email: given.email.toLowerCase(),
    country: 'US',
    created_at: now,
    updated_at: now,
  });
}

export function customerByEmail(world: CreemWorld, email: string): Customer | undefined {
  return world.all('customer', [['email', '=', email.toLowerCase()]])[0];
}

/** The link that an address holds; undefined for an unknown or an old one. */
export function openPortal(world: CreemWorld, secret: string): PortalLink | undefined {
  const link = world.find('portal_link', secret);
  return link !== undefined && world.now() - link.created < PORTAL_LIFETIME ? link : undefined;
}

function checkEmail(world: CreemWorld, email: string, own: string | null): void {
  if (!/^[^\s@]+@[^\s@]+$/.test(email)) throw badRequest('email must be an email');
  const holder = customerByEmail(world, email);
  if (holder !== undefined && holder.id !== own) {
    throw conflict('A customer with this email exists already');
  }
}

function checkExternalId(world: CreemWorld, externalId: string, own: string | null): void {
  if (!/^[\w-]{1,255}$/.test(externalId)) throw badRequest('external_id has other characters');
  const [holder] = world.all('customer', [['external_id', '=', externalId]]);
  if (holder !== undefined && holder.id !== own) {
    throw conflict('A customer with this external_id exists already');
  }
}
