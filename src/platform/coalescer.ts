import { invariant } from './assert.ts';
import { isInBackground } from './database/background.ts';

interface Waiting<Request, Outcome> {
  readonly request: Request;
  readonly key: string;
  readonly resolve: (outcome: Outcome) => void;
  readonly reject: (error: unknown) => void;
}

interface CoalescerOptions<Request, Outcome> {
  /** Does many requests in one step; answers in the same order, one outcome each. Doing one again must be harmless. */
  readonly work: (requests: readonly Request[]) => Promise<readonly Outcome[]>;
  /** Two requests with the same key never share a batch: the later one waits for the next. */
  readonly keyOf: (request: Request) => string;
  /** Whether a failure says nothing of the requests, such as a lost connection. */
  readonly isOutage: (error: unknown) => boolean;
  readonly maxBatch: number;
  /**
   * How many have to wait for a second batch to be begun beside the one in flight; without it, all wait. Only for what may be
   * done in any order: what is gained is that the disk, which the first one waits for, is no time lost for the second.
   */
  readonly secondFrom?: number;
}

interface Outage {
  readonly error: unknown;
}

/** A connection that was lost is told of at once; a server that does not answer is not. */
const TOLD_AT_ONCE_MS = 500;

/**
 * Gathers requests while the batch before them is in flight, and does them in one step. There is no timer: a request
 * that comes alone goes at once, alone. When a batch fails its requests are tried one by one, so that a bad one
 * does not spoil its neighbours. After an outage, when nobody knows whether the step was done, the batch is tried once more
 * as a whole, unless the outage took so long to tell that everybody has waited enough; if that ends in an outage too, all
 * of it fails, with those who came meanwhile. What is asked for in the background is gathered apart: a batch goes by the
 * connections of whoever began it, and nobody is to wait for the others.
 */
export class Coalescer<Request, Outcome> {
  readonly #waitedFor: Lane<Request, Outcome>;
  readonly #inBackground: Lane<Request, Outcome>;

  constructor(options: CoalescerOptions<Request, Outcome>) {
    this.#waitedFor = new Lane(options);
    this.#inBackground = new Lane(options);
  }

  /** Resolves with the outcome of this request; rejects only with what its own failure was. */
  submit(request: Request): Promise<Outcome> {
    return (isInBackground() ? this.#inBackground : this.#waitedFor).submit(request);
  }
}

class Lane<Request, Outcome> {
  readonly #options: CoalescerOptions<Request, Outcome>;
  #queue: Waiting<Request, Outcome>[] = [];
  #inFlight = 0;

  constructor(options: CoalescerOptions<Request, Outcome>) {
    this.#options = options;
  }

  submit(request: Request): Promise<Outcome> {
    return new Promise((resolve, reject) => {
      this.#queue.push({ request, key: this.#options.keyOf(request), resolve, reject });
      void this.#drain();
    });
  }

  async #drain(): Promise<void> {
    while (this.#mayBegin()) {
      this.#inFlight += 1;
      const outage = await this.#runBatch(this.#takeBatch());
      this.#inFlight -= 1;
      if (outage !== null) this.#turnAway(outage);
    }
  }

  #mayBegin(): boolean {
    const { secondFrom = Number.POSITIVE_INFINITY } = this.#options;
    if (this.#inFlight === 0) return this.#queue.length > 0;
    return this.#inFlight === 1 && this.#queue.length >= secondFrom;
  }

  /** Whoever came while nothing could be done would only wait for the same outage again. */
  #turnAway({ error }: Outage): void {
    for (const waiting of this.#queue.splice(0)) waiting.reject(error);
  }

  #takeBatch(): Waiting<Request, Outcome>[] {
    const batch = new Map<string, Waiting<Request, Outcome>>();
    const later: Waiting<Request, Outcome>[] = [];
    for (const waiting of this.#queue) {
      if (batch.size < this.#options.maxBatch && !batch.has(waiting.key))
        batch.set(waiting.key, waiting);
      else later.push(waiting);
    }
    this.#queue = later;
    return [...batch.values()];
  }

  async #runBatch(
    batch: readonly Waiting<Request, Outcome>[],
    isSecondTry = false,
  ): Promise<Outage | null> {
    const begunAt = performance.now();
    try {
      const outcomes = await this.#options.work(batch.map((waiting) => waiting.request));
      invariant(outcomes.length === batch.length, 'every request has its outcome');
      for (const [index, waiting] of batch.entries()) waiting.resolve(outcomes[index] as Outcome);
      return null;
    } catch (error) {
      if (!this.#options.isOutage(error)) return this.#isolate(batch, error);
      const isLate = performance.now() - begunAt > TOLD_AT_ONCE_MS;
      if (!isSecondTry && !isLate) return this.#runBatch(batch, true);
      for (const waiting of batch) waiting.reject(error);
      return { error };
    }
  }

  /** Finds out whose failure it was. */
  async #isolate(
    batch: readonly Waiting<Request, Outcome>[],
    error: unknown,
  ): Promise<Outage | null> {
    if (batch.length === 1) {
      batch[0]?.reject(error);
      return null;
    }
    let outage: Outage | null = null;
    for (const waiting of batch) {
      if (outage === null) outage = await this.#runBatch([waiting]);
      else waiting.reject(outage.error);
    }
    return outage;
  }
}
