import type { Clock } from '../../platform/clock.ts';
import type { Database } from '../../platform/database/database.ts';
import { newId } from '../../platform/ids.ts';
import type { Channel } from '../../platform/money.ts';
import { requestHash } from '../../platform/request-hash.ts';
import type { PaymentProvider } from '../../providers/payment-provider.ts';
import { AccountBlocked, IdempotencyConflict, NotAllowedNow } from '../account/account.errors.ts';
import type { Account } from '../account/account.model.ts';
import { canBuy } from '../account/account.policy.ts';
import type { AccountService } from '../account/account.service.ts';
import { checkIdempotencyKey } from '../account/idempotency.policy.ts';
import { ChannelUnsupported } from '../payment-method/payment-method.errors.ts';
import { checkRedirect, type RedirectRule } from '../payment-method/redirect.policy.ts';
import type { PlanSubscription } from '../subscription/subscription.model.ts';
import type { SubscriptionService } from '../subscription/subscription.service.ts';
import type { CheckoutOpener } from './checkout-opener.service.ts';
import type { Offer, OfferService, PlanWish, TopUpWish } from './offer.service.ts';
import { CouponNotApplicable } from './order.errors.ts';
import type { NewOrder, Order } from './order.model.ts';
import type { OrderService } from './order.service.ts';
import type { OrderStore } from './order.store.ts';

interface PurchaseServiceNeeds {
  readonly database: Database;
  readonly clock: Clock;
  readonly store: OrderStore;
  readonly orders: OrderService;
  readonly offers: OfferService;
  readonly opener: CheckoutOpener;
  readonly accounts: AccountService;
  readonly subscriptions: SubscriptionService;
  readonly providers: ReadonlyMap<Channel, PaymentProvider>;
  readonly redirects: RedirectRule;
}

interface Purchase {
  readonly accountId: string;
  readonly channel: Channel | null;
  readonly couponCode: string | null;
  readonly successUrl: URL;
  readonly cancelUrl: URL;
  readonly idempotencyKey: string;
}

/** How long a hosted page stays open: Stripe allows up to a day. */
const PAGE_OPEN_MS = 23 * 3_600_000;
/** When a job looks after an order whose page was not opened, because the process died or the provider was away. */
const RESUME_AFTER_MS = 60_000;

/** Buying plans and credits on a provider's hosted page. */
export class PurchaseService {
  readonly #needs: PurchaseServiceNeeds;

  constructor(needs: PurchaseServiceNeeds) {
    this.#needs = needs;
  }

  /**
   * Orders a plan. A checkout that is still open is closed first; an account with a live subscription changes that
   * instead. Throws NotAllowedNow, PlanNotAvailable, CouponNotApplicable, ChannelUnsupported, AccountBlocked,
   * IdempotencyConflict, InvalidInput, NotFound, and what the provider's commands throw.
   */
  async createCheckout(purchase: Purchase & PlanWish): Promise<Order> {
    const { planSlug, planId, priceId, interval } = purchase;
    const hash = this.#check(purchase, [planSlug, planId, priceId, interval]);
    const account = await this.#buyer(purchase.accountId);
    const known = await this.#known(account, 'createCheckout', purchase.idempotencyKey, hash);
    if (known !== null) return this.#needs.opener.open(known);
    const live = await this.#needs.subscriptions.liveSubscription(account.id);
    if (live !== null) {
      throw new NotAllowedNow(
        'The account has a live subscription: change its plan instead of buying another one.',
      );
    }
    const offer = await this.#needs.offers.plan(purchase);
    await this.#closePending(account);
    return this.#place(account, purchase, offer, 'createCheckout', hash, null);
  }

  /** Orders credits: a package, or as many as an amount buys. Throws as `createCheckout`. */
  async recharge(purchase: Purchase & TopUpWish): Promise<Order> {
    const hash = this.#check(purchase, [purchase.amountMinor, purchase.packageId]);
    const account = await this.#buyer(purchase.accountId);
    const known = await this.#known(account, 'recharge', purchase.idempotencyKey, hash);
    if (known !== null) return this.#needs.opener.open(known);
    const live = await this.#needs.subscriptions.liveSubscription(account.id);
    const offer = await this.#needs.offers.credits(purchase, account, live);
    return this.#place(account, purchase, offer, 'recharge', hash, live);
  }

