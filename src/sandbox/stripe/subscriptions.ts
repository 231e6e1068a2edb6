import type Stripe from 'stripe';
import { carryOut, priceChange } from './change-price.ts';
import { ownPaymentMethod } from './customers.ts';
import { endpoint } from './endpoint.ts';
import { badRequest, refuseUnplayed } from './stripe-problem.ts';
import {
  createdWithin,
  equals,
  idOf,
  mergeMetadata,
  orNull,
  type StripeWorld,
} from './stripe-world.ts';
import { scheduleSubscription } from './subscription-due.ts';

/** Ends a subscription now and announces it. */
export function endSubscription(
  world: StripeWorld,
  id: string,
  details: Partial<Stripe.Subscription.CancellationDetails>,
): Stripe.Subscription {
  const before = world.get('subscription', id);
  world.books.setDue(id, null);
  const { object } = world.change('subscription', id, {
    status: 'canceled',
    canceled_at: before.canceled_at ?? world.now(),
    ended_at: world.now(),
    cancellation_details: { ...noDetails(before), ...details },
  });
  world.announce('customer.subscription.deleted', object);
  return object;
}

/** Changes a subscription as its endpoint does, and announces it. Throws what the endpoint refuses. */
export function updateSubscription(
  world: StripeWorld,
  id: string,
  params: Stripe.SubscriptionUpdateParams,
): Stripe.Subscription {
  refuseUnplayed(params, UNPLAYED);
  const before = alive(world.get('subscription', id));
  if (params.items !== undefined && before.schedule !== null) {
    throw badRequest(
      'The subscription is managed by a subscription schedule: change it through the schedule, or release it first.',
    );
  }
  const changes = {
    ...cancellation(world, before, params),
    ...plainChanges(world, before, params),
    ...priceChanges(world, before, params),
  };
  const { object, previous } = world.change('subscription', id, changes);
  scheduleSubscription(world, id);
  if (Object.keys(previous).length > 0) {
    world.announce('customer.subscription.updated', object, previous);
  }
  return object;
}

export const subscriptionEndpoints = [
  endpoint('GET /v1/subscriptions', 'subscription', 'list', ({ world, params, path }) =>
    world.list('subscription', path, params, [
      ...equals({ customer: params.customer, 'items.data[0].price.id': params.price }),
      ...withStatus(params.status),
      ...createdWithin(params.current_period_end, 'items.data[0].current_period_end'),
      ...createdWithin(params.current_period_start, 'items.data[0].current_period_start'),
    ]),
  ),
  endpoint('GET /v1/subscriptions/:id', 'subscription', 'retrieve', ({ world, id }) =>
    world.get('subscription', id),
  ),
  endpoint('POST /v1/subscriptions/:id', 'subscription', 'update', ({ world, params, id }) => {
    return updateSubscription(world, id, params);
  }),
  endpoint('DELETE /v1/subscriptions/:id', 'subscription', 'cancel', ({ world, params, id }) => {
    if (params.invoice_now || params.prorate) {
      refuseUnplayed(params, [params.invoice_now ? 'invoice_now' : 'prorate']);
    }
    alive(world.get('subscription', id));
    return endSubscription(world, id, {
      comment: orNull(params.cancellation_details?.comment),
      feedback: orNull(params.cancellation_details?.feedback),
      reason: 'cancellation_requested',
    });
  }),
];

const UNPLAYED = [
  'add_invoice_items',
  'billing_cycle_anchor',
  'billing_schedules',
  'collection_method',
  'discounts',
  'pause_collection',
  'trial_end',
  'trial_from_plan',
];

function alive(subscription: Stripe.Subscription): Stripe.Subscription {
  if (subscription.status !== 'canceled' && subscription.status !== 'incomplete_expired') {
    return subscription;
  }
  throw badRequest(
    `This subscription is ${subscription.status}: a canceled subscription can only update its metadata and cancellation details, and cannot be canceled again.`,
    { code: 'resource_missing', param: 'id' },
  );
}

