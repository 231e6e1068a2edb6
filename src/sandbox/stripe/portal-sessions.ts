import type Stripe from 'stripe';
import { randomId } from '../random-id.ts';
import { endpoint } from './endpoint.ts';
import { badRequest, missingParameter, refuseUnplayed } from './stripe-problem.ts';
import { equals, orNull, type StripeWorld } from './stripe-world.ts';

type Params = Stripe.BillingPortal.SessionCreateParams;
type Flow = Stripe.BillingPortal.Session.Flow;

/** How long the address of a portal opens it, in seconds. */
const LIFETIME = 3600;

export const portalEndpoints = [
  endpoint('POST /v1/billing_portal/sessions', 'portalSession', 'create', ({ world, params }) => {
    refuseUnplayed(params, ['configuration', 'on_behalf_of', 'customer_account']);
    if (params.customer === undefined) throw missingParameter('customer');
    const customer = world.get('customer', params.customer, 'customer');
    const session = {
      id: randomId('bps_1'),
      object: 'billing_portal.session',
      configuration: 'bpc_sandbox',
      created: world.now(),
      customer: customer.id,
      customer_account: null,
      flow: params.flow_data === undefined ? null : flowOf(world, customer.id, params.flow_data),
      livemode: false,
      locale: params.locale ?? null,
      on_behalf_of: null,
      return_url: orNull(params.return_url),
      url: world.pageUrl(`/portal/${randomId('test_', 40)}`),
    } satisfies Stripe.BillingPortal.Session;
    return world.add('billing_portal.session', session);
  }),
];

/** The session that an address opens; undefined for an unknown or an old one. */
export function openPortal(
  world: StripeWorld,
  secret: string,
): Stripe.BillingPortal.Session | undefined {
  const url = world.pageUrl(`/portal/${secret}`);
  const [session] = world.books.all<Stripe.BillingPortal.Session>(
    'billing_portal.session',
    equals({ url }),
  );
  return session !== undefined && world.now() - session.created < LIFETIME ? session : undefined;
}

function flowOf(
  world: StripeWorld,
  customerId: string,
  data: NonNullable<Params['flow_data']>,
): Flow {
  checkFlow(world, customerId, data);
  const confirm = data.subscription_update_confirm;
  return {
    after_completion: {
      hosted_confirmation: null,
      redirect:
        data.after_completion?.redirect === undefined
          ? null
          : { return_url: data.after_completion.redirect.return_url },
      type: data.after_completion?.type ?? 'portal_homepage',
    },
    customer_update: null,
    subscription_cancel: null,
    subscription_pause: null,
    subscription_update: null,
    subscription_update_confirm:
      confirm === undefined
        ? null
        : {
            discounts: null,
            items: confirm.items.map((item) => ({
              id: item.id,
              price: item.price ?? null,
              quantity: item.quantity ?? 1,
            })),
            subscription: confirm.subscription,
          },
    type: data.type,
  };
}

function checkFlow(
  world: StripeWorld,
  customerId: string,
  data: NonNullable<Params['flow_data']>,
): void {
  const confirm = data.subscription_update_confirm;
  if (data.type !== 'subscription_update_confirm' && data.type !== 'payment_method_update') {
    throw badRequest(`This sandbox does not play the flow \`${data.type}\`.`, {
      param: 'flow_data[type]',
    });
  }
  if (data.type !== 'subscription_update_confirm') return;
  if (confirm === undefined) throw missingParameter('flow_data[subscription_update_confirm]');
  const subscription = world.get('subscription', confirm.subscription, 'flow_data');
  if (subscription.customer !== customerId) {
    throw badRequest("The subscription is not this customer's.", { param: 'flow_data' });
  }
  for (const { price } of confirm.items) {
    if (price !== undefined) world.get('price', price, 'flow_data');
  }
}
