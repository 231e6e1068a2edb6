import type Stripe from 'stripe';
import type { EventPage, EventWindow } from '../payment-objects.ts';
import type { StripeClient } from './stripe-client.ts';
import { isAnnouncement } from './translate-event.ts';
import { withoutSecrets } from './verify-webhook.ts';

const PAGE = 100;

/**
 * A page of what Stripe announced within a window, newest first; what its webhook endpoint is not asked for is left out.
 * Stripe keeps events for 30 days. Throws ProviderUnavailable, ProviderRefused.
 */
export function listEvents(
  client: StripeClient,
  { since, until }: EventWindow,
  cursor: string | null,
): Promise<EventPage> {
  const created = { gte: secondsOf(since), lt: secondsOf(until) };
  const after = cursor === null ? {} : { starting_after: cursor };
  return client.command(async (call) => {
    const { data, has_more: hasMore } = await call((limits) =>
      client.sdk.events.list({ created, limit: PAGE, ...after }, limits),
    );
    const events: readonly Stripe.EventBase[] = data;
    return {
      events: events.filter(isAnnouncement).map((event) => ({
        eventId: event.id,
        type: event.type,
        text: JSON.stringify(withoutSecrets(event)),
      })),
      nextCursor: hasMore ? (events.at(-1)?.id ?? null) : null,
    };
  });
}

function secondsOf(instant: Date): number {
  return Math.floor(instant.getTime() / 1000);
}