type Changes = Partial<Stripe.Subscription>;

/** What a promise to end (or its withdrawal) changes. */
function cancellation(
  world: StripeWorld,
  before: Stripe.Subscription,
  params: Stripe.SubscriptionUpdateParams,
): Changes {
  const atPeriodEnd = params.cancel_at_period_end;
  if (atPeriodEnd === undefined && params.cancel_at === undefined)
    return detailsOnly(before, params);
  if (typeof params.cancel_at === 'string' && params.cancel_at !== '') {
    refuseUnplayed(params, ['cancel_at']);
  }
  const cancelAt = atPeriodEnd
    ? endOfPeriod(before)
    : typeof params.cancel_at === 'number'
      ? params.cancel_at
      : null;
  if (cancelAt === null) {
    return {
      cancel_at: null,
      cancel_at_period_end: false,
      canceled_at: null,
      cancellation_details: { comment: null, feedback: null, feedback_option: null, reason: null },
    };
  }
  return {
    cancel_at: cancelAt,
    cancel_at_period_end: atPeriodEnd === true,
    canceled_at: before.canceled_at ?? world.now(),
    cancellation_details: {
      ...noDetails(before),
      ...givenDetails(params),
      reason: 'cancellation_requested',
    },
  };
}

/** Only what is paid for at once is played: a payment that fails leaves the subscription as it was. */
function priceChanges(
  world: StripeWorld,
  before: Stripe.Subscription,
  params: Stripe.SubscriptionUpdateParams,
): Changes {
  if (params.items === undefined) return {};
  if (params.payment_behavior !== 'error_if_incomplete') {
    throw badRequest('This sandbox plays `error_if_incomplete` when prices change.', {
      param: 'payment_behavior',
    });
  }
  const change = priceChange(world, before, {
    items: params.items,
    behavior: params.proration_behavior,
    date: params.proration_date,
  });
  return carryOut(world, before, change);
}

function plainChanges(
  world: StripeWorld,
  before: Stripe.Subscription,
  params: Stripe.SubscriptionUpdateParams,
): Changes {
  const changes: Changes = {};
  if (params.metadata !== undefined) {
    changes.metadata = mergeMetadata(before.metadata, params.metadata);
  }
  if (params.description !== undefined) changes.description = orNull(params.description);
  if (params.default_payment_method !== undefined) {
    const card = params.default_payment_method;
    if (card !== '') ownPaymentMethod(world, idOf(before.customer), card, 'default_payment_method');
    changes.default_payment_method = orNull(card);
  }
  return changes;
}

function detailsOnly(
  before: Stripe.Subscription,
  params: Stripe.SubscriptionUpdateParams,
): Changes {
  if (params.cancellation_details === undefined) return {};
  return { cancellation_details: { ...noDetails(before), ...givenDetails(params) } };
}

function givenDetails(params: Stripe.SubscriptionUpdateParams) {
  const details: Partial<Stripe.Subscription.CancellationDetails> = {};
  const given = params.cancellation_details;
  if (given?.comment !== undefined) details.comment = orNull(given.comment);
  if (given?.feedback !== undefined) details.feedback = orNull(given.feedback);
  return details;
}

function noDetails(before: Stripe.Subscription): Stripe.Subscription.CancellationDetails {
  return (
    before.cancellation_details ?? {
      comment: null,
      feedback: null,
      feedback_option: null,
      reason: null,
    }
  );
}

function endOfPeriod(subscription: Stripe.Subscription): number {
  return Math.max(...subscription.items.data.map((item) => item.current_period_end));
}

function withStatus(status: string | undefined) {
  const over = ['canceled', 'incomplete_expired'];
  if (status === 'all') return [];
  if (status === undefined) return [['status', 'NOT IN', over] as const];
  if (status === 'ended') return [['status', 'IN', over] as const];
  return [['status', '=', status] as const];
}
