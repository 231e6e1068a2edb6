import { invariant } from '../../platform/assert.ts';
import type { Clock } from '../../platform/clock.ts';
import type { Database } from '../../platform/database/database.ts';
import type { Channel } from '../../platform/money.ts';
import { formatCredits } from '../../platform/money.ts';
import {
  AmountTooSmall,
  ProviderRefused,
  ProviderUnsupported,
} from '../../providers/payment-errors.ts';
import type { CheckoutDiscount, HostedCheckout } from '../../providers/payment-objects.ts';
import type { PaymentProvider } from '../../providers/payment-provider.ts';
import { NotAllowedNow } from '../account/account.errors.ts';
import type { AccountService } from '../account/account.service.ts';
import type { CatalogService } from '../catalog/catalog.service.ts';
import { CouponNotApplicable } from '../coupon/coupon.errors.ts';
import type { CouponService } from '../coupon/coupon.service.ts';
import type { CouponAtProviderService } from '../coupon/coupon-at-provider.service.ts';
import { ChannelUnsupported } from '../payment-method/payment-method.errors.ts';
import type { ProviderCustomerService } from '../payment-method/provider-customer.service.ts';
import type { ChangeOrderService } from './change-order.service.ts';
import type { Order } from './order.model.ts';
import { wholeMinor } from './order.policy.ts';
import type { OrderStore } from './order.store.ts';

interface CheckoutOpenerNeeds {
  readonly database: Database;
  readonly clock: Clock;
  readonly store: OrderStore;
  readonly accounts: AccountService;
  readonly catalog: CatalogService;
  readonly customers: ProviderCustomerService;
  readonly coupons: CouponService;
  readonly couponsAtProvider: CouponAtProviderService;
  readonly changeOrders: ChangeOrderService;
  readonly providers: ReadonlyMap<Channel, PaymentProvider>;
}

/** What another try would not change. */
const REFUSALS = [ProviderRefused, ProviderUnsupported, NotAllowedNow] as const;

/** Opens the provider's hosted page for an order that is stored already. */
export class CheckoutOpener {
  readonly #needs: CheckoutOpenerNeeds;

  constructor(needs: CheckoutOpenerNeeds) {
    this.#needs = needs;
  }

  /**
   * The order with its hosted page, opened now if it was not yet. The provider gets the order's own idempotency key, so
   * that after a crash or an unknown outcome this finds the same page again; where a provider makes another one all the
   * same, the first that is stored is the order's, and nobody is told of any other. Throws ChannelUnsupported, NotAllowedNow
   * (the provider cannot have the account as a customer) and what the provider's commands throw; an order that is refused
   * outright becomes FAILED, and CouponNotApplicable tells when its coupon leaves too little to charge. A page on which a
   * change is confirmed is opened anew each time: see ChangeOrderService.
   */
  async open(order: Order): Promise<Order> {
    if (order.changedSubscriptionId !== null) return this.#needs.changeOrders.open(order);
    if (order.checkoutUrl !== null || order.status !== 'PENDING') return order;
    const provider = this.#needs.providers.get(order.channel);
    invariant(provider !== undefined, `${order.channel} is set up`);
    try {
      return await this.#remember(order, await this.#openAt(provider, order));
    } catch (error) {
      if (!REFUSALS.some((type) => error instanceof type)) throw error;
      await this.#fail(order);
      if (error instanceof AmountTooSmall && order.couponId !== null) throw tooSmall(order, error);
      if (!(error instanceof ProviderUnsupported)) throw error;
      throw new ChannelUnsupported(order.channel, error.message);
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
      discount: await this.#discountAt(provider, order),
    };
    const key = `tollgate-order-${order.id}`;
    if (order.kind === 'CREDITS') {
      const description = `${formatCredits(order.creditsMicro ?? 0n)} credits`;
      const money = { ...order.amount, amountMinor: wholeMinor(order) };
      return provider.createCreditsCheckout({ ...checkout, money, description }, key);
    }
    const plan = await this.#needs.catalog.planById(order.planId ?? '');
    const price = plan?.prices.find(({ id }) => id === order.planPriceId);
    invariant(plan !== null && price !== undefined, `order ${order.id} names a price`);
    const providerPriceId = await this.#needs.catalog.providerPriceId(order.channel, plan, price);
    const { trialDays } = order;
    return provider.createPlanCheckout({ ...checkout, providerPriceId, trialDays }, key);
  }

  async #discountAt(
    provider: PaymentProvider,
    { couponId, discountMinor, amount }: Order,
  ): Promise<CheckoutDiscount | null> {
    if (couponId === null) return null;
    const off = { ...amount, amountMinor: discountMinor ?? 0n };
    return this.#needs.couponsAtProvider.discountAt(provider, couponId, off);
  }

  #remember(order: Order, hosted: HostedCheckout): Promise<Order> {
    return this.#needs.database.transaction(async (tx) => {
      const known = await this.#needs.store.lock(tx, order.id);
      if (known !== null && known.providerCheckoutId !== null) return known;
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
        ...discountedTotal(order, hosted),
      };
      await this.#needs.store.update(tx, order.id, opened);
      tx.hint('order', order.id);
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
      if (stored.couponId !== null) await this.#needs.coupons.release(tx, order.id);
      tx.hint('order', order.id);
    });
  }
}

/** With a coupon the provider has the last word on the amount, to the minor unit; a trial's page asks for nothing yet. */
function discountedTotal(order: Order, { total }: HostedCheckout) {
  if (order.couponId === null || order.trialDays > 0 || !total) return {};
  const { amountMinor } = total;
  return { amountMinor, discountMinor: wholeMinor(order) - amountMinor };
}

function tooSmall({ channel }: Order, cause: AmountTooSmall): CouponNotApplicable {
  const message = `What is left to pay with this coupon is less than ${channel} charges.`;
  return new CouponNotApplicable('AMOUNT_TOO_SMALL', message, { cause });
}
