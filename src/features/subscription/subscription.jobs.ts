import type { Channel } from '../../platform/money.ts';
import type { PlanChangeService } from './plan-change.service.ts';
import type { SubscriptionService } from './subscription.service.ts';

/** The jobs of subscriptions, by the names under which they are enqueued. */
export function subscriptionJobs(
  subscriptions: SubscriptionService,
  planChanger: PlanChangeService,
) {
  return {
    'resume-plan-change': async (payload: unknown): Promise<void> => {
      await planChanger.resume((payload as { id: string }).id);
    },
    'cancel-refused-subscription': async (payload: unknown): Promise<void> => {
      const { channel, subscriptionId } = payload as { channel: Channel; subscriptionId: string };
      await subscriptions.cancelRefused(channel, subscriptionId);
    },
  };
}
