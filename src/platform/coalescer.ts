interface Waiting<Request, Outcome> {
  readonly request: Request;
  readonly resolve: (outcome: Outcome) => void;
  readonly reject: (error: unknown) => void;
}

interface CoalescerOptions<Request, Outcome> {
  /** Does many requests in one step; answers in the same order, one outcome each. */
  readonly work: (requests: readonly Request[]) => Promise<readonly Outcome[]>;
  /** Two requests with the same key never share a batch: the later one waits for the next. */
  readonly keyOf: (request: Request) => string;
  readonly maxBatch: number;
  readonly onBatch?: (size: number) => void;
}

/**
 * Gathers requests while the batch before them is in flight, and does them in one step. There is no timer: a request
 * that comes alone goes at once, alone. When a batch fails its requests are tried one by one, so that a bad one
 * does not spoil its neighbours.
 */
export class Coalescer<Request, Outcome> {
  readonly #options: CoalescerOptions<Request, Outcome>;
  #queue: Waiting<Request, Outcome>[] = [];
  #busy = false;

  constructor(options: CoalescerOptions<Request, Outcome>) {
    this.#options = options;
  }

  /** Resolves with the outcome of this request; rejects only with what its own failure was. */
  submit(request: Request): Promise<Outcome> {
    return new Promise((resolve, reject) => {
      this.#queue.push({ request, resolve, reject });
      if (!this.#busy) void this.#drain();
    });
  }

  async #drain(): Promise<void> {
    this.#busy = true;
    while (this.#queue.length > 0) await this.#runBatch(this.#takeBatch());
    this.#busy = false;
  }

  #takeBatch(): Waiting<Request, Outcome>[] {
    const batch: Waiting<Request, Outcome>[] = [];
    const later: Waiting<Request, Outcome>[] = [];
    const keys = new Set<string>();
    for (const waiting of this.#queue) {
      const key = this.#options.keyOf(waiting.request);
      if (batch.length < this.#options.maxBatch && !keys.has(key)) {
        keys.add(key);
        batch.push(waiting);
      } else {
        later.push(waiting);
      }
    }
    this.#queue = later;
    return batch;
  }

  async #runBatch(batch: readonly Waiting<Request, Outcome>[]): Promise<void> {
    this.#options.onBatch?.(batch.length);
    try {
      const outcomes = await this.#options.work(batch.map((waiting) => waiting.request));
      batch.forEach((waiting, index) => {
        waiting.resolve(outcomes[index] as Outcome);
      });
    } catch (error) {
      const [only] = batch;
      if (batch.length === 1 && only !== undefined) only.reject(error);
      else for (const waiting of batch) await this.#runBatch([waiting]);
    }
  }
}
