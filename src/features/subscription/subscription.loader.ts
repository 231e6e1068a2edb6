import { gatheredLoader, type RequestLoader } from '../../graphql/gathered-loader.ts';
import type { PlanSubscription } from './subscription.model.ts';
import type { SubscriptionService } from './subscription.service.ts';

/** The live subscription of accounts, or their last one, many in one statement. */
export function subscriptionLoader(
  subscriptions: SubscriptionService,
): RequestLoader<PlanSubscription> {
  return gatheredLoader(async (accountIds) => {
    const found = await subscriptions.latestSubscriptions(accountIds);
    return new Map(found.map((subscription) => [subscription.accountId, subscription]));
  });
}
