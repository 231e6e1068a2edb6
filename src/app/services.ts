import type { Config } from '../config.ts';
import { AccountService } from '../features/account/account.service.ts';
import { AccountStore } from '../features/account/account.store.ts';
import { ApiKeyService } from '../features/account/api-key.service.ts';
import { ApiKeyStore } from '../features/account/api-key.store.ts';
import { ClientTokenService } from '../features/account/client-token.service.ts';
import { ClientTokenKeyStore } from '../features/account/client-token-key.store.ts';
import { ClientTokenKeys } from '../features/account/client-token-keys.service.ts';
import { CatalogService } from '../features/catalog/catalog.service.ts';
import { CatalogStore } from '../features/catalog/catalog.store.ts';
import { PlanAdministration } from '../features/catalog/plan-administration.service.ts';
import { CheckInService } from '../features/check-in/check-in.service.ts';
import { CheckInStore } from '../features/check-in/check-in.store.ts';
import { InvoiceService } from '../features/invoice/invoice.service.ts';
import { InvoiceStore } from '../features/invoice/invoice.store.ts';
import { LifecycleService } from '../features/lifecycle/lifecycle.service.ts';
import { LifecycleStore } from '../features/lifecycle/lifecycle.store.ts';
import { LifecycleHistoryService } from '../features/lifecycle/lifecycle-history.service.ts';
import { OutstandingInvoiceService } from '../features/lifecycle/outstanding-invoice.service.ts';
import { PromotionService } from '../features/lifecycle/promotion.service.ts';
import { PromotionStore } from '../features/lifecycle/promotion.store.ts';
import { SubscriptionRefresher } from '../features/lifecycle/subscription-refresher.service.ts';
import { AuditService } from '../features/operations/audit.service.ts';
import { AuditStore } from '../features/operations/audit.store.ts';
import { ClockService, type PlayedProviders } from '../features/operations/clock.service.ts';
import { ClockStore } from '../features/operations/clock.store.ts';
import { ChangeOrderService } from '../features/order/change-order.service.ts';
import { ChargedOrderService } from '../features/order/charged-order.service.ts';
import { CheckoutOpener } from '../features/order/checkout-opener.service.ts';
import { OfferService } from '../features/order/offer.service.ts';
import { OrderService } from '../features/order/order.service.ts';
import { OrderStore } from '../features/order/order.store.ts';
import { OrderDiscountService } from '../features/order/order-discount.service.ts';
import { OrderReconciliationService } from '../features/order/order-reconciliation.service.ts';
import { PurchaseService } from '../features/order/purchase.service.ts';
import { CardRequestService } from '../features/payment-method/card-request.service.ts';
import { CardRequestStore } from '../features/payment-method/card-request.store.ts';
import { PaymentMethodService } from '../features/payment-method/payment-method.service.ts';
import { PaymentMethodStore } from '../features/payment-method/payment-method.store.ts';
import { ProviderCustomerService } from '../features/payment-method/provider-customer.service.ts';
import { ProviderCustomerStore } from '../features/payment-method/provider-customer.store.ts';
import { MonthGranter } from '../features/subscription/month-granter.service.ts';
import { PlanChangeService } from '../features/subscription/plan-change.service.ts';
import { PlanChangeStore } from '../features/subscription/plan-change.store.ts';
import { PlanChangeQuoteService } from '../features/subscription/plan-change-quote.service.ts';
import { PlanCreditScheduleStore } from '../features/subscription/plan-credit-schedule.store.ts';
import { PlanCreditsService } from '../features/subscription/plan-credits.service.ts';
import { PortalService } from '../features/subscription/portal.service.ts';
import { SubscriptionService } from '../features/subscription/subscription.service.ts';
import { SubscriptionStore } from '../features/subscription/subscription.store.ts';
import { SubscriptionEndingService } from '../features/subscription/subscription-ending.service.ts';
import { UpgradeCreditsService } from '../features/subscription/upgrade-credits.service.ts';
import { UsageService } from '../features/usage/usage.service.ts';
import { UsageStore } from '../features/usage/usage.store.ts';
import { UsageAnchorService } from '../features/usage/usage-anchor.service.ts';
import { UsageAnchorStore } from '../features/usage/usage-anchor.store.ts';
import { UsageGateService } from '../features/usage/usage-gate.service.ts';
import { UsageReportService } from '../features/usage/usage-report.service.ts';
import { UsageReportStore } from '../features/usage/usage-report.store.ts';
import type { LiveHub } from '../live/hub.ts';
import { type Clock, SystemClock } from '../platform/clock.ts';
import type { Database } from '../platform/database/database.ts';
import { DomainEvents } from '../platform/domain-events.ts';
import type { Logger } from '../platform/logger.ts';
import type { Metrics } from '../platform/metrics.ts';
import type { Channel } from '../platform/money.ts';
import type { PaymentProvider } from '../providers/payment-provider.ts';
import { accountParts, partsOfAccounts } from './account-parts.ts';
import { composeCoupons } from './coupon-services.ts';
import { composeInbox } from './inbox-services.ts';
import { composeLedger } from './ledger-services.ts';
import { composeOperations } from './operations-services.ts';
import { composeAutoRecharges, composeReversals } from './payment-services.ts';

