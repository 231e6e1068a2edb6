import type { Clock } from '../../platform/clock.ts';
import type { Database } from '../../platform/database/database.ts';
import { ProviderUnavailable } from '../../platform/errors.ts';
import { newId } from '../../platform/ids.ts';
import type { Channel } from '../../platform/money.ts';
import { requestHash } from '../../platform/request-hash.ts';
import { ProviderRefused } from '../../providers/payment-errors.ts';
import type { PaymentProvider } from '../../providers/payment-provider.ts';
import { AccountBlocked, IdempotencyConflict, NotAllowedNow } from '../account/account.errors.ts';
import type { Account } from '../account/account.model.ts';
import { canBuy } from '../account/account.policy.ts';
import type { AccountService } from '../account/account.service.ts';
import { checkIdempotencyKey } from '../account/idempotency.policy.ts';
import { CouponNotApplicable } from '../coupon/coupon.errors.ts';
import { codeOf } from '../coupon/coupon.policy.ts';
import { ChannelUnsupported } from '../payment-method/payment-method.errors.ts';
import { checkRedirect, type RedirectRule } from '../payment-method/redirect.policy.ts';
import type { PlanSubscription } from '../subscription/subscription.model.ts';
import { givesWay } from '../subscription/subscription.policy.ts';
import type { SubscriptionService } from '../subscription/subscription.service.ts';
import type { ChangeOrderService } from './change-order.service.ts';
import type { CheckoutOpener } from './checkout-opener.service.ts';
import type { Offer, OfferService, PlanWish, TopUpWish } from './offer.service.ts';
import type { NewOrder, Order } from './order.model.ts';
import type { OrderService } from './order.service.ts';
import type { OrderStore } from './order.store.ts';
import type { OrderDiscountService, PricedOffer } from './order-discount.service.ts';

interface PurchaseServiceNeeds {
  readonly database: Database;
  readonly clock: Clock;
  readonly store: OrderStore;
  readonly orders: OrderService;
  readonly offers: OfferService;
  readonly opener: CheckoutOpener;
  readonly discounts: OrderDiscountService;
  readonly changeOrders: ChangeOrderService;
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

/** What a client asked for, checked as far as it can be without looking anything up. */
interface Request {
  readonly operation: Order['operation'];
  readonly idempotencyKey: string;
  readonly requestHash: Buffer;
  readonly successUrl: string;
  readonly cancelUrl: string;
}

/** How long an order waits for a change to be confirmed: as long as a portal's address opens it. */
const CHANGE_OPEN_MS = 3_600_000;
/** How long a hosted page stays open: Stripe allows up to a day. */
const PAGE_OPEN_MS = 23 * 3_600_000;
/** When a job looks after an order whose page was not opened, because the process died or the provider was away. */
const RESUME_AFTER_MS = 60_000;
/** A purchase asks the provider up to five times, each with a limit of its own: this is the limit of them all. */
const ANSWER_WITHIN_MS = 9_000;

/** Buying plans and credits on a provider's hosted page. */
export class PurchaseService {
  readonly #needs: PurchaseServiceNeeds;

  constructor(needs: PurchaseServiceNeeds) {
    this.#needs = needs;
  }

