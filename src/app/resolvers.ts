import { AccountResolver } from '../features/account/account.resolver.ts';
import { AccountAdministrationResolver } from '../features/account/account-administration.resolver.ts';
import { ApiKeyResolver } from '../features/account/api-key.resolver.ts';
import { ClientTokenResolver } from '../features/account/client-token.resolver.ts';
import { AutoRechargeResolver } from '../features/auto-recharge/auto-recharge.resolver.ts';
import { CatalogResolver } from '../features/catalog/catalog.resolver.ts';
import { PlanAdministrationResolver } from '../features/catalog/plan-administration.resolver.ts';
import { CheckInResolver } from '../features/check-in/check-in.resolver.ts';
import { CouponResolver } from '../features/coupon/coupon.resolver.ts';
import { GrantInvoiceResolver, InvoiceResolver } from '../features/invoice/invoice.resolver.ts';
import { BalanceStreamResolver } from '../features/ledger/balance-stream.resolver.ts';
import { CreditAllocationResolver } from '../features/ledger/credit-allocation.resolver.ts';
import { CreditHoldResolver } from '../features/ledger/credit-hold.resolver.ts';
import { CreditTransactionResolver } from '../features/ledger/credit-transaction.resolver.ts';
import { EveryTransactionResolver } from '../features/ledger/every-transaction.resolver.ts';
import { LedgerResolver } from '../features/ledger/ledger.resolver.ts';
import { AccountStreamResolver } from '../features/lifecycle/account-stream.resolver.ts';
import { LifecycleResolver } from '../features/lifecycle/lifecycle.resolver.ts';
import { LifecycleAccountResolver } from '../features/lifecycle/lifecycle-account.resolver.ts';
import { AuditResolver } from '../features/operations/audit.resolver.ts';
import { ClockResolver } from '../features/operations/clock.resolver.ts';
import { WebhookEventResolver } from '../features/operations/webhook-event.resolver.ts';
import { OrderResolver } from '../features/order/order.resolver.ts';
import {
  GrantOrderResolver,
  OrderCouponResolver,
  OrderPlanResolver,
} from '../features/order/order-details.resolver.ts';
import { PurchaseResolver } from '../features/order/purchase.resolver.ts';
import { PaymentMethodResolver } from '../features/payment-method/payment-method.resolver.ts';
import { PlanSubscriptionResolver } from '../features/subscription/plan-subscription.resolver.ts';
import { SubscriptionResolver } from '../features/subscription/subscription.resolver.ts';
import { SubscriptionChangeResolver } from '../features/subscription/subscription-change.resolver.ts';
import { UsageResolver } from '../features/usage/usage.resolver.ts';
import { UsageReportResolver } from '../features/usage/usage-report.resolver.ts';
import { type Resolvers, resolverMap } from '../graphql/schema.ts';
import type { Services } from './services.ts';

/** Every resolver, in the order in which their fields stand in the schema. */
export function composeResolvers(services: Services): Resolvers {
  const { accounts, apiKeys, catalog, clock, history, hub, invoices, ledger, orders, providers } =
    services;
  return resolverMap([
    new CatalogResolver(catalog, providers),
    new PlanAdministrationResolver(services.plans),
    new AccountResolver(accounts, services.accountParts, clock),
    new AccountAdministrationResolver(accounts),
    new ApiKeyResolver(accounts, apiKeys),
    new ClientTokenResolver(accounts, services.clientTokens),
    new LifecycleResolver(services.lifecycle),
    new PaymentMethodResolver(accounts, services.cardRequests, services.paymentMethods),
    new LifecycleAccountResolver(services.lifecycleHistory, services.catalogue, clock),
    new AccountStreamResolver(accounts, services.lifecycleHistory),
    new ClockResolver(services.clocks),
    new WebhookEventResolver(services.inbox),
    new AuditResolver(services.audit),
    new LedgerResolver(ledger, history),
    new CreditHoldResolver(services.holds),
    new CreditTransactionResolver(accounts, history),
    new EveryTransactionResolver(accounts, history),
    new CreditAllocationResolver(history),
    new BalanceStreamResolver(accounts, services.balanceStreams),
    new CheckInResolver(services.checkIns),
    new SubscriptionResolver(services.subscriptions, catalog),
    new PlanSubscriptionResolver(catalog),
    new UsageResolver(services.usage, services.usageReports),
    new UsageReportResolver(services.usageReports),
    new SubscriptionChangeResolver(services),
    new CouponResolver(services),
    new PurchaseResolver(services.purchases),
    new OrderResolver(orders, hub),
    new OrderPlanResolver(catalog),
    new OrderCouponResolver(services.coupons),
    new GrantOrderResolver(orders),
    new AutoRechargeResolver(services.autoRecharges),
    new InvoiceResolver(invoices),
    new GrantInvoiceResolver(invoices),
  ]);
}
