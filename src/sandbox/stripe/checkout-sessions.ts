import type Stripe from 'stripe';
import { type CheckoutLine, checkoutLines } from './checkout-lines.ts';
import { newSession } from './checkout-session-object.ts';
import { couponOf } from './discounts.ts';
import { endpoint } from './endpoint.ts';
import { badRequest, missingParameter, noSuch, refuseUnplayed } from './stripe-problem.ts';
import {
  asList,
  equals,
  mergeMetadata,
  orNull,
  pageSize,
  type StripeWorld,
} from './stripe-world.ts';

type Params = Stripe.Checkout.SessionCreateParams;

/** What a session will do once it is completed, and what its page shows: not part of the object. */
export interface CheckoutPlan {
  readonly lines: readonly CheckoutLine[];
  /** The coupon that it is discounted by. */
  readonly coupon: string | null;
  readonly trialDays: number | null;
  /** Unix seconds. */
  readonly trialEnd: number | null;
  readonly subscriptionMetadata: Stripe.Metadata;
  readonly subscriptionDescription: string | null;
  readonly missingPaymentMethod: string;
  readonly paymentMetadata: Stripe.Metadata;
  readonly paymentDescription: string | null;
  readonly receiptEmail: string | null;
  readonly setupFutureUsage: Stripe.PaymentIntent.SetupFutureUsage | null;
  readonly statementDescriptor: string | null;
}

const HOUR = 3600;
const LIFETIME = 24 * HOUR;
const SHORTEST_LIFETIME = HOUR / 2;

/** What is to happen when a session is completed. */
export function planOf(world: StripeWorld, sessionId: string): CheckoutPlan {
  return world.hidden('checkout.session', sessionId) as unknown as CheckoutPlan;
}

/** Closes a session that nobody completed and announces it. */
export function expireSession(world: StripeWorld, id: string): Stripe.Checkout.Session {
  world.books.setDue(id, null);
  const { object } = world.change('checkout.session', id, { status: 'expired', url: null });
  world.announce('checkout.session.expired', object);
  return object;
}

export const checkoutSessionEndpoints = [
  endpoint('POST /v1/checkout/sessions', 'checkoutSession', 'create', ({ world, params }) => {
    checkMode(params);
    checkParties(world, params);
    const expiresAt = expiryOf(world, params.expires_at);
    const trial = trialOf(world, params);
    const coupon = couponOf(world, params);
    const lines = checkoutLines(world, params, coupon);
    const session = newSession(world, params, lines, expiresAt);
    const plan = { ...planFor(params, lines), ...trial, coupon: coupon?.id ?? null };
    world.add('checkout.session', session, plan);
    world.books.setDue(session.id, expiresAt);
    return session;
  }),
  endpoint('GET /v1/checkout/sessions', 'checkoutSession', 'list', ({ world, params, path }) =>
    world.list(
      'checkout.session',
      path,
      params,
      equals({
        customer: params.customer,
        payment_intent: params.payment_intent,
        subscription: params.subscription,
        status: params.status,
        'customer_details.email': params.customer_details?.email,
      }),
    ),
  ),
  endpoint('GET /v1/checkout/sessions/:id', 'checkoutSession', 'retrieve', ({ world, id }) =>
    world.get('checkout.session', id),
  ),
  endpoint(
    'POST /v1/checkout/sessions/:id/expire',
    'checkoutSession',
    'expire',
    ({ world, id }) => {
      const session = world.get('checkout.session', id);
      if (session.status === 'open') return expireSession(world, id);
      throw badRequest(
        `Only Checkout Sessions with a status in ["open"] can be expired. This Checkout Session has a status of ${session.status}.`,
      );
    },
  ),
  endpoint(
    'GET /v1/checkout/sessions/:id/line_items',
    'checkoutSession',
    'listLineItems',
    ({ world, params, id, path }) => {
      world.get('checkout.session', id);
      return lineItems(world, id, path, params);
    },
  ),
];

/** The items of a session in their order. */
export function lineItems(
  world: StripeWorld,
  id: string,
  path: string,
  params: Stripe.Checkout.SessionListLineItemsParams,
): Stripe.ApiList<Stripe.LineItem> {
  const items = planOf(world, id).lines.map((line) => line.item);
  const from = items.findIndex((item) => item.id === params.starting_after) + 1;
  if (params.starting_after !== undefined && from === 0) {
    throw noSuch('item', params.starting_after, 'starting_after');
  }
  const end = from + pageSize(params);
  return asList(
    { data: items.slice(from, end), hasMore: end < items.length },
    path,
    params,
    'item',
  );
}

