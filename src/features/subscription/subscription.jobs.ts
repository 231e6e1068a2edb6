import type { Sweep } from '../../jobs/sweep.ts';
import type { Channel } from '../../platform/money.ts';
import type { PlanChangeService } from './plan-change.service.ts';
import type { PlanCreditsService } from './plan-credits.service.ts';
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

/** Months of plan credits that begin. */
export function planCreditSweep(planCredits: PlanCreditsService): Sweep {
  return {
    name: 'grant-due-months',
    nextDueAt: (after) => planCredits.nextDueAt(after),
    sweep: () => planCredits.sweep(),
  };
}