  /**
   * Orders a plan. A checkout that is still open is closed first; an account with a live subscription gets the provider's own
   * page on which that is changed, but a promotion's own subscription gives way. A key that was used before finds its order and page again, whatever became of them since.
   * Throws NotAllowedNow, PlanNotAvailable, CouponNotApplicable, ChannelUnsupported, AccountBlocked,
   * IdempotencyConflict, InvalidInput, NotFound, ProviderUnavailable (within 10 s) and ProviderRefused.
   */
  createCheckout(purchase: Purchase & PlanWish): Promise<Order> {
    return inTime(this.#buyPlan(purchase));
  }

  /** Orders credits: a package, or as many as an amount buys. Throws as `createCheckout`. */
  recharge(purchase: Purchase & TopUpWish): Promise<Order> {
    return inTime(this.#buyCredits(purchase));
  }

  /** Opens the page of an order that was left without one. Throws what the provider's commands throw. */
  async resume(orderId: string): Promise<void> {
    await this.#needs.opener.open(await this.#needs.orders.order(orderId));
  }

  async #buyPlan(purchase: Purchase & PlanWish): Promise<Order> {
    const { planSlug, planId, priceId, interval } = purchase;
    const wish = [planSlug, planId, priceId, interval];
    const request = this.#request('createCheckout', purchase, wish);
    const account = await this.#buyer(purchase.accountId);
    const known = await this.#known(account, request);
    if (known !== null) return this.#needs.opener.open(known);
    const live = await this.#needs.subscriptions.liveSubscription(account.id);
    if (live !== null && !givesWay(live)) {
      return this.#changePlan(account, request, purchase, live);
    }
    const pending = await this.#needs.store.pendingSubscription(account.id);
    const offer = await this.#priced(
      account,
      purchase,
      await this.#needs.offers.plan(purchase, account),
      pending,
    );
    const order = this.#order(account, request, purchase, offer);
    if (pending !== null) await this.#close(pending);
    return this.#place(account, order, offer);
  }

