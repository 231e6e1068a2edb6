import { invariant } from '../../platform/assert.ts';
import type { Clock } from '../../platform/clock.ts';
import type { Database } from '../../platform/database/database.ts';
import type { Transaction } from '../../platform/database/transaction.ts';
import type { DomainEvents } from '../../platform/domain-events.ts';
import { NotFound } from '../../platform/errors.ts';
import { isId } from '../../platform/ids.ts';
import type { Channel } from '../../platform/money.ts';
import type { Page, PageRequest } from '../../platform/paging.ts';
import { type Apply, forAccount, ignored, takeOver } from '../../platform/provider-effect.ts';
import type { CheckoutOutcome } from '../../providers/payment-objects.ts';
import type { PaymentProvider } from '../../providers/payment-provider.ts';
import type { AccountService } from '../account/account.service.ts';
import type { CouponService } from '../coupon/coupon.service.ts';
import type { LedgerService } from '../ledger/ledger.service.ts';
import type { SubscriptionService } from '../subscription/subscription.service.ts';
import {
  afterCheckoutNews,
  afterReversal,
  type CheckoutNews,
  type ReversedMoney,
} from './order.machine.ts';
import type { Order, OrderPaid, OrderStatus } from './order.model.ts';
import { afterDiscount } from './order.policy.ts';
import type { OrderStore } from './order.store.ts';

interface OrderServiceNeeds {
  readonly database: Database;
  readonly clock: Clock;
  readonly events: DomainEvents;
  readonly store: OrderStore;
  readonly accounts: AccountService;
  readonly coupons: CouponService;
  readonly ledger: LedgerService;
  readonly subscriptions: SubscriptionService;
  readonly providers: ReadonlyMap<Channel, PaymentProvider>;
}

/** What became of purchases: told by providers, seen by clients. */
export class OrderService {
  readonly #needs: OrderServiceNeeds;

  constructor(needs: OrderServiceNeeds) {
    this.#needs = needs;
  }

  /**
   * A hosted page was paid, is about to be, or expired. Answers with the step that settles its order: credits that were
   * bought are granted, once per order. Throws what the provider's commands throw.
   */
  async checkoutChanged(channel: Channel, checkout: CheckoutOutcome): Promise<Apply> {
    return this.#settle(channel, checkout, checkout.state);
  }

  /** A payment that was on its way did not arrive. */
  async checkoutPaymentFailed(channel: Channel, checkout: CheckoutOutcome): Promise<Apply> {
    return this.#settle(channel, checkout, 'PAYMENT_FAILED');
  }

  /**
   * A saved card was charged for an order, or refused (`paymentId` is null): what was bought is granted, once. The account's
   * row is locked.
   */
  async settleCharge(tx: Transaction, orderId: string, paymentId: string | null): Promise<void> {
    await this.#apply(tx, orderId, paymentId === null ? 'PAYMENT_FAILED' : 'PAID', { paymentId });
  }

  /** The order that a payment paid by itself, locked; null when it paid none that is known yet. */
  ofPayment(tx: Transaction, channel: Channel, paymentId: string): Promise<Order | null> {
    return this.#needs.store.lockPaidBy(tx, channel, { providerPaymentId: paymentId });
  }

  /** The order that began a subscription, locked; null when it is not known yet. */
  ofSubscription(tx: Transaction, channel: Channel, id: string): Promise<Order | null> {
    return this.#needs.store.lockPaidBy(tx, channel, { providerSubscriptionId: id });
  }

  /** Lets an order's status say how much of its money went back. The account's row is locked. */
  async followReversal(tx: Transaction, order: Order, money: ReversedMoney): Promise<void> {
    const status = afterReversal(order.status, money);
    if (status === order.status) return;
    await this.#needs.store.update(tx, order.id, { status, updatedAt: this.#needs.clock.now() });
    tx.hint('order', order.id);
  }

  /** Closes the hosted page of an order that waits, and takes over what the provider says of it. */
  async expire(order: Order): Promise<OrderStatus> {
    const provider = this.#needs.providers.get(order.channel);
    invariant(
      provider !== undefined && order.providerCheckoutId !== null,
      `order ${order.id} has a page`,
    );
    const outcome = await provider.expireCheckout(order.providerCheckoutId);
    await this.takeOver(order.channel, outcome);
    return (await this.order(order.id)).status;
  }