export interface Foundation {
  readonly config: Config;
  readonly database: Database;
  readonly hub: LiveHub;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly metrics: Metrics;
  readonly providers: ReadonlyMap<Channel, PaymentProvider>;
  /** Null when no provider is played. */
  readonly playedProviders: PlayedProviders | null;
}

export type Services = ReturnType<typeof composeServices>;

/** Every feature's services, in the order in which they may know each other. */
export function composeServices(foundation: Foundation) {
  const base = {
    ...foundation,
    events: new DomainEvents(),
    catalogue: foundation.config.catalogue,
  };
  const accounts = composeAccounts(base);
  const cards = composeCards({ ...base, ...accounts });
  const ledger = composeLedger({ ...base, ...accounts });
  const usage = composeUsage({ ...base, ...accounts });
  const checkIns = composeCheckIns({ ...base, ...accounts, ...ledger });
  const purchases = composePurchases({ ...base, ...accounts, ...ledger });
  const reversals = composeReversals({ ...base, ...accounts, ...purchases });
  const recharges = composeAutoRecharges({
    ...base,
    ...accounts,
    ...cards,
    ...ledger,
    ...purchases,
  });
  const lifecycle = composeLifecycle({ ...base, ...accounts, ...ledger, ...purchases });
  const clocks = new ClockService({ ...base, store: new ClockStore(base.database) });
  const sold = { ...purchases, ...recharges, reversals, checkIns };
  const operations = composeOperations({ ...base, ...accounts, ...purchases });
  const time = { ...lifecycle, clocks, ...operations };
  const audit = new AuditService(new AuditStore(base.database), base.clock, base.logger);
  const services = { ...base, ...accounts, ...cards, ...ledger, ...usage, ...sold, ...time, audit };
  accounts.accountParts.add(...accountParts(usage.usageReports));
  return { ...services, ...composeInbox(services) };
}

type Base = Foundation & { readonly events: DomainEvents; readonly catalogue: Config['catalogue'] };

function composeAccounts(base: Base) {
  const { config, database, clock } = base;
  const apiKeys = new ApiKeyService({
    ...base,
    store: new ApiKeyStore(database),
    adminKey: config.adminKey,
  });
  const accounts = new AccountService({ ...base, store: new AccountStore(database), apiKeys });
  const composed = { accountParts: partsOfAccounts(database, clock), apiKeys, accounts };
  const realTime = new SystemClock();
  const clientTokenKeys = new ClientTokenKeys({
    database,
    realTime,
    store: new ClientTokenKeyStore(database),
    tokenSecret: config.tokenSecret,
  });
  const clientTokens = new ClientTokenService({ keys: clientTokenKeys, apiKeys, realTime });
  const catalog = new CatalogService({ ...base, store: new CatalogStore(database) });
  const plans = new PlanAdministration({
    ...base,
    store: new CatalogStore(database),
    catalog,
  });
  const customers = new ProviderCustomerService(new ProviderCustomerStore(database), clock);
  return { ...composed, clientTokenKeys, clientTokens, catalog, plans, customers };
}

