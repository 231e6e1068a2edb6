import { isDatabaseAway } from '../platform/database/database-away.ts';
import { isId } from '../platform/ids.ts';
import type { Logger } from '../platform/logger.ts';
import type { Channel } from '../platform/money.ts';
import { StaleState } from '../platform/provider-effect.ts';
import type { ProviderEvent } from '../providers/payment-objects.ts';
import type { PaymentProvider } from '../providers/payment-provider.ts';
import { askedAbout, type Dispatch } from './dispatch.ts';
import { errorText } from './error-text.ts';
import type { EventApplier } from './event-applier.ts';
import type { BegunEvent, InboxStore } from './inbox.store.ts';

interface EventWorkerNeeds {
  readonly store: InboxStore;
  readonly providers: ReadonlyMap<Channel, PaymentProvider>;
  readonly dispatch: Dispatch;
  readonly applier: EventApplier;
  readonly logger: Logger;
}

/** With the queue's backoff, the twelfth attempt is about 16 hours after the first. */
const MAX_ATTEMPTS = 12;
const MAX_TRIES = 5;
/** How many of the events that arrived together ask a provider at once: it counts requests. */
const ASKING_AT_ONCE = 2;
/** For how long they ask before the rest get jobs of their own, which are not behind each other. */
const ASKING_FOR_MS = 2_000;

/** Works on the events of the inbox. */
export class EventWorker {
  readonly #needs: EventWorkerNeeds;

  constructor(needs: EventWorkerNeeds) {
    this.#needs = needs;
  }

  /**
   * Works on events that arrived together; what cannot be done with them gets a job of its own, which counts its attempts.
   * When they are tried for a second time each of them gets one: one may have brought the others down. Does nothing for
   * those that are done already.
   */
  async workTogether(eventIds: readonly string[], isFirstTry: boolean): Promise<void> {
    const { store } = this.#needs;
    const ids = eventIds.filter(isId);
    if (!isFirstTry) return store.enqueue(ids);
    const events = await store.open(ids);
    const left: string[] = [];
    const tryOne = async (event: BegunEvent) => {
      if (!(await this.#tryOnce(event))) left.push(event.id);
    };
    const bySubject = Map.groupBy(events, (event) => this.#askedAbout(event));
    const looking = bySubject.get(null) ?? [];
    bySubject.delete(null);
    // Those about the same thing one after the other: at once, each would overtake the state that the others fetched.
    const rest = bySubject.values();
    const askUntil = performance.now() + ASKING_FOR_MS;
    const askInTurn = async () => {
      for (const about of rest)
        for (const event of about)
          if (performance.now() < askUntil) await tryOne(event);
          else left.push(event.id);
    };
    await Promise.all([
      ...looking.map(tryOne),
      ...Array.from({ length: ASKING_AT_ONCE }, () => askInTurn()),
    ]);
    await store.enqueue(left);
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
      if (event.attempts > MAX_ATTEMPTS) throw new Error('Every attempt ended without an answer.');
      await this.#attempt(event);
    } catch (error) {
      if (await this.#isToBeTriedAgain(event, error)) throw error;
    }
  }

  async #tryOnce(event: BegunEvent): Promise<boolean> {
    try {
      await this.#attempt(event);
      return true;
    } catch (error) {
      // What befell them all is told once, by their job.
      if (error instanceof Error && isDatabaseAway(error)) throw error;
      this.#needs.logger.debug({ id: event.id, err: error }, 'an event gets a job of its own');
      return false;
    }
  }

  async #attempt(event: BegunEvent): Promise<void> {
    const { dispatch, applier } = this.#needs;
    for (let tries = 1; ; tries += 1) {
      const apply = await dispatch(event.channel, this.#translate(event));
      try {
        await applier.apply(event, apply);
        return;
      } catch (error) {
        if (!(error instanceof StaleState) || tries === MAX_TRIES) throw error;
      }
    }
  }

  #translate({ channel, payload }: BegunEvent): ProviderEvent {
    const provider = this.#needs.providers.get(channel);
    if (provider === undefined) throw new Error(`${channel} is not set up.`);
    return provider.translateEvent(parse(payload));
  }

  #askedAbout(event: BegunEvent): string | null {
    try {
      return askedAbout(this.#translate(event));
    } catch {
      // Its attempt will say why.
      return null;
    }
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

function parse(payload: string): unknown {
  try {
    return JSON.parse(payload);
  } catch {
    // The cause is left out: its message quotes the body.
    throw new Error('The stored body is not JSON.');
  }
}
