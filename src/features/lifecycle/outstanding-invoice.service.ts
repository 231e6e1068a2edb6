import { invariant } from '../../platform/assert.ts';
import type { Logger } from '../../platform/logger.ts';
import type { Channel } from '../../platform/money.ts';
import { ProviderDeclined } from '../../providers/payment-errors.ts';
import type { PaymentProvider } from '../../providers/payment-provider.ts';
import type { SubscriptionService } from '../subscription/subscription.service.ts';
import type { SubscriptionRefresher } from './subscription-refresher.service.ts';

interface OutstandingInvoiceNeeds {
  readonly logger: Logger;
  readonly subscriptions: SubscriptionService;
  readonly refresher: SubscriptionRefresher;
  readonly providers: ReadonlyMap<Channel, PaymentProvider>;
}

/** Paying what a suspended account owes with the card that it has just attached. */
export class OutstandingInvoiceService {
  readonly #needs: OutstandingInvoiceNeeds;

  constructor(needs: OutstandingInvoiceNeeds) {
    this.#needs = needs;
  }

  /**
   * Charges the open invoices of the account's subscription, once per attempt, and takes over what became of it. A card that
   * is declined leaves the account as it is: the provider tries again by its own plan. Throws what the provider's commands
   * throw.
   */
  async pay(accountId: string, attempt: string): Promise<void> {
    const live = await this.#needs.subscriptions.liveSubscription(accountId);
    if (live === null || live.status === 'ACTIVE') return;
    const provider = this.#needs.providers.get(live.channel);
    invariant(provider !== undefined, `${live.channel} is set up`);
    try {
      const key = `tollgate-outstanding-${attempt}`;
      await provider.payOpenInvoice(live.providerSubscriptionId, key);
    } catch (error) {
      if (!(error instanceof ProviderDeclined)) throw error;
      const { message: reason } = error;
      this.#needs.logger.info({ accountId, reason }, 'the new card did not pay the open invoice');
    }
    await this.#needs.refresher.refresh(live.channel, live.providerSubscriptionId);
  }
}
