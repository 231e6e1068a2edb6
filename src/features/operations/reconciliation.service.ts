import type { Clock } from '../../platform/clock.ts';
import type { Database } from '../../platform/database/database.ts';
import type { Logger } from '../../platform/logger.ts';
import type { Channel } from '../../platform/money.ts';
import type { VerifiedWebhook } from '../../providers/payment-objects.ts';
import type { PaymentProvider } from '../../providers/payment-provider.ts';
import type { SubscriptionReconciliationService } from '../invoice/subscription-reconciliation.service.ts';
import type { OrderReconciliationService } from '../order/order-reconciliation.service.ts';
import type { Repairs } from './reconciliation.model.ts';
import type { ReconciliationStore } from './reconciliation.store.ts';

/** Where announcements are kept and worked on, each once: the inbox. */
export interface AnnouncementReceiver {
  receive(channel: Channel, webhook: VerifiedWebhook): Promise<'STORED' | 'DUPLICATE'>;
}

interface ReconciliationNeeds {
  readonly database: Database;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly store: ReconciliationStore;
  readonly providers: ReadonlyMap<Channel, PaymentProvider>;
  readonly orderReconciliation: OrderReconciliationService;
  readonly subscriptionReconciliation: SubscriptionReconciliationService;
}

/** Of all processes, the one that holds this number looks; it has no other meaning. */
const ADVISORY_LOCK = 7_033_100_518n;
/** What was announced just now has its webhook under way. */
const UNDER_WAY_MS = 15_000;
/** A provider may list an event late: the end of what was seen is seen again. */
const OVERLAP_MS = 5 * 60_000;

/**
 * Repairs what no webhook told. A step that fails leaves the others alone, and the next run does it again.
 * Source: docs/decisions/0010-what-no-webhook-told.md.
 */
export class ReconciliationService {
  readonly #needs: ReconciliationNeeds;
  #receiver: AnnouncementReceiver | null = null;

  constructor(needs: ReconciliationNeeds) {
    this.#needs = needs;
  }

  /** From now on, what is missing goes to this inbox, and what is announced after this instant is watched. */
  async begin(receiver: AnnouncementReceiver): Promise<void> {
    this.#receiver = receiver;
    const { clock, providers, store } = this.#needs;
    for (const channel of providers.keys()) await store.knownUntil(channel, clock.now());
  }

  /** Looks at every provider; does nothing when another process is at it. Answers what it repaired, by channel. */
  async run(): Promise<ReadonlyMap<Channel, Repairs>> {
    const repairs = new Map<Channel, Repairs>();
    await this.#needs.database.withLock(ADVISORY_LOCK, async () => {
      for (const [channel, provider] of this.#needs.providers)
        repairs.set(channel, await this.#reconcile(channel, provider));
    });
    return repairs;
  }

  async #reconcile(channel: Channel, provider: PaymentProvider): Promise<Repairs> {
    const { logger, orderReconciliation, subscriptionReconciliation } = this.#needs;
    const step = async (name: keyof Repairs, work: () => Promise<number>) => {
      try {
        return await work();
      } catch (error) {
        logger.warn({ err: error, channel, step: name }, 'a step of the reconciliation failed');
        return 0;
      }
    };
    const repairs: Repairs = {
      events: await step('events', () => this.#receiveMissed(channel, provider)),
      orders: await step('orders', () => orderReconciliation.reconcile(channel, provider)),
      subscriptions: await step('subscriptions', () =>
        subscriptionReconciliation.reconcile(channel, provider),
      ),
    };
    if (Object.values(repairs).some((count) => count > 0))
      logger.warn({ channel, ...repairs }, 'repaired what no webhook told');
    return repairs;
  }

  /** Puts into the inbox what was announced and never arrived; answers how many there were. */
  async #receiveMissed(channel: Channel, provider: PaymentProvider): Promise<number> {
    const receiver = this.#receiver;
    if (provider.listEvents === undefined || receiver === null) return 0;
    const { clock, store } = this.#needs;
    const now = clock.now();
    const knownUntil = await store.knownUntil(channel, now);
    const until = new Date(now.getTime() - UNDER_WAY_MS);
    const window = { since: new Date(knownUntil.getTime() - OVERLAP_MS), until };
    if (window.since >= until) return 0;
    let missed = 0;
    for (let cursor: string | null = null; ; ) {
      const page = await provider.listEvents(window, cursor);
      const outcomes = await Promise.all(
        page.events.map((event) => receiver.receive(channel, event)),
      );
      missed += outcomes.filter((outcome) => outcome === 'STORED').length;
      cursor = page.nextCursor;
      if (cursor === null) break;
    }
    await store.know(channel, until, now);
    return missed;
  }
}