function checkMode(params: Params): void {
  if (params.mode === undefined) throw missingParameter('mode');
  if (params.mode === 'setup') {
    throw badRequest('This sandbox does not play `setup` mode.', { param: 'mode' });
  }
  if (params.ui_mode !== undefined && params.ui_mode !== 'hosted_page') {
    throw badRequest('This sandbox plays the hosted page only.', { param: 'ui_mode' });
  }
  refuseUnplayed(params, ['optional_items', 'shipping_options', 'custom_fields']);
  for (const name of ['success_url', 'cancel_url'] as const) checkUrl(params[name], name);
  if (params.success_url === undefined) throw missingParameter('success_url');
  const other = params.mode === 'payment' ? 'subscription_data' : 'payment_intent_data';
  if (params[other] !== undefined) {
    throw badRequest(`You can not pass \`${other}\` in \`${params.mode}\` mode.`, { param: other });
  }
  if (params.mode === 'subscription' && params.invoice_creation?.enabled) {
    throw badRequest('You can not pass `invoice_creation` in `subscription` mode.', {
      param: 'invoice_creation',
    });
  }
}

function checkUrl(url: string | undefined, param: string): void {
  if (url === undefined) return;
  const filled = url.replaceAll('{CHECKOUT_SESSION_ID}', 'id');
  if (URL.canParse(filled) && /^https?:$/.test(new URL(filled).protocol)) return;
  throw badRequest('Not a valid URL', { code: 'url_invalid', param });
}

function checkParties(world: StripeWorld, params: Params): void {
  if (params.customer !== undefined) {
    if (params.customer_email !== undefined) {
      throw badRequest('You may only specify one of these parameters: customer, customer_email.');
    }
    world.get('customer', params.customer, 'customer');
  }
  if ((params.client_reference_id ?? '').length > 200) {
    throw badRequest('Invalid string: must be at most 200 characters', {
      param: 'client_reference_id',
    });
  }
}

function expiryOf(world: StripeWorld, asked: number | undefined): number {
  const now = world.now();
  if (asked === undefined) return now + LIFETIME;
  if (asked < now + SHORTEST_LIFETIME) {
    throw badRequest(
      'The `expires_at` timestamp must be at least 30 minutes from Checkout Session creation.',
      { param: 'expires_at' },
    );
  }
  if (asked <= now + LIFETIME + 1) return asked;
  throw badRequest(
    'The `expires_at` timestamp must be less than 24 hours from Checkout Session creation.',
    { param: 'expires_at' },
  );
}

function trialOf(world: StripeWorld, params: Params): Pick<CheckoutPlan, 'trialDays' | 'trialEnd'> {
  const days = params.subscription_data?.trial_period_days;
  const end = params.subscription_data?.trial_end;
  if (days !== undefined && end !== undefined) {
    throw badRequest('You may only specify one of these parameters: trial_end, trial_period_days.');
  }
  if (days !== undefined && (days < 1 || days > 730)) {
    throw badRequest('The trial must last between 1 and 730 days.', {
      param: 'subscription_data[trial_period_days]',
    });
  }
  if (end !== undefined && end < world.now() + 48 * HOUR) {
    throw badRequest('The `trial_end` date has to be at least 2 days in the future.', {
      param: 'subscription_data[trial_end]',
    });
  }
  return { trialDays: days ?? null, trialEnd: end ?? null };
}

function planFor(params: Params, lines: readonly CheckoutLine[]) {
  const subscription = params.subscription_data;
  const payment = params.payment_intent_data;
  refuseUnplayed(subscription ?? {}, [
    'billing_cycle_anchor',
    'billing_cycle_anchor_config',
    'pending_invoice_item_interval',
  ]);
  if (payment?.capture_method === 'manual') {
    throw badRequest('This sandbox does not play capturing by hand.', {
      param: 'payment_intent_data[capture_method]',
    });
  }
  return {
    lines,
    subscriptionMetadata: mergeMetadata({}, subscription?.metadata),
    subscriptionDescription: orNull(subscription?.description),
    missingPaymentMethod:
      subscription?.trial_settings?.end_behavior.missing_payment_method ?? 'create_invoice',
    paymentMetadata: mergeMetadata({}, payment?.metadata),
    paymentDescription: orNull(payment?.description),
    receiptEmail: orNull(payment?.receipt_email),
    setupFutureUsage: payment?.setup_future_usage ?? null,
    statementDescriptor: orNull(payment?.statement_descriptor),
  } satisfies Omit<CheckoutPlan, 'trialDays' | 'trialEnd' | 'coupon'>;
}