function composeCards(base: Base & ReturnType<typeof composeAccounts>) {
  const { database } = base;
  const store = new PaymentMethodStore(database);
  const paymentMethods = new PaymentMethodService({ ...base, store });
  const cardRequests = new CardRequestService({
    ...base,
    paymentMethods,
    cardRequests: new CardRequestStore(database),
  });
  return { paymentMethods, cardRequests };
}

function composeCheckIns(
  base: Base & ReturnType<typeof composeAccounts> & ReturnType<typeof composeLedger>,
) {
  return new CheckInService({ ...base, store: new CheckInStore(base.database) });
}

function composeUsage(base: Base & ReturnType<typeof composeAccounts>) {
  const { database } = base;
  const anchors = new UsageAnchorService({ ...base, store: new UsageAnchorStore(database) });
  const usage = new UsageService({ ...base, anchors, store: new UsageStore(database) });
  const usageReports = new UsageReportService({
    ...base,
    anchors,
    store: new UsageReportStore(database, base.catalogue.metrics),
  });
  const usageGate = new UsageGateService({ ...base, usage, usageReports });
  return { usageAnchors: anchors, usage, usageReports, usageGate };
}

function composePurchases(
  base: Base & ReturnType<typeof composeAccounts> & ReturnType<typeof composeLedger>,
) {
  const { config, database, catalog, catalogue } = base;
  const subscriptionStore = new SubscriptionStore(database);
  const planCredits = new PlanCreditsService({
    ...base,
    schedules: new PlanCreditScheduleStore(database),
    months: new MonthGranter({ ...base, subscriptions: subscriptionStore }),
  });
  const subscriptions = new SubscriptionService({ ...base, store: subscriptionStore });
  const changes = composeChanges({ ...base, subscriptions, planCredits });
  const coupons = composeCoupons({ ...base, subscriptions });
  const store = new OrderStore(database);
  const needs = { ...base, ...coupons, store, subscriptions };
  const orders = new OrderService(needs);
  const changeOrders = new ChangeOrderService({ ...needs, quotes: changes.quotes });
  const offers = new OfferService(catalog, catalogue, subscriptions);
  const chargedOrders = new ChargedOrderService({ ...base, store });
  const opener = new CheckoutOpener({ ...needs, changeOrders });
  const purchases = new PurchaseService({
    ...needs,
    orders,
    changeOrders,
    discounts: new OrderDiscountService(coupons.coupons),
    opener,
    offers,
    redirects: config.redirectOrigins,
  });
  const invoices = new InvoiceService({
    ...base,
    store: new InvoiceStore(database),
    subscriptions,
    planCredits,
  });
  const orderReconciliation = new OrderReconciliationService({ ...needs, orders, opener });
  const found = { orderReconciliation, offers, chargedOrders, changeOrders };
  const sold = { orders, ...found, purchases, invoices };
  return { ...changes, ...coupons, planCredits, subscriptions, ...sold };
}

function composeChanges(
  base: Base &
    ReturnType<typeof composeAccounts> &
    ReturnType<typeof composeLedger> & {
      readonly subscriptions: SubscriptionService;
      readonly planCredits: PlanCreditsService;
    },
) {
  const planChanges = new PlanChangeStore(base.database);
  const endings = new SubscriptionEndingService(base);
  const quotes = new PlanChangeQuoteService({ ...base, planChanges, endings });
  return {
    endings,
    quotes,
    planChanger: new PlanChangeService({ ...base, planChanges, endings, quotes }),
    portal: new PortalService({ ...base, redirects: base.config.redirectOrigins }),
    upgradeCredits: new UpgradeCreditsService({ ...base, planChanges }),
  };
}

function composeLifecycle(
  base: Base &
    ReturnType<typeof composeAccounts> &
    ReturnType<typeof composeLedger> &
    ReturnType<typeof composePurchases>,
) {
  const { database, hub, accounts, subscriptions } = base;
  const refresher = new SubscriptionRefresher(database, subscriptions);
  const promotions = new PromotionService({
    ...base,
    store: new PromotionStore(database),
    refresher,
  });
  const store = new LifecycleStore(database);
  const lifecycle = new LifecycleService({ ...base, store, promotions });
  const outstandingInvoices = new OutstandingInvoiceService({ ...base, refresher });
  const lifecycleHistory = new LifecycleHistoryService(store, accounts, hub);
  return { lifecycle, lifecycleHistory, promotions, outstandingInvoices };
}
