import type { Clock } from '../platform/clock.ts';
import { Coalescer } from '../platform/coalescer.ts';
import type { Database } from '../platform/database/database.ts';
import { isDatabaseAway } from '../platform/database/database-away.ts';
import type { Transaction } from '../platform/database/transaction.ts';
import type { Apply } from '../platform/provider-effect.ts';
import { errorText } from './error-text.ts';
import type { BegunEvent, EndedEvent, InboxStore } from './inbox.store.ts';

interface EventApplierNeeds {
  readonly database: Database;
  readonly clock: Clock;
  readonly store: InboxStore;
  readonly accounts: {
    /** Locks accounts, in the order of their ids. */
    holdAll(tx: Transaction, ids: readonly string[]): Promise<void>;
  };
}

interface Prepared {
  readonly event: BegunEvent;
  readonly apply: Apply;
}

const LARGEST_BATCH = 64;
/** While one transaction waits for an answer another one is worked on; an account's events all go the same way. */
const LANES = 2;

/** Does the second step of events, in the transaction that also marks them as done: each once. */
export class EventApplier {
  readonly #needs: EventApplierNeeds;
  readonly #lanes: readonly Coalescer<Prepared, undefined>[];

  constructor(needs: EventApplierNeeds) {
    this.#needs = needs;
    this.#lanes = Array.from({ length: LANES }, () => this.#createLane());
  }

  /**
   * Applies an event, together with others that come at the same time when its step says that it may. Does nothing when the
   * event is done or in other hands. Rejects with its own failure only.
   */
  async apply(event: BegunEvent, apply: Apply): Promise<void> {
    const prepared = { event, apply };
    if (apply.accountId === undefined) await this.#applyIn([prepared]);
    else await this.#lanes[laneOf(apply.accountId)]?.submit(prepared);
  }

  #createLane(): Coalescer<Prepared, undefined> {
    return new Coalescer({
      work: async (events) => {
        await this.#applyIn(events.toSorted(byAccount));
        return events.map(() => undefined);
      },
      keyOf: ({ event }) => event.id,
      isOutage: isDatabaseAway,
      maxBatch: LARGEST_BATCH,
    });
  }

  /** Accounts are locked first, and gone through in the order of their ids: so does whoever else takes several of them. */
  #applyIn(events: readonly Prepared[]): Promise<void> {
    const { database, store, accounts, clock } = this.#needs;
    return database.transaction(async (tx) => {
      const claimed = await store.claim(
        tx,
        events.map(({ event }) => event.id),
      );
      const ours = events.filter(({ event }) => claimed.has(event.id));
      if (ours.length === 0) return;
      await accounts.holdAll(tx, accountsOf(ours));
      await store.finish(tx, await applyAll(tx, ours), clock.now());
    });
  }
}

async function applyAll(tx: Transaction, events: readonly Prepared[]): Promise<EndedEvent[]> {
  const ends: EndedEvent[] = [];
  const byKind = Map.groupBy(events, ({ apply }) => apply.applyTogether);
  for (const [applyTogether, ofOneKind] of byKind) {
    if (applyTogether === undefined) {
      for (const { event, apply } of ofOneKind) ends.push(endOf(event, await apply(tx)));
    } else {
      await applyTogether(
        tx,
        ofOneKind.map(({ apply }) => apply),
      );
      ends.push(...ofOneKind.map(({ event }) => endOf(event, 'applied')));
    }
  }
  return ends;
}

function endOf({ id, attempts }: BegunEvent, outcome: Awaited<ReturnType<Apply>>): EndedEvent {
  return outcome === 'applied'
    ? { id, attempts, status: 'PROCESSED', lastError: null }
    : { id, attempts, status: 'IGNORED', lastError: errorText(outcome.ignored) };
}

function laneOf(accountId: string | null): number {
  return accountId === null ? 0 : accountId.charCodeAt(accountId.length - 1) % LANES;
}

function accountsOf(events: readonly Prepared[]): string[] {
  return [...new Set(events.flatMap(({ apply }) => apply.accountId ?? []))];
}

function byAccount({ apply: one }: Prepared, { apply: other }: Prepared): number {
  return (one.accountId ?? '') < (other.accountId ?? '') ? -1 : 1;
}