  /** Opens the page of an order that was left without one. */
  async resume(orderId: string): Promise<void> {
    await this.#needs.opener.open(await this.#needs.orders.order(orderId));
  }

  #check(purchase: Purchase, wish: readonly unknown[]): Buffer {
    checkIdempotencyKey(purchase.idempotencyKey);
    const successUrl = checkRedirect('successUrl', purchase.successUrl, this.#needs.redirects);
    const cancelUrl = checkRedirect('cancelUrl', purchase.cancelUrl, this.#needs.redirects);
    return requestHash([wish, purchase.channel, purchase.couponCode, successUrl, cancelUrl]);
  }

  async #buyer(accountId: string): Promise<Account> {
    const account = await this.#needs.accounts.account(accountId);
    if (!canBuy(account.status)) throw new AccountBlocked(account.status);
    return account;
  }

  async #known(
    account: Account,
    operation: Order['operation'],
    key: string,
    hash: Buffer,
  ): Promise<Order | null> {
    const known = await this.#needs.store.byKey(account.id, operation, key);
    if (known !== null && !known.requestHash.equals(hash)) throw new IdempotencyConflict(key);
    return known;
  }

  /** Closes the page that the account left open, so that it cannot be paid beside the new one. */
  async #closePending(account: Account): Promise<void> {
    const pending = await this.#needs.store.pendingSubscription(account.id);
    if (pending === null) return;
    const status = await this.#needs.orders.expire(await this.#needs.opener.open(pending));
    if (status === 'PAID' || status === 'PENDING') {
      throw new NotAllowedNow(
        'An earlier checkout was completed just now: its payment is on the way.',
      );
    }
  }

  async #place(
    account: Account,
    purchase: Purchase,
    offer: Offer,
    operation: Order['operation'],
    hash: Buffer,
    live: PlanSubscription | null,
  ): Promise<Order> {
    if (purchase.couponCode !== null) {
      throw new CouponNotApplicable('UNKNOWN', `There is no coupon "${purchase.couponCode}".`);
    }
    const now = this.#needs.clock.now();
    const order: NewOrder = {
      ...offer,
      id: newId(),
      accountId: account.id,
      channel: this.#channelFor(purchase.channel ?? live?.channel ?? null),
      operation,
      idempotencyKey: purchase.idempotencyKey,
      requestHash: hash,
      successUrl: purchase.successUrl.href,
      cancelUrl: purchase.cancelUrl.href,
      checkoutExpiresAt: new Date(now.getTime() + PAGE_OPEN_MS),
      createdAt: now,
    };
    try {
      await this.#needs.database.transaction(async (tx) => {
        await this.#needs.store.insert(tx, order);
        const runAt = new Date(Date.now() + RESUME_AFTER_MS);
        await tx.enqueue('resume-order', { orderId: order.id }, { runAt });
      });
    } catch (error) {
      return this.#openRival(account, order, error);
    }
    return this.#needs.opener.open(await this.#needs.orders.order(order.id));
  }

  /** Two requests at once: with the same key they get the same order, with different keys one of them is refused. */
  async #openRival(account: Account, order: NewOrder, error: unknown): Promise<Order> {
    const { constraint } = error as { constraint?: string };
    if (constraint === 'purchase_order_one_pending_subscription') {
      const same = await this.#known(
        account,
        order.operation,
        order.idempotencyKey,
        order.requestHash,
      );
      if (same !== null) return this.#needs.opener.open(same);
      throw new NotAllowedNow('Another checkout is being opened at this moment: try again.');
    }
    if (constraint !== 'purchase_order_key_unique') throw error;
    const same = await this.#known(
      account,
      order.operation,
      order.idempotencyKey,
      order.requestHash,
    );
    if (same === null) throw error;
    return this.#needs.opener.open(same);
  }

  #channelFor(asked: Channel | null): Channel {
    const [first] = this.#needs.providers.keys();
    const channel = asked ?? first ?? 'STRIPE';
    if (!this.#needs.providers.has(channel))
      throw new ChannelUnsupported(channel, `${channel} is not set up.`);
    return channel;
  }
}
