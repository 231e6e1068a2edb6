import { setImmediate as nextTurn } from 'node:timers/promises';
import { isInBackground } from '../platform/database/background.ts';
import { isDatabaseAway } from '../platform/database/database-away.ts';
import { restOnUnknown } from '../platform/grounds.ts';

/** What is asked for, and the promise that all have who ask for it. */
type Asked<Value> = PromiseWithResolvers<Value | undefined>;

interface GatheredReadsOptions<Value> {
  /** Reads many at once; a key that is not there is left out. For a promise only those wait who asked for its key. */
  readonly read: (
    keys: readonly string[],
  ) => Promise<ReadonlyMap<string, Value | PromiseLike<Value>>>;
  readonly maxBatch: number;
  /** How many are in a batch before which none is in flight; `maxBatch` when not given. A small one is soon there to work on. */
  readonly firstBatch?: number;
  /**
   * After how many answers new requests are heard; all of a batch when not given. What is made of a large answer takes its
   * time, and the database has nothing to do until somebody asks.
   */
  readonly answersInTurn?: number;
}

/**
 * One read for all who want the same thing at the same time, such as the subscribers of a balance that moved. A read
 * begins after it was asked for, never before, so that whoever asks because of a hint sees what the hint told of. One
 * batch is in flight at a time: thousands who ask at once take one connection, not all of them, and while the database works
 * on a batch, this process makes answers of the one before. What is read in the background is gathered apart: a batch goes by
 * the connections of whoever began it, and nobody is to wait for the others.
 */
export class GatheredReads<Value> {
  readonly #waitedFor: Lane<Value>;
  readonly #inBackground: Lane<Value>;

  constructor(options: GatheredReadsOptions<Value>) {
    this.#waitedFor = new Lane(options);
    this.#inBackground = new Lane(options);
  }

  /** Resolves with undefined when the key is not there; rejects with what the read failed of. */
  read(key: string): Promise<Value | undefined> {
    // Somebody else may have begun what reads it.
    restOnUnknown();
    return (isInBackground() ? this.#inBackground : this.#waitedFor).read(key);
  }
}

class Lane<Value> {
  readonly #options: GatheredReadsOptions<Value>;
  #queue = new Map<string, Asked<Value>>();
  #isBusy = false;

  constructor(options: GatheredReadsOptions<Value>) {
    this.#options = options;
  }

  read(key: string): Promise<Value | undefined> {
    const known = this.#queue.get(key);
    if (known !== undefined) return known.promise;
    const asked: Asked<Value> = Promise.withResolvers();
    this.#queue.set(key, asked);
    if (!this.#isBusy) void this.#drain();
    return asked.promise;
  }

  async #drain(): Promise<void> {
    this.#isBusy = true;
    // Whoever was woken by the same hint asks in the same turn.
    await Promise.resolve();
    const { maxBatch, firstBatch = maxBatch } = this.#options;
    for (let batch = this.#begin(firstBatch); batch !== null; ) {
      const answer = await batch;
      // The next one is on its way while the answers are made use of: a connection is given to it when this turn has ended.
      batch = this.#begin(maxBatch);
      if (batch !== null) await nextTurn();
      answer();
    }
    this.#isBusy = false;
  }

  /** Begins to read the next batch; resolves with what gives the answers. */
  #begin(most: number): Promise<() => void> | null {
    if (this.#queue.size === 0) return null;
    const batch: (readonly [string, Asked<Value>])[] = [];
    for (const entry of this.#queue) if (batch.push(entry) === most) break;
    // A map that is emptied and filled again keeps what was in it until the next thorough collection: V8 chains the tables that
    // such a map has outgrown, and one that has grown old holds on to all that came after it.
    if (batch.length === this.#queue.size) this.#queue = new Map();
    else for (const [key] of batch) this.#queue.delete(key);
    const read = async () => this.#options.read(batch.map(([key]) => key));
    return read().then(
      (values) => () => void this.#answer(batch, values),
      (error: unknown) => {
        if (isDatabaseAway(error)) this.#turnAway(error);
        return () => {
          for (const [, { reject }] of batch) reject(error);
        };
      },
    );
  }

  async #answer(
    batch: readonly (readonly [string, Asked<Value>])[],
    values: ReadonlyMap<string, Value | PromiseLike<Value>>,
  ): Promise<void> {
    const { answersInTurn = Number.POSITIVE_INFINITY } = this.#options;
    for (const [index, [key, { resolve }]] of batch.entries()) {
      if (index > 0 && index % answersInTurn === 0) await nextTurn();
      resolve(values.get(key));
    }
  }

  /** Whoever came while the database was away would only wait for the same outage again. */
  #turnAway(error: unknown): void {
    const queue = this.#queue;
    this.#queue = new Map();
    for (const { reject } of queue.values()) reject(error);
  }
}