  /** An order of an account that is subscribed already. A coupon is for what begins. */
  async #changePlan(
    account: Account,
    request: Request,
    purchase: Purchase & PlanWish,
    live: PlanSubscription,
  ): Promise<Order> {
    if (purchase.couponCode !== null)
      throw new CouponNotApplicable('PLAN_CHANGE', 'A change of plan takes no coupon.');
    const offer = await this.#needs.offers.plan(purchase, account);
    const amount = await this.#needs.changeOrders.dueNow(live, offer);
    const channels = offer.channels.filter((channel) => channel === live.channel);
    const priced = { ...offer, amount, channels, trialDays: 0, coupon: null };
    const order = {
      ...this.#order(account, request, purchase, priced),
      changedSubscriptionId: live.id,
      checkoutExpiresAt: new Date(this.#needs.clock.now().getTime() + CHANGE_OPEN_MS),
    };
    const pending = await this.#needs.store.pendingSubscription(account.id);
    if (pending !== null) await this.#close(pending);
    return this.#place(account, order, priced);
  }

  async #buyCredits(purchase: Purchase & TopUpWish): Promise<Order> {
    const wish = [purchase.amountMinor, purchase.packageId];
    const request = this.#request('recharge', purchase, wish);
    const account = await this.#buyer(purchase.accountId);
    const known = await this.#known(account, request);
    if (known !== null) return this.#needs.opener.open(known);
    const live = await this.#needs.subscriptions.liveSubscription(account.id);
    const offer = await this.#priced(
      account,
      purchase,
      await this.#needs.offers.credits(purchase, account, live),
      null,
    );
    return this.#place(account, this.#order(account, request, purchase, offer), offer);
  }

  #priced(
    account: Account,
    { couponCode }: Purchase,
    offer: Offer,
    pending: Order | null,
  ): Promise<PricedOffer> {
    return this.#needs.discounts.priced(offer, account.id, couponCode, pending?.id ?? null);
  }

  #request(operation: Order['operation'], purchase: Purchase, wish: readonly unknown[]): Request {
    const { idempotencyKey, channel, couponCode } = purchase;
    checkIdempotencyKey(idempotencyKey);
    const successUrl = checkRedirect('successUrl', purchase.successUrl, this.#needs.redirects);
    const cancelUrl = checkRedirect('cancelUrl', purchase.cancelUrl, this.#needs.redirects);
    const coupon = couponCode && codeOf(couponCode);
    const hash = requestHash([wish, channel, coupon, successUrl, cancelUrl]);
    return { operation, idempotencyKey, requestHash: hash, successUrl, cancelUrl };
  }

  async #buyer(accountId: string): Promise<Account> {
    const account = await this.#needs.accounts.account(accountId);
    if (!canBuy(account.status)) throw new AccountBlocked(account.status);
    return account;
  }

  async #known(account: Account, request: Request): Promise<Order | null> {
    const { operation, idempotencyKey, requestHash: hash } = request;
    const known = await this.#needs.store.byKey(account.id, operation, idempotencyKey);
    if (known !== null && !known.requestHash.equals(hash))
      throw new IdempotencyConflict(idempotencyKey);
    return known;
  }

  #order(account: Account, request: Request, purchase: Purchase, offer: PricedOffer): NewOrder {
    const now = this.#needs.clock.now();
    const { channels, planSlug: _, coupon, ...bought } = offer;
    const channel = this.#channelFor(purchase.channel, channels);
    return {
      ...bought,
      ...request,
      id: newId(),
      accountId: account.id,
      channel,
      couponId: coupon?.id ?? null,
      discountMinor: coupon?.discountMinor ?? null,
      changedSubscriptionId: null,
      checkoutExpiresAt: new Date(now.getTime() + PAGE_OPEN_MS),
      createdAt: now,
    };
  }

  /** The channel that was asked for, or else the first one that is set up. */
  #channelFor(asked: Channel | null, sold: readonly Channel[]): Channel {
    const { providers } = this.#needs;
    const channel = asked ?? sold.find((candidate) => providers.has(candidate)) ?? 'STRIPE';
    if (!providers.has(channel)) throw new ChannelUnsupported(channel, `${channel} is not set up.`);
    if (!sold.includes(channel)) {
      const why = `${channel} does not sell in this currency: choose another channel.`;
      throw new ChannelUnsupported(channel, why);
    }
    return channel;
  }

  /** Closes the page that the account left open, so that it cannot be paid beside the new one. */
  async #close(pending: Order): Promise<void> {
    if (pending.changedSubscriptionId !== null) return this.#needs.changeOrders.giveUp(pending);
    const opened = await this.#openedOrFailed(pending);
    const status = opened.status === 'PENDING' ? await this.#needs.orders.expire(opened) : null;
    if (status === 'PAID' || status === 'PENDING') {
      throw new NotAllowedNow(
        'An earlier checkout was completed just now: its payment is on the way.',
      );
    }
  }

  /** Only what was opened can be closed, and an order without a page may have one that we were not told of. */
  async #openedOrFailed(pending: Order): Promise<Order> {
    try {
      return await this.#needs.opener.open(pending);
    } catch (error) {
      if (!(error instanceof ProviderRefused)) throw error;
      return this.#needs.orders.order(pending.id);
    }
  }

  async #place(account: Account, order: NewOrder, offer: PricedOffer): Promise<Order> {
    try {
      await this.#needs.database.transaction(async (tx) => {
        await this.#needs.store.insert(tx, order);
        if (order.changedSubscriptionId !== null) return;
        const runAt = new Date(Date.now() + RESUME_AFTER_MS);
        await tx.enqueue('resume-order', { orderId: order.id }, { runAt });
        // Last, so that those who come at once wait for a coupon as little as possible.
        await this.#needs.discounts.reserve(tx, offer, order.id);
      });
    } catch (error) {
      return this.#openRival(account, order, error);
    }
    return this.#needs.opener.open(await this.#needs.orders.order(order.id));
  }

  /** Two requests at once: with the same key they get the same order, with different keys one of them is refused. */
  async #openRival(account: Account, order: NewOrder, error: unknown): Promise<Order> {
    const { constraint } = error as { constraint?: string };
    const isRivalled = constraint === 'purchase_order_one_pending_subscription';
    if (!isRivalled && constraint !== 'purchase_order_key_unique') throw error;
    const same = await this.#known(account, order);
    if (same !== null) return this.#needs.opener.open(same);
    if (!isRivalled) throw error;
    throw new NotAllowedNow('Another checkout is being opened at this moment: try again.');
  }
}

/** Answers in time, whatever the provider does. The work goes on: what it finds is there for the next try. */
async function inTime<Outcome>(work: Promise<Outcome>): Promise<Outcome> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    const error = new ProviderUnavailable(
      'The payment provider takes too long. Try again, with the same idempotency key.',
    );
    timer = setTimeout(() => reject(error), ANSWER_WITHIN_MS);
  });
  try {
    return await Promise.race([work, late]);
  } finally {
    clearTimeout(timer);
  }
}
