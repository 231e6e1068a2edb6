import { invariant } from '../../platform/assert.ts';
import type { Clock } from '../../platform/clock.ts';
import type { Database } from '../../platform/database/database.ts';
import type { Transaction } from '../../platform/database/transaction.ts';
import type { Channel, Money } from '../../platform/money.ts';
import { ProviderRefused, ProviderUnsupported } from '../../providers/payment-errors.ts';
import type { PaymentProvider } from '../../providers/payment-provider.ts';
import { NotAllowedNow } from '../account/account.errors.ts';
import type { AccountService } from '../account/account.service.ts';
import type { CatalogService } from '../catalog/catalog.service.ts';
import type { ProviderCustomerService } from '../payment-method/provider-customer.service.ts';
import type { PlanChangeQuoteService } from '../subscription/plan-change-quote.service.ts';
import type { PlanSubscription, SubscriptionChanged } from '../subscription/subscription.model.ts';
import type { SubscriptionService } from '../subscription/subscription.service.ts';
import type { Offer } from './offer.service.ts';
import type { Order, OrderStatus } from './order.model.ts';
import type { OrderStore } from './order.store.ts';

interface ChangeOrderNeeds {
  readonly database: Database;
  readonly clock: Clock;
  readonly store: OrderStore;
  readonly accounts: AccountService;
  readonly catalog: CatalogService;
  readonly customers: ProviderCustomerService;
  readonly subscriptions: SubscriptionService;
  readonly quotes: PlanChangeQuoteService;
  readonly providers: ReadonlyMap<Channel, PaymentProvider>;
}

const MOST_AT_ONCE = 200;

/** Orders of accounts that are subscribed already: the change is confirmed on the provider's own page. */
export class ChangeOrderService {
  readonly #needs: ChangeOrderNeeds;

  constructor(needs: ChangeOrderNeeds) {
    this.#needs = needs;
  }

  /**
   * What changing to an offered plan would be charged now, by the provider's own reckoning. A change that waits for the
   * period's end has no page: a provider's makes every change at once, unless somebody configured it otherwise there.
   * Throws NotAllowedNow, PlanNotAvailable, ChannelUnsupported and what the provider's commands throw.
   */
  async dueNow(live: PlanSubscription, offer: Offer): Promise<Money> {
    const { planSlug, interval } = offer;
    invariant(planSlug !== null && interval !== null, 'a plan is offered');
    if (this.#needs.providers.get(live.channel)?.can.confirmChanges === false) {
      throw new NotAllowedNow(`${live.channel} has no page for changing a plan: use changePlan.`);
    }
    const { amountDueNow, timing } = await this.#needs.quotes.reckon(live, planSlug, interval);
    if (timing === 'NOW') return amountDueNow;
    const why = `A smaller plan begins when the period ends, and ${live.channel}'s page changes at once: use changePlan.`;
    throw new NotAllowedNow(why);
  }

  /**
   * The order with a page on which the change can be confirmed now. The address is a secret that opens for whoever has it:
   * it is made anew each time and kept nowhere. An order that is no longer pending has none.
   * Throws NotAllowedNow (the subscription has ended, or the provider has no such page) and ProviderUnavailable.
   */
  async open(order: Order): Promise<Order> {
    if (order.status !== 'PENDING') return order;
    const live = await this.#needs.subscriptions.liveSubscription(order.accountId);
    const provider = this.#needs.providers.get(order.channel);
    if (live === null || live.id !== order.changedSubscriptionId || provider === undefined) {
      await this.#end(order.id, 'EXPIRED');
      throw new NotAllowedNow('The subscription that this order changes has ended.');
    }
    try {
      return { ...order, checkoutUrl: await this.#pageFor(order, live, provider) };
    } catch (error) {
      if (!(error instanceof ProviderRefused || error instanceof ProviderUnsupported)) throw error;
      await this.#end(order.id, 'FAILED');
      const reason = `${order.channel} has no page for changing a plan, or it is not configured there: use changePlan.`;
      throw new NotAllowedNow(reason, {}, { cause: error });
    }
  }

  /** Ends an order whose page nobody needs any more. The page cannot be closed: a change made on it still counts. */
  giveUp(order: Order): Promise<void> {
    return this.#end(order.id, 'EXPIRED');
  }

  /** A subscription has another price: the last order that asked for this change is paid. */
  async followSubscription(tx: Transaction, event: SubscriptionChanged): Promise<void> {
    const { subscription, previous } = event;
    if (previous === null || previous.providerPriceId === subscription.providerPriceId) return;
    const order = await this.#needs.store.lockLastChangeOf(tx, subscription.id);
    if (order === null || (order.status !== 'PENDING' && order.status !== 'EXPIRED')) return;
    const sold = await this.#needs.catalog.planByPriceId(subscription.providerPriceId);
    if (sold?.price.id !== order.planPriceId) return;
    const now = this.#needs.clock.now();
    await this.#needs.store.update(tx, order.id, { status: 'PAID', paidAt: now, updatedAt: now });
    tx.hint('order', order.id);
  }

  /** When the next page is too old to be used, after this instant; null when none is open. */
  nextExpiry(after: Date): Promise<Date | null> {
    return this.#needs.store.nextChangeExpiry(after);
  }

  /** Ends the orders whose page is too old to be used. */
  async expireDue(): Promise<void> {
    const due = await this.#needs.store.changesExpiredBy(this.#needs.clock.now(), MOST_AT_ONCE);
    for (const id of due) await this.#end(id, 'EXPIRED');
    if (due.length === MOST_AT_ONCE) await this.expireDue();
  }

  async #pageFor(order: Order, live: PlanSubscription, provider: PaymentProvider): Promise<string> {
    const { accounts, catalog, customers } = this.#needs;
    const plan = await catalog.planById(order.planId ?? '');
    const price = plan?.prices.find(({ id }) => id === order.planPriceId);
    invariant(plan !== null && price !== undefined, `order ${order.id} names a price`);
    const { providerSubscriptionId: subscriptionId } = live;
    const providerPriceId = await catalog.providerPriceId(order.channel, plan, price);
    const account = await accounts.account(order.accountId);
    const { url } = await provider.createPortalSession({
      customerId: await customers.customerFor(account, provider),
      returnUrl: order.successUrl.replaceAll('{CHECKOUT_SESSION_ID}', order.id),
      change: { subscriptionId, providerPriceId },
    });
    return url;
  }

  #end(orderId: string, status: Extract<OrderStatus, 'EXPIRED' | 'FAILED'>): Promise<void> {
    return this.#needs.database.transaction(async (tx) => {
      const stored = await this.#needs.store.lock(tx, orderId);
      if (stored?.status !== 'PENDING') return;
      await this.#needs.store.update(tx, orderId, { status, updatedAt: this.#needs.clock.now() });
      tx.hint('order', orderId);
    });
  }
}
