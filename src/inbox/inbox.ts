import type {
  WebhookEvent,
  WebhookEventFilter,
} from '../features/operations/webhook-event.model.ts';
import type { Clock } from '../platform/clock.ts';
import { Coalescer } from '../platform/coalescer.ts';
import type { Database } from '../platform/database/database.ts';
import { isDatabaseAway } from '../platform/database/database-away.ts';
import { NotFound } from '../platform/errors.ts';
import { isId, newId } from '../platform/ids.ts';
import type { Logger } from '../platform/logger.ts';
import type { Channel } from '../platform/money.ts';
import type { Page, PageRequest } from '../platform/paging.ts';
import { InvalidWebhook } from '../providers/payment-errors.ts';
import type { VerifiedWebhook } from '../providers/payment-objects.ts';
import type { InboxStore, NewWebhookEvent } from './inbox.store.ts';
import type { InboxListStore } from './inbox-list.store.ts';
import { Round } from './round.ts';
import { Rush } from './rush.ts';

interface InboxNeeds {
  readonly database: Database;
  readonly clock: Clock;
  readonly store: InboxStore;
  readonly lists: InboxListStore;
  readonly logger: Logger;
}

const LARGEST_BATCH = 64;
/** Smaller batches cost more than the wait for the disk that a second one makes use of. */
const SECOND_BATCH_FROM = 8;
const FORGOTTEN_AFTER_MS = 60_000;

/** An identifier that a column and its index can hold. */
const IDENTIFIER = /^[\x21-\x7e]{1,255}$/;

/** Where webhooks are kept before they are answered. */
export class Inbox {
  readonly #needs: InboxNeeds;
  readonly #arrivals: Coalescer<NewWebhookEvent, boolean>;
  readonly #rush = new Rush();
  readonly #round = new Round();

  constructor(needs: InboxNeeds) {
    this.#needs = needs;
    this.#arrivals = new Coalescer({
      work: async (events) => {
        const stored = await this.#store(events);
        return events.map(({ id }) => stored.has(id));
      },
      keyOf: (event) => `${event.channel} ${event.providerEventId}`,
      isOutage: isDatabaseAway,
      maxBatch: LARGEST_BATCH,
      secondFrom: SECOND_BATCH_FROM,
    });
  }

  /**
   * Stores a verified webhook with the job that will work on it; both are committed when this answers. Says `DUPLICATE`,
   * and does nothing, when the provider's event is here already. Throws InvalidWebhook when its id or type is none.
   */
  async receive(channel: Channel, webhook: VerifiedWebhook): Promise<'STORED' | 'DUPLICATE'> {
    const { eventId, type, text } = webhook;
    if (!IDENTIFIER.test(eventId) || !IDENTIFIER.test(type)) {
      throw new InvalidWebhook('The event has no usable id or type.');
    }
    this.#rush.arrived();
    const stored = await this.#arrivals.submit({
      id: newId(),
      channel,
      providerEventId: eventId,
      type,
      payload: text,
      receivedAt: this.#needs.clock.now(),
    });
    return stored ? 'STORED' : 'DUPLICATE';
  }

  /** Stores those events that are new in the round that is open, or in another one; answers with their ids. */
  async #store(events: readonly NewWebhookEvent[]): Promise<ReadonlySet<string>> {
    const { store } = this.#needs;
    const open = this.#round.open;
    const joined = open === null ? null : await store.joinRound(open, events);
    const round = joined === null ? newId() : (open as string);
    const stored = joined ?? (await store.beginRound(round, events));
    if (stored.size > 0) this.#round.joined(round, stored.size);
    return stored;
  }

  /**
   * Resolves when webhooks do not come in a rush any more, within half a second: in a rush they are answered first,
   * and a provider that gets its answers has no reason to send them again.
   */
  untilCalm(): Promise<void> {
    return this.#rush.isOver();
  }

  /** Lets no event join a round any more; answers with the ids of those that nobody has made an attempt at. */
  endRound(round: string): Promise<string[]> {
    return this.#needs.store.endRound(round);
  }

  /** Puts an event back to RECEIVED, whatever became of it, with twelve new attempts. Throws NotFound. */
  async replay(eventId: string): Promise<WebhookEvent> {
    const event = isId(eventId)
      ? await this.#needs.database.transaction((tx) => this.#needs.store.restart(tx, eventId))
      : null;
    if (event === null) throw new NotFound('Webhook event');
    return event;
  }

  /** A page of events, the last received first. Throws InvalidInput. */
  events(filter: WebhookEventFilter, request: PageRequest): Promise<Page<WebhookEvent>> {
    return this.#needs.lists.events(filter, request);
  }

  eventCount(filter: WebhookEventFilter): Promise<bigint> {
    return this.#needs.lists.count(filter);
  }

  /** Gives a new job to events that wait for more than a minute and have lost theirs. */
  async enqueueForgotten(): Promise<void> {
    const before = new Date(this.#needs.clock.now().getTime() - FORGOTTEN_AFTER_MS);
    const count = await this.#needs.store.enqueueForgotten(before);
    if (count > 0) this.#needs.logger.warn({ count }, 'webhook events had lost their jobs');
  }
}
