import type { Clock } from '../../platform/clock.ts';
import type { Database } from '../../platform/database/database.ts';
import type { Channel } from '../../platform/money.ts';
import { takeOver } from '../../platform/provider-effect.ts';
import type { PaymentProvider } from '../../providers/payment-provider.ts';
import type { PlanSubscription } from '../subscription/subscription.model.ts';
import type { SubscriptionService } from '../subscription/subscription.service.ts';
import type { InvoiceService } from './invoice.service.ts';

interface SubscriptionReconciliationNeeds {
  readonly database: Database;
  readonly clock: Clock;
  readonly subscriptions: SubscriptionService;
  readonly invoices: InvoiceService;
}

const MINUTE_MS = 60_000;
/** How long after a period's end its renewal should have been heard of, and when to look again when nothing was new. */
const OVERDUE_AFTER_MS = 5 * MINUTE_MS;
const AGAIN_AFTER_MS = 60 * MINUTE_MS;
const MOST_AT_ONCE = 50;

/** Subscriptions of whose renewal, or end, nothing was heard. */
export class SubscriptionReconciliationService {
  readonly #needs: SubscriptionReconciliationNeeds;

  constructor(needs: SubscriptionReconciliationNeeds) {
    this.#needs = needs;
  }

  /**
   * Looks up live subscriptions whose period is over, and takes over their state and their invoices. Answers how many were
   * behind. Throws what the provider's commands throw.
   */
  async reconcile(channel: Channel, provider: PaymentProvider): Promise<number> {
    const now = this.#needs.clock.now().getTime();
    const due = await this.#needs.subscriptions.overdue(channel, {
      endedBefore: new Date(now - OVERDUE_AFTER_MS),
      seenBefore: new Date(now - AGAIN_AFTER_MS),
      limit: MOST_AT_ONCE,
    });
    let behind = 0;
    for (const subscription of due) if (await this.#lookUp(subscription, provider)) behind += 1;
    return behind;
  }

  async #lookUp(before: PlanSubscription, provider: PaymentProvider): Promise<boolean> {
    const { database, invoices, subscriptions } = this.#needs;
    const { accountId, channel, providerSubscriptionId: id } = before;
    await takeOver(database, () => subscriptions.subscriptionChanged(channel, id));
    const theirs = (await provider.listInvoices?.(id)) ?? [];
    const missing = await invoices.unknownOf(channel, theirs);
    for (const invoice of missing.toReversed())
      await takeOver(database, () => invoices.invoiceChanged(channel, invoice));
    const [after] = await subscriptions.latestSubscriptions([accountId]);
    const isSame =
      after?.status === before.status &&
      after.currentPeriodEnd?.getTime() === before.currentPeriodEnd?.getTime();
    return missing.length > 0 || !isSame;
  }
}
