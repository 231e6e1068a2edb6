import type { Channel } from '../../platform/money.ts';
import type { SubscriptionService } from './subscription.service.ts';

/** The jobs of subscriptions, by the names under which they are enqueued. */
export function subscriptionJobs(subscriptions: SubscriptionService) {
  return {
    'cancel-duplicate-subscription': async (payload: unknown): Promise<void> => {
      const { channel, subscriptionId } = payload as { channel: Channel; subscriptionId: string };
      await subscriptions.cancelDuplicate(channel, subscriptionId);
    },
  };
}
