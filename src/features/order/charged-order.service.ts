import type { Clock } from '../../platform/clock.ts';
import type { Transaction } from '../../platform/database/transaction.ts';
import { newId } from '../../platform/ids.ts';
import { type Channel, formatCredits } from '../../platform/money.ts';
import { requestHash } from '../../platform/request-hash.ts';
import type { SavedCharge } from '../../providers/payment-objects.ts';
import type { PaymentProvider } from '../../providers/payment-provider.ts';
import type { Account } from '../account/account.model.ts';
import type { AccountService } from '../account/account.service.ts';
import type { ProviderCustomerService } from '../payment-method/provider-customer.service.ts';
import type { Offer } from './offer.service.ts';
import type { NewOrder, Order } from './order.model.ts';
import type { OrderStore } from './order.store.ts';

interface ChargedOrderNeeds {
  readonly clock: Clock;
  readonly store: OrderStore;
  readonly accounts: AccountService;
  readonly customers: ProviderCustomerService;
}

/** Orders that are charged to a saved card, without a page: one at a time for each account. */
export class ChargedOrderService {
  readonly #needs: ChargedOrderNeeds;

  constructor(needs: ChargedOrderNeeds) {
    this.#needs = needs;
  }

  /** Stores an order before its card is charged. The account's row is locked, and it has no open one. */
  async place(tx: Transaction, account: Account, channel: Channel, offer: Offer): Promise<Order> {
    const now = this.#needs.clock.now();
    const id = newId();
    const { channels: _channels, planSlug: _planSlug, ...bought } = offer;
    const order: NewOrder = {
      ...bought,
      id,
      accountId: account.id,
      channel,
      operation: 'autoRecharge',
      idempotencyKey: id,
      requestHash: requestHash([offer.amount.amountMinor, offer.creditsMicro]),
      successUrl: '',
      cancelUrl: '',
      couponId: null,
      discountMinor: null,
      changedSubscriptionId: null,
      checkoutExpiresAt: now,
      createdAt: now,
    };
    await this.#needs.store.insert(tx, order);
    return (await this.#needs.store.lock(tx, id)) as Order;
  }

  /** The order that is being charged; null when none is. The account's row is locked. */
  open(tx: Transaction, accountId: string): Promise<Order | null> {
    return this.#needs.store.openAutoRecharge(tx, accountId);
  }

  /** What was charged, or is being charged, from an instant on, in minor units. */
  chargedSince(tx: Transaction, accountId: string, since: Date): Promise<bigint> {
    return this.#needs.store.autoRechargedSince(tx, accountId, since);
  }

  /**
   * Charges a placed order, with a key of its own: however often it is called, and whatever answer was lost, the card is
   * charged once. Throws what the provider's commands throw.
   */
  async charge(
    order: Order,
    provider: PaymentProvider,
    paymentMethodId: string,
  ): Promise<SavedCharge> {
    const { id: orderId, accountId, amount: money } = order;
    const account = await this.#needs.accounts.account(accountId);
    const customerId = await this.#needs.customers.customerFor(account, provider);
    const description = `${formatCredits(order.creditsMicro ?? 0n)} credits`;
    return provider.chargeSavedMethod(
      { orderId, accountId, customerId, paymentMethodId, money, description },
      `tollgate-order-${orderId}`,
    );
  }
}
