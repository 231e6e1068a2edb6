import type { Channel } from '../../platform/money.ts';
import type { SubscriptionService } from './subscription.service.ts';

/** The jobs of subscriptions, by the names under which they are enqueued. */
export function subscriptionJobs(subscriptions: SubscriptionService) {
  return {
    'cancel-refused-subscription': async (payload: unknown): Promise<void> => {
      const { channel, subscriptionId } = payload as { channel: Channel; subscriptionId: string };
      await subscriptions.cancelRefused(channel, subscriptionId);
    },
  };
}
