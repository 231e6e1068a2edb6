import { setImmediate as nextTurn } from 'node:timers/promises';
import { isInBackground } from '../platform/database/background.ts';
import { isDatabaseAway } from '../platform/database/database-away.ts';

interface Waiting<Value> {
  readonly resolve: (value: Value | undefined) => void;
  readonly reject: (error: unknown) => void;
}

interface GatheredReadsOptions<Value> {
  /** Reads many at once; a key that is not there is left out. */
  readonly read: (keys: readonly string[]) => Promise<ReadonlyMap<string, Value>>;
  readonly maxBatch: number;
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
 * on a batch, this process makes answers of the one before. What is read in the background is gathered apart: a batch goes by the connections of whoever began it, and nobody is to wait for the others.
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
    return (isInBackground() ? this.#inBackground : this.#waitedFor).read(key);
  }
}

class Lane<Value> {
  readonly #options: GatheredReadsOptions<Value>;
  #queue = new Map<string, Waiting<Value>[]>();
  #isBusy = false;

  constructor(options: GatheredReadsOptions<Value>) {
    this.#options = options;
  }

  read(key: string): Promise<Value | undefined> {
    return new Promise((resolve, reject) => {
      const waiting = this.#queue.get(key);
      if (waiting === undefined) this.#queue.set(key, [{ resolve, reject }]);
      else waiting.push({ resolve, reject });
      if (!this.#isBusy) void this.#drain();
    });
  }

  async #drain(): Promise<void> {
    this.#isBusy = true;
    // Whoever was woken by the same hint asks in the same turn.
    await Promise.resolve();
    while (this.#queue.size > 0) await this.#readBatch();
    this.#isBusy = false;
  }

  async #readBatch(): Promise<void> {
    const batch = [...this.#queue].slice(0, this.#options.maxBatch);
    for (const [key] of batch) this.#queue.delete(key);
    try {
      const values = await this.#options.read(batch.map(([key]) => key));
      void this.#answer(batch, values);
    } catch (error) {
      for (const [, waiting] of batch) for (const { reject } of waiting) reject(error);
      if (isDatabaseAway(error)) this.#turnAway(error);
    }
  }

  async #answer(
    batch: readonly (readonly [string, readonly Waiting<Value>[]])[],
    values: ReadonlyMap<string, Value>,
  ): Promise<void> {
    const { answersInTurn = Number.POSITIVE_INFINITY } = this.#options;
    let answers = 0;
    for (const [key, waiting] of batch) {
      for (const { resolve } of waiting) {
        if (answers > 0 && answers % answersInTurn === 0) await nextTurn();
        resolve(values.get(key));
        answers += 1;
      }
    }
  }

  /** Whoever came while the database was away would only wait for the same outage again. */
  #turnAway(error: unknown): void {
    const queue = this.#queue;
    this.#queue = new Map();
    for (const waiting of queue.values()) for (const { reject } of waiting) reject(error);
  }
}
