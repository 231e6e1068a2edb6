import { AsyncLocalStorage } from 'node:async_hooks';
import type { Transaction } from './transaction.ts';

const current = new AsyncLocalStorage<Companion>();

/**
 * Rows that go with whatever a request commits: the first transaction within `run` that commits writes them too. A request
 * that opens no transaction leaves them unwritten, and whoever made the companion sees to that.
 */
export class Companion {
  readonly #write: (tx: Transaction) => Promise<void>;
  #state: 'waiting' | 'aboard' | 'written' | 'over' = 'waiting';
  /** The account that the request turned out to be about; null: none was named. */
  subject: string | null = null;

  constructor(write: (tx: Transaction) => Promise<void>) {
    this.#write = write;
  }

  /** Whose request this is part of. */
  static current(): Companion | undefined {
    return current.getStore();
  }

  get isWritten(): boolean {
    return this.#state === 'written';
  }

  async run<T>(work: () => Promise<T>): Promise<T> {
    try {
      return await current.run(this, work);
    } finally {
      // What goes on after the answer is not part of the request.
      if (this.#state !== 'written') this.#state = 'over';
    }
  }

  /** Writes in this transaction, unless another one has done so or is about to; answers whether it did. */
  async board(tx: Transaction): Promise<boolean> {
    if (this.#state !== 'waiting') return false;
    this.#state = 'aboard';
    await this.#write(tx).catch((error: unknown) => {
      this.leave(false);
      throw error;
    });
    return true;
  }

  /** Told by the transaction that wrote: whether it was committed. */
  leave(isCommitted: boolean): void {
    if (this.#state === 'aboard') this.#state = isCommitted ? 'written' : 'waiting';
  }
}

/** Says which account the request that this runs in is about, where its input does not. */
export function concerns(accountId: string): void {
  const companion = current.getStore();
  if (companion !== undefined) companion.subject = accountId;
}
