import type { AccountCreated, AccountStatusChanged } from '../features/account/account.model.ts';
import type { CreditsGranted } from '../features/ledger/ledger.model.ts';
import type { OrderPaid } from '../features/order/order.model.ts';
import type { PaymentMethodAttached } from '../features/payment-method/payment-method.model.ts';
import type { SubscriptionChanged } from '../features/subscription/subscription.model.ts';
import type { Services } from './services.ts';

/** Who hears what happened in earlier features. The order is the order in which they hear it. */
export function subscribeFeatures({
  events,
  ledger,
  planCredits,
  lifecycle,
  usageAnchors,
  upgradeCredits,
  changeOrders,
  reversals,
  autoRecharges,
}: Services): void {
  events.subscribe<AccountCreated>('account.created', (tx, event) => ledger.openBalance(tx, event));
  events.subscribe<AccountCreated>('account.created', (tx, event) =>
    planCredits.grantFirstMonth(tx, event),
  );
  events.subscribe<AccountCreated>('account.created', (tx, event) =>
    lifecycle.recordBeginning(tx, event),
  );
  events.subscribe<SubscriptionChanged>('subscription.changed', (tx, event) =>
    lifecycle.followSubscription(tx, event),
  );
  events.subscribe<PaymentMethodAttached>('payment-method.attached', (tx, event) =>
    lifecycle.followPaymentMethod(tx, event),
  );
  events.subscribe<SubscriptionChanged>('subscription.changed', (tx, event) =>
    planCredits.followSubscription(tx, event),
  );
  events.subscribe<AccountCreated>('account.created', (tx, event) =>
    usageAnchors.followNewAccount(tx, event),
  );
  events.subscribe<AccountStatusChanged>('account.status-changed', (tx, event) =>
    usageAnchors.followStatus(tx, event),
  );
  // After the lifecycle: whether a trial is a promotion's shows in the account's status.
  events.subscribe<SubscriptionChanged>('subscription.changed', (tx, event) =>
    usageAnchors.followSubscription(tx, event),
  );
  events.subscribe<SubscriptionChanged>('subscription.changed', (tx, event) =>
    upgradeCredits.grantUpgrade(tx, event),
  );
  events.subscribe<SubscriptionChanged>('subscription.changed', (tx, event) =>
    changeOrders.followSubscription(tx, event),
  );
  // After what was bought is granted: what went back of its payment before it was known is taken again.
  events.subscribe<OrderPaid>('order.paid', (tx, event) => reversals.followOrder(tx, event));
  events.subscribe<CreditsGranted>('credits.granted', (tx, event) =>
    reversals.followGrant(tx, event),
  );
  events.subscribe<AccountStatusChanged>('account.status-changed', (tx, event) =>
    autoRecharges.followStatus(tx, event),
  );
  events.subscribe<PaymentMethodAttached>('payment-method.attached', (tx, event) =>
    autoRecharges.followPaymentMethod(tx, event),
  );
}
