import { invariant } from '../../platform/assert.ts';
import type { Clock } from '../../platform/clock.ts';
import type { Database } from '../../platform/database/database.ts';
import type { Channel } from '../../platform/money.ts';
import { formatCredits } from '../../platform/money.ts';
import {
  type HostedCheckout,
  type PaymentProvider,
  ProviderRefused,
} from '../../providers/payment-provider.ts';
import type { AccountService } from '../account/account.service.ts';
import type { CatalogService } from '../catalog/catalog.service.ts';
import type { ProviderCustomerService } from '../payment-method/provider-customer.service.ts';
import type { Order } from './order.model.ts';
import type { OrderStore } from './order.store.ts';

interface CheckoutOpenerNeeds {
  readonly database: Database;
  readonly clock: Clock;
  readonly store: OrderStore;
  readonly accounts: AccountService;
  readonly catalog: CatalogService;
  readonly customers: ProviderCustomerService;
  readonly providers: ReadonlyMap<Channel, PaymentProvider>;
}

/** Opens the provider's hosted page for an order that is stored already. */
export class CheckoutOpener {
  readonly #needs: CheckoutOpenerNeeds;

  constructor(needs: CheckoutOpenerNeeds) {
    this.#needs = needs;
  }

  /**
   * The order with its hosted page, opened now if it was not yet. The provider gets the order's own idempotency key, so
   * that after a crash or an unknown outcome this finds the same page again. Throws what the provider's commands throw;
   * an order that the provider refuses outright becomes FAILED.
   */
  async open(order: Order): Promise<Order> {
    if (order.checkoutUrl !== null || order.status !== 'PENDING') return order;
    const provider = this.#needs.providers.get(order.channel);
    invariant(provider !== undefined, `${order.channel} is set up`);
    try {
      return await this.#remember(order, await this.#openAt(provider, order));
    } catch (error) {
      if (error instanceof ProviderRefused) await this.#fail(order);
      throw error;
    }
  }

  async #openAt(provider: PaymentProvider, order: Order): Promise<HostedCheckout> {
    const account = await this.#needs.accounts.account(order.accountId);
    const checkout = {
      orderId: order.id,
      accountId: order.accountId,
      customerId: await this.#needs.customers.customerFor(account, provider),
      successUrl: order.successUrl,
      cancelUrl: order.cancelUrl,
      expiresAt: order.checkoutExpiresAt,
    };
    const key = `tollgate-order-${order.id}`;
    if (order.kind === 'CREDITS') {
      const description = `${formatCredits(order.creditsMicro ?? 0n)} credits`;
      return provider.createCreditsCheckout({ ...checkout, money: order.amount, description }, key);
    }
    const plan = await this.#needs.catalog.planById(order.planId ?? '');
    const price = plan?.prices.find(({ id }) => id === order.planPriceId);
    invariant(plan !== null && price !== undefined, `order ${order.id} names a price`);
    const providerPriceId = await this.#needs.catalog.providerPriceId(order.channel, plan, price);
    const { trialDays } = order;
    return provider.createPlanCheckout({ ...checkout, providerPriceId, trialDays }, key);
  }

  #remember(order: Order, hosted: HostedCheckout): Promise<Order> {
    return this.#needs.database.transaction(async (tx) => {
      const {
        checkoutId: providerCheckoutId,
        url: checkoutUrl,
        expiresAt: checkoutExpiresAt,
      } = hosted;
      const opened = {
        providerCheckoutId,
        checkoutUrl,
        checkoutExpiresAt,
        updatedAt: this.#needs.clock.now(),
      };
      await this.#needs.store.update(tx, order.id, opened);
      await tx.hint('order', order.id);
      const stored = await this.#needs.store.lock(tx, order.id);
      invariant(stored !== null, `order ${order.id} exists`);
      return stored;
    });
  }

  #fail(order: Order): Promise<void> {
    return this.#needs.database.transaction(async (tx) => {
      const stored = await this.#needs.store.lock(tx, order.id);
      if (stored?.status !== 'PENDING' || stored.checkoutUrl !== null) return;
      await this.#needs.store.update(tx, order.id, {
        status: 'FAILED',
        updatedAt: this.#needs.clock.now(),
      });
      await tx.hint('order', order.id);
    });
  }
}
