import { SubscriptionReconciliationService } from '../features/invoice/subscription-reconciliation.service.ts';
import { ProviderEnvironmentService } from '../features/operations/provider-environment.service.ts';
import { ReconciliationService } from '../features/operations/reconciliation.service.ts';
import { ReconciliationStore } from '../features/operations/reconciliation.store.ts';

type OperationsNeeds = Omit<
  ConstructorParameters<typeof ReconciliationService>[0],
  'store' | 'subscriptionReconciliation'
> &
  Omit<ConstructorParameters<typeof ProviderEnvironmentService>[0], 'store'> &
  ConstructorParameters<typeof SubscriptionReconciliationService>[0];

/** What keeps a gateway in step with its providers. */
export function composeOperations(base: OperationsNeeds) {
  const needs = { ...base, store: new ReconciliationStore(base.database) };
  const subscriptionReconciliation = new SubscriptionReconciliationService(base);
  return {
    environments: new ProviderEnvironmentService(needs),
    reconciliation: new ReconciliationService({ ...needs, subscriptionReconciliation }),
  };
}