  /** Takes over what the provider says of a hosted page. Throws what the provider's commands throw. */
  takeOver(channel: Channel, outcome: CheckoutOutcome): Promise<void> {
    return takeOver(this.#needs.database, () => this.checkoutChanged(channel, outcome));
  }

  /** Ends an order that waits, when its page cannot be paid any more: nobody knows it, or the provider does not. */
  giveUp(id: string): Promise<void> {
    return this.#needs.database.transaction(async (tx) => {
      const order = await this.#needs.store.lock(tx, id);
      if (order?.status !== 'PENDING') return;
      await this.#needs.store.update(tx, id, {
        status: 'EXPIRED',
        updatedAt: this.#needs.clock.now(),
      });
      if (order.couponId !== null) await this.#needs.coupons.release(tx, id);
      tx.hint('order', id);
    });
  }

  /** The order; throws NotFound. */
  async order(id: string): Promise<Order> {
    const order = isId(id) ? await this.#needs.store.byId(id) : null;
    if (order === null) throw new NotFound('Order');
    return order;
  }

  /** The orders with these ids, in no order. */
  ordersById(ids: readonly string[]): Promise<Order[]> {
    return this.#needs.store.byIds(ids);
  }

  /** A page of an account's orders, newest first. Throws InvalidInput. */
  orders(
    accountId: string,
    statuses: readonly OrderStatus[] | null,
    request: PageRequest,
  ): Promise<Page<Order>> {
    return this.#needs.store.page(accountId, statuses, request);
  }

  orderCount(accountId: string, statuses: readonly OrderStatus[] | null): Promise<bigint> {
    return this.#needs.store.count(accountId, statuses);
  }

  async #settle(channel: Channel, checkout: CheckoutOutcome, news: CheckoutNews): Promise<Apply> {
    const orderId = checkout.orderId !== null && isId(checkout.orderId) ? checkout.orderId : null;
    const order = await this.#needs.store.ofCheckout(channel, orderId, checkout.checkoutId);
    if (order === null) return ignored(`checkout ${checkout.checkoutId} belongs to no order`);
    const takeOverSubscription =
      news === 'PAID' && checkout.subscriptionId !== null
        ? await this.#needs.subscriptions.subscriptionChanged(channel, checkout.subscriptionId)
        : null;
    const settle: Apply = async (tx) => {
      await this.#needs.accounts.hold(tx, order.accountId);
      await this.#apply(tx, order.id, news, checkout);
      await takeOverSubscription?.(tx);
      return 'applied';
    };
    return takeOverSubscription === null ? forAccount(order.accountId, settle) : settle;
  }

  async #apply(
    tx: Transaction,
    id: string,
    news: CheckoutNews,
    facts: Partial<CheckoutOutcome>,
  ): Promise<void> {
    const order = await this.#needs.store.lock(tx, id);
    invariant(order !== null, `order ${id} exists`);
    const status = afterCheckoutNews(order.status, news);
    if (status === order.status) return;
    const now = this.#needs.clock.now();
    const taken = status === 'PAID' ? afterDiscount(order, facts.discountMinor) : null;
    await this.#needs.store.update(tx, id, {
      ...taken,
      status,
      updatedAt: now,
      providerCheckoutId: facts.checkoutId ?? order.providerCheckoutId,
      providerPaymentId: facts.paymentId ?? order.providerPaymentId,
      providerSubscriptionId: facts.subscriptionId ?? order.providerSubscriptionId,
      ...(status === 'PAID' ? { paidAt: now } : {}),
    });
    const isCouponUsed = status === 'PAID' && taken?.discountMinor !== 0n;
    if (order.couponId !== null) await this.#settleCoupon(tx, id, isCouponUsed);
    if (status === 'PAID' && order.creditsMicro !== null)
      await this.#grantBought(tx, order, order.creditsMicro);
    tx.hint('order', id);
    if (status === 'PAID') await this.#tellPaid(tx, id);
  }

  async #tellPaid(tx: Transaction, id: string): Promise<void> {
    const order = await this.#needs.store.lock(tx, id);
    invariant(order !== null, `order ${id} exists`);
    const event: OrderPaid = { type: 'order.paid', order };
    await this.#needs.events.publish(tx, event);
  }

  /** Counted when it was paid with, given back when not. */
  #settleCoupon(tx: Transaction, orderId: string, isUsed: boolean): Promise<void> {
    return isUsed
      ? this.#needs.coupons.countPaid(tx, orderId)
      : this.#needs.coupons.release(tx, orderId);
  }

  async #grantBought(tx: Transaction, order: Order, amountMicro: bigint): Promise<void> {
    await this.#needs.ledger.grantCredits(tx, {
      accountId: order.accountId,
      source: 'PURCHASE',
      amountMicro,
      effectiveAt: this.#needs.clock.now(),
      expiresAt: null,
      cause: { kind: 'order', id: order.id },
      description: `Credits bought with order TG-${order.number}.`,
    });
  }
}
