import type { Clock } from '../../platform/clock.ts';
import type { Logger } from '../../platform/logger.ts';
import type { Channel } from '../../platform/money.ts';
import { ProviderRefused } from '../../providers/payment-errors.ts';
import type { PaymentProvider } from '../../providers/payment-provider.ts';
import type { CheckoutOpener } from './checkout-opener.service.ts';
import type { Order } from './order.model.ts';
import type { OrderService } from './order.service.ts';
import type { OrderStore } from './order.store.ts';

interface OrderReconciliationNeeds {
  readonly clock: Clock;
  readonly logger: Logger;
  readonly store: OrderStore;
  readonly orders: OrderService;
  readonly opener: CheckoutOpener;
}

const MINUTE_MS = 60_000;
/** An order that waits for longer than this is looked up, again after the second figure, and a handful at once. */
const WAITS_FOR_MS = 5 * MINUTE_MS;
const AGAIN_AFTER_MS = 30 * MINUTE_MS;
const MOST_AT_ONCE = 50;
/** Providers keep idempotency keys for 24 hours: after that, asking with the same one may make a second page. */
const KEY_LIVES_MS = 23 * 60 * MINUTE_MS;

/** Orders that wait for news which may never come. */
export class OrderReconciliationService {
  readonly #needs: OrderReconciliationNeeds;

  constructor(needs: OrderReconciliationNeeds) {
    this.#needs = needs;
  }

  /**
   * Looks up orders that have waited for minutes, or whose page has expired, and takes over what became of them. One whose
   * page was never learnt gets it by its own key, or is given up when that key has been forgotten: nobody was ever sent
   * to that page. Answers how many orders are something else now. Throws what the provider's commands throw.
   */
  async reconcile(channel: Channel, provider: PaymentProvider): Promise<number> {
    const { clock, store } = this.#needs;
    const now = clock.now();
    const due = await store.waiting(channel, {
      since: new Date(now.getTime() - WAITS_FOR_MS),
      lookedUpBefore: new Date(now.getTime() - AGAIN_AFTER_MS),
      now,
      limit: MOST_AT_ONCE,
    });
    let changed = 0;
    for (const order of due) {
      await this.#lookUp(order, provider);
      await store.lookedUp(order.id, now);
      if ((await this.#needs.orders.order(order.id)).status !== order.status) changed += 1;
    }
    return changed;
  }

  async #lookUp(order: Order, provider: PaymentProvider): Promise<void> {
    const { clock, logger, opener, orders } = this.#needs;
    try {
      if (order.providerCheckoutId !== null) {
        const outcome = await provider.retrieveCheckout(order.providerCheckoutId);
        await orders.takeOver(order.channel, outcome);
      } else if (clock.now().getTime() - order.createdAt.getTime() < KEY_LIVES_MS) {
        await opener.open(order);
      } else {
        await orders.giveUp(order.id);
      }
    } catch (error) {
      // What the provider does not know, or refuses, is no reason to leave the other orders waiting.
      if (!(error instanceof ProviderRefused)) throw error;
      logger.warn({ err: error, orderId: order.id }, 'the provider refused to look up an order');
      if (order.checkoutExpiresAt <= clock.now()) await orders.giveUp(order.id);
    }
  }
}
