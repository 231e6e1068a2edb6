import DataLoader from 'dataloader';
import type { PlanSubscription } from './subscription.model.ts';
import type { SubscriptionService } from './subscription.service.ts';

/** The live subscription of accounts, or their last one, many in one statement. */
export function subscriptionLoader(
  subscriptions: SubscriptionService,
): DataLoader<string, PlanSubscription | null> {
  return new DataLoader(async (accountIds) => {
    const found = await subscriptions.latestSubscriptions(accountIds);
    const byAccount = new Map(found.map((subscription) => [subscription.accountId, subscription]));
    return accountIds.map((id) => byAccount.get(id) ?? null);
  });
}
