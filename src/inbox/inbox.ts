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
import { type Apply, StaleState } from '../platform/provider-effect.ts';
import { InvalidWebhook } from '../providers/payment-errors.ts';
import type { VerifiedWebhook } from '../providers/payment-objects.ts';
import type { PaymentProvider } from '../providers/payment-provider.ts';
import type { Dispatch } from './dispatch.ts';
import { errorText } from './error-text.ts';
import type { BegunEvent, InboxStore, NewWebhookEvent } from './inbox.store.ts';

interface InboxNeeds {
  readonly database: Database;
  readonly clock: Clock;
  readonly store: InboxStore;
  readonly providers: ReadonlyMap<Channel, PaymentProvider>;
  readonly dispatch: Dispatch;
  readonly logger: Logger;
}

/** With the queue's backoff, the twelfth attempt is about 16 hours after the first. */
const MAX_ATTEMPTS = 12;
const MAX_ROUNDS = 5;
const LARGEST_BATCH = 64;
const FORGOTTEN_AFTER_MS = 60_000;

/** An identifier that a column and its index can hold. */
const IDENTIFIER = /^[\x21-\x7e]{1,255}$/;

/** Where webhooks are kept before they are answered, and worked on afterwards: each of them once. */
export class Inbox {
  readonly #needs: InboxNeeds;
  readonly #arrivals: Coalescer<NewWebhookEvent, boolean>;

  constructor(needs: InboxNeeds) {
    this.#needs = needs;
    this.#arrivals = new Coalescer({
      work: async (events) => {
        const stored = await needs.store.receive(events);
        return events.map((event) => stored.has(event.id));
      },
      keyOf: (event) => `${event.channel} ${event.providerEventId}`,
      isOutage: isDatabaseAway,
      maxBatch: LARGEST_BATCH,
    });
  }

  /**
   * Stores a verified webhook with the job that will work on it; both are committed when this answers. Says `DUPLICATE`,
   * and does nothing, when the provider's event is here already. Throws InvalidWebhook when its id or type is none.
   */
  async receive(channel: Channel, webhook: VerifiedWebhook): Promise<'STORED' | 'DUPLICATE'> {
    const { eventId, type, payload } = webhook;
    if (!IDENTIFIER.test(eventId) || !IDENTIFIER.test(type)) {
      throw new InvalidWebhook('The event has no usable id or type.');
    }
    const stored = await this.#arrivals.submit({
      id: newId(),
      channel,
      providerEventId: eventId,
      type,
      payload,
      receivedAt: this.#needs.clock.now(),
    });
    return stored ? 'STORED' : 'DUPLICATE';
  }

  /**
   * Makes one attempt at an event: asks the provider where that is needed, then applies the event and marks it as done in
   * one transaction. Does nothing when it is done or in other hands. Rethrows the attempt's failure, so that the job
   * is tried again, except the twelfth: then the event is DEAD.
   */
  async work(eventId: string): Promise<void> {
    const event = isId(eventId) ? await this.#needs.store.begin(eventId) : null;
    if (event === null) return;
    try {
      await this.#attempt(event);
    } catch (error) {
      if (await this.#isToBeTriedAgain(event, error)) throw error;
    }
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
    return this.#needs.store.events(filter, request);
  }

  eventCount(filter: WebhookEventFilter): Promise<bigint> {
    return this.#needs.store.count(filter);
  }

  /** Gives a new job to events that wait for more than a minute and have lost theirs. */
  async enqueueForgotten(): Promise<void> {
    const before = new Date(this.#needs.clock.now().getTime() - FORGOTTEN_AFTER_MS);
    const count = await this.#needs.store.enqueueForgotten(before);
    if (count > 0) this.#needs.logger.warn({ count }, 'webhook events had lost their jobs');
  }

  async #attempt(event: BegunEvent): Promise<void> {
    if (event.attempts > MAX_ATTEMPTS) throw new Error('Every attempt ended without an answer.');
    for (let round = 1; ; round += 1) {
      const apply = await this.#dispatch(event);
      try {
        await this.#apply(event, apply);
        return;
      } catch (error) {
        if (!(error instanceof StaleState) || round === MAX_ROUNDS) throw error;
      }
    }
  }

  #dispatch({ channel, payload }: BegunEvent): Promise<Apply> {
    const provider = this.#needs.providers.get(channel);
    if (provider === undefined) throw new Error(`${channel} is not set up.`);
    return this.#needs.dispatch(channel, provider.translateEvent(payload));
  }

  #apply(event: BegunEvent, apply: Apply): Promise<void> {
    const { database, store, clock } = this.#needs;
    return database.transaction(async (tx) => {
      if (!(await store.claim(tx, event.id))) return;
      const outcome = await apply(tx);
      await store.finish(tx, event.id, {
        status: outcome === 'applied' ? 'PROCESSED' : 'IGNORED',
        lastError: outcome === 'applied' ? null : errorText(outcome.ignored),
        processedAt: clock.now(),
      });
    });
  }

  async #isToBeTriedAgain(event: BegunEvent, error: unknown): Promise<boolean> {
    const { store, logger } = this.#needs;
    const { id, channel, type, providerEventId, attempts } = event;
    const about = { id, channel, type, providerEventId, attempts, err: error };
    try {
      const status = await store.fail(id, errorText(error), MAX_ATTEMPTS);
      if (status === 'DEAD') logger.error(about, 'a webhook event has used up its attempts');
      return status === 'FAILED';
    } catch (cause) {
      logger.warn({ ...about, cause }, 'the failure of a webhook event could not be stored');
      return true;
    }
  }
}
