import { endSubscription } from './continue-subscription.ts';
import { badRequest } from './creem-problem.ts';
import { type CreemWorld, type Subscription, secondsOf } from './creem-world.ts';
import { endpoint, plainEndpoint } from './endpoint.ts';
import {
  announceSubscription,
  changeBilling,
  changeSubscription,
  periodOf,
  shown,
} from './subscription-object.ts';
import { upgradeSubscription } from './upgrade-subscription.ts';

export const subscriptionEndpoints = [
  endpoint('GET /v1/subscriptions', 'retrieveSubscription', ({ world, params }) =>
    shown(world, world.get('subscription', params.subscription_id)),
  ),
  endpoint('POST /v1/subscriptions/:id/cancel', 'cancelSubscription', ({ world, params, id }) => {
    const { status } = world.get('subscription', id);
    if (status === 'canceled') throw badRequest('Subscription is already canceled');
    const ended =
      (params.mode ?? 'immediate') === 'immediate'
        ? endSubscription(world, id)
        : scheduleCancellation(world, id, params.onExecute === 'pause');
    return shown(world, ended);
  }),
  plainEndpoint('POST /v1/subscriptions/:id/resume', ({ world, id }) =>
    shown(world, keepSubscription(world, id)),
  ),
  endpoint('POST /v1/subscriptions/:id/upgrade', 'upgradeSubscription', ({ world, params, id }) => {
    upgradeSubscription(world, id, params);
    return shown(world, world.get('subscription', id));
  }),
];

/** Lets a subscription end with its period. Throws a 400 for one that cannot. */
export function scheduleCancellation(world: CreemWorld, id: string, pauses: boolean): Subscription {
  const before = world.get('subscription', id);
  if (!['active', 'trialing', 'scheduled_cancel'].includes(before.status)) {
    throw badRequest(`Subscription is ${before.status}`);
  }
  changeBilling(world, id, { pauses });
  const scheduled = changeSubscription(world, id, { status: 'scheduled_cancel' });
  world.books.setDue(id, periodOf(scheduled).end);
  announceSubscription(world, 'subscription.scheduled_cancel', id);
  return scheduled;
}

/** Takes back a cancellation that is to come. Throws a 400 where there is none. */
export function keepSubscription(world: CreemWorld, id: string): Subscription {
  const before = world.get('subscription', id);
  if (before.status !== 'scheduled_cancel' && before.status !== 'paused') {
    throw badRequest('Subscription must be in paused or scheduled_cancel status');
  }
  const isTrial = before.last_transaction_id === undefined;
  const status = isTrial ? 'trialing' : 'active';
  const kept = changeSubscription(world, id, { status });
  const { end } = periodOf(kept);
  world.books.setDue(id, Math.max(end, secondsOf(kept.updated_at)));
  announceSubscription(world, isTrial ? 'subscription.trialing' : 'subscription.active', id);
  return kept;
}
