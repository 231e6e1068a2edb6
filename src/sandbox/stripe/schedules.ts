import type Stripe from 'stripe';
import { randomId } from '../random-id.ts';
import { endpoint } from './endpoint.ts';
import { badRequest, missingParameter, refuseUnplayed } from './stripe-problem.ts';
import { equals, idOf, mergeMetadata, type StripeWorld } from './stripe-world.ts';
import { planOf } from './subscription-object.ts';

type Schedule = Stripe.SubscriptionSchedule;
type AskedPhase = NonNullable<Stripe.SubscriptionScheduleUpdateParams['phases']>[number];

export const scheduleEndpoints = [
  endpoint(
    'POST /v1/subscription_schedules',
    'subscriptionSchedule',
    'create',
    ({ world, params }) => {
      if (params.from_subscription === undefined) throw missingParameter('from_subscription');
      refuseUnplayed(params, ['phases', 'customer', 'start_date', 'default_settings']);
      return createSchedule(
        world,
        world.get('subscription', params.from_subscription, 'from_subscription'),
        mergeMetadata({}, params.metadata),
      );
    },
  ),
  endpoint(
    'GET /v1/subscription_schedules',
    'subscriptionSchedule',
    'list',
    ({ world, params, path }) =>
      world.list('subscription_schedule', path, params, equals({ customer: params.customer })),
  ),
  endpoint(
    'GET /v1/subscription_schedules/:id',
    'subscriptionSchedule',
    'retrieve',
    ({ world, id }) => world.get('subscription_schedule', id),
  ),
  endpoint(
    'POST /v1/subscription_schedules/:id',
    'subscriptionSchedule',
    'update',
    ({ world, params, id }) => {
      refuseUnplayed(params, ['default_settings', 'pause_schedules']);
      const schedule = open(world.get('subscription_schedule', id));
      const phases = params.phases?.map((phase, index) => readPhase(world, schedule, phase, index));
      const { object, previous } = world.change('subscription_schedule', id, {
        ...(params.end_behavior === undefined ? {} : { end_behavior: params.end_behavior }),
        ...(phases === undefined ? {} : { phases }),
        metadata: mergeMetadata(schedule.metadata, params.metadata ?? {}),
      });
      world.books.setDue(id, object.current_phase?.end_date ?? null);
      world.announce('subscription_schedule.updated', object, previous);
      return object;
    },
  ),
  endpoint(
    'POST /v1/subscription_schedules/:id/release',
    'subscriptionSchedule',
    'release',
    ({ world, id }) => release(world, open(world.get('subscription_schedule', id))),
  ),
];

/** A phase is over: the subscription takes the next one's price, or the schedule lets it go. */
export function enterNextPhase(world: StripeWorld, id: string): void {
  const schedule = world.get('subscription_schedule', id);
  world.books.setDue(id, null);
  const end = schedule.current_phase?.end_date;
  const next = schedule.phases.find((phase) => phase.start_date === end);
  const subscription = schedule.subscription;
  if (schedule.status !== 'active' || subscription === null) return;
  if (next === undefined) {
    release(world, schedule);
    return;
  }
  changePrices(world, idOf(subscription), next);
  const { object, previous } = world.change('subscription_schedule', id, {
    current_phase: { start_date: next.start_date, end_date: next.end_date },
  });
  world.announce('subscription_schedule.updated', object, previous);
  if (next === schedule.phases.at(-1) && schedule.end_behavior === 'release')
    release(world, object);
  else world.books.setDue(id, next.end_date);
}

/** A subscription's time has come: where a phase of its schedule ends with the period, the next price comes first. */
export function enterDuePhase(world: StripeWorld, subscriptionId: string): void {
  const { schedule: reference } = world.get('subscription', subscriptionId);
  if (reference === null) return;
  const schedule = world.get('subscription_schedule', idOf(reference));
  const end = schedule.current_phase?.end_date;
  if (end !== undefined && end <= world.now()) enterNextPhase(world, schedule.id);
}

function changePrices(
  world: StripeWorld,
  subscriptionId: string,
  phase: Schedule['phases'][number],
) {
  const subscription = world.get('subscription', subscriptionId);
  const data = subscription.items.data.map((item, index) => {
    const wanted = phase.items[index];
    const price = wanted === undefined ? item.price : world.get('price', idOf(wanted.price));
    return { ...item, price, plan: planOf(price), quantity: wanted?.quantity ?? 1 };
  });
  const { object, previous } = world.change('subscription', subscriptionId, {
    items: { ...subscription.items, data },
  });
  world.announce('customer.subscription.updated', object, previous);
}

