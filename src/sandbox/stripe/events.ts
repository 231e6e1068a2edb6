import type Stripe from 'stripe';
import type { Condition } from '../provider-books.ts';
import { endpoint } from './endpoint.ts';
import { badRequest, noSuch } from './stripe-problem.ts';
import { asList, createdWithin, pageSize } from './stripe-world.ts';

export const eventEndpoints = [
  endpoint('GET /v1/events', 'event', 'list', ({ world, params, path }) => {
    if (params.type !== undefined && params.types !== undefined) {
      throw badRequest('You may only specify one of these parameters: type, types.');
    }
    const group = params.type?.endsWith('*') ? params.type.slice(0, -1) : null;
    const found = world.books.listEvents<Stripe.Event>(
      {
        types: group === null && params.type !== undefined ? [params.type] : params.types,
        delivered: params.delivery_success,
        where: [...createdWithin(params.created), ...(group === null ? [] : inGroup(group))],
      },
      {
        limit: pageSize(params),
        startingAfter: params.starting_after,
        endingBefore: params.ending_before,
      },
    );
    const shown = found && {
      data: found.data.map(({ event, undelivered }) => ({
        ...event,
        pending_webhooks: undelivered,
      })),
      hasMore: found.hasMore,
    };
    return asList(shown, path, params, 'event');
  }),
  endpoint('GET /v1/events/:id', 'event', 'retrieve', ({ world, id }) => {
    const found = world.books.event<Stripe.Event>(id);
    if (found === undefined) throw noSuch('event', id);
    return { ...found.event, pending_webhooks: found.undelivered };
  }),
];

/** All types that begin so. */
function inGroup(beginning: string): Condition[] {
  return [
    ['type', '>=', beginning],
    ['type', '<', `${beginning}\u{10ffff}`],
  ];
}