function createSchedule(
  world: StripeWorld,
  subscription: Stripe.Subscription,
  metadata: Stripe.Metadata,
): Schedule {
  if (subscription.schedule !== null) {
    throw badRequest(
      'You cannot migrate a subscription that is already attached to a schedule: ' +
        idOf(subscription.schedule),
    );
  }
  if (subscription.status === 'canceled') {
    throw badRequest('You cannot migrate a subscription that is canceled.');
  }
  const [item] = subscription.items.data;
  const start = item?.current_period_start ?? world.now();
  const end = item?.current_period_end ?? world.now();
  const schedule = world.add('subscription_schedule', {
    ...UNTOUCHED,
    id: randomId('sub_sched_1'),
    object: 'subscription_schedule',
    created: world.now(),
    current_phase: { start_date: start, end_date: end },
    customer: idOf(subscription.customer),
    metadata,
    phases: [
      phaseOf(
        subscription.currency,
        start,
        end,
        subscription.items.data.map(({ price, quantity }) => ({
          price: price.id,
          quantity: quantity ?? 1,
        })),
      ),
    ],
    subscription: subscription.id,
  });
  world.announce('subscription_schedule.created', schedule);
  const { object, previous } = world.change('subscription', subscription.id, {
    schedule: schedule.id,
  });
  world.announce('customer.subscription.updated', object, previous);
  return schedule;
}

/** What is the same on every new schedule. */
const UNTOUCHED = {
  application: null,
  billing_mode: { flexible: { proration_discounts: 'included' }, type: 'flexible' },
  canceled_at: null,
  completed_at: null,
  customer_account: null,
  default_settings: {
    application_fee_percent: null,
    billing_cycle_anchor: 'automatic',
    billing_thresholds: null,
    collection_method: 'charge_automatically',
    default_payment_method: null,
    description: null,
    invoice_settings: {
      account_tax_ids: null,
      custom_fields: null,
      days_until_due: null,
      description: null,
      footer: null,
      issuer: { type: 'self' },
    },
    on_behalf_of: null,
    transfer_data: null,
  },
  end_behavior: 'release',
  livemode: false,
  pause_schedules: [],
  released_at: null,
  released_subscription: null,
  status: 'active',
  test_clock: null,
} satisfies Partial<Schedule>;

function phaseOf(
  currency: string,
  start: number,
  end: number,
  items: readonly { price: string; quantity: number }[],
): Schedule['phases'][number] {
  return {
    add_invoice_items: [],
    application_fee_percent: null,
    billing_cycle_anchor: null,
    billing_thresholds: null,
    collection_method: null,
    currency,
    default_payment_method: null,
    description: null,
    discounts: [],
    end_date: end,
    invoice_settings: null,
    items: items.map((item) => ({
      billing_thresholds: null,
      discounts: [],
      metadata: {},
      plan: item.price,
      price: item.price,
      quantity: item.quantity,
    })),
    metadata: {},
    on_behalf_of: null,
    proration_behavior: 'none',
    start_date: start,
    transfer_data: null,
    trial_end: null,
  };
}

/** A phase as it is asked for; one without a start begins where the one before ends. */
function readPhase(
  world: StripeWorld,
  schedule: Schedule,
  phase: AskedPhase,
  index: number,
): Schedule['phases'][number] {
  const current = schedule.current_phase ?? { start_date: world.now(), end_date: world.now() };
  const start = index === 0 ? current.start_date : current.end_date;
  const end = index === 0 ? current.end_date : current.end_date + SECONDS_OF_A_MONTH;
  if (index > 1) throw badRequest('This sandbox plays two phases.', { param: 'phases' });
  if (index === 0 && typeof phase.end_date === 'number' && phase.end_date !== end) {
    throw badRequest('This sandbox ends the first phase with the period.', { param: 'phases' });
  }
  const items = (phase.items ?? []).map(({ price = '', quantity = 1 }) => ({
    price: world.get('price', price, `phases[${index}][items][0][price]`).id,
    quantity,
  }));
  const currency = schedule.phases[0]?.currency ?? 'usd';
  return phaseOf(currency, start, typeof phase.end_date === 'number' ? phase.end_date : end, items);
}

const SECONDS_OF_A_MONTH = 30 * 86_400;

function open(schedule: Schedule): Schedule {
  if (schedule.status === 'active' || schedule.status === 'not_started') return schedule;
  throw badRequest(
    `You cannot change a subscription schedule that is currently in the \`${schedule.status}\` status.`,
  );
}

function release(world: StripeWorld, schedule: Schedule): Schedule {
  const subscriptionId = schedule.subscription === null ? null : idOf(schedule.subscription);
  world.books.setDue(schedule.id, null);
  const { object } = world.change('subscription_schedule', schedule.id, {
    status: 'released',
    released_at: world.now(),
    released_subscription: subscriptionId,
    subscription: null,
    current_phase: null,
  });
  world.announce('subscription_schedule.released', object);
  if (subscriptionId !== null) {
    const freed = world.change('subscription', subscriptionId, { schedule: null });
    world.announce('customer.subscription.updated', freed.object, freed.previous);
  }
  return object;
}
