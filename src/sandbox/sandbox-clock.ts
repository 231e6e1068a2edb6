import type { Clock } from '../platform/clock.ts';
import type { Books } from './books.ts';

const OFFSET = 'clockOffsetMs';

/** The sandbox's domain time: the machine's, moved by an offset that outlives the process. It only moves forward. */
export class SandboxClock implements Clock {
  readonly #books: Books;
  #offsetMs: number;
  #heldAt: Date | null = null;

  /** `offsetMs` is what somebody else (a gateway) keeps; without it the offset in the books counts. */
  constructor(books: Books, offsetMs?: number) {
    this.#books = books;
    this.#offsetMs = offsetMs ?? Number(books.setting(OFFSET) ?? 0);
    books.saveSetting(OFFSET, this.#offsetMs);
  }

  get offsetMs(): number {
    return this.#offsetMs;
  }

  now(): Date {
    return this.#heldAt ?? new Date(Date.now() + this.#offsetMs);
  }

  /** Domain time in Unix seconds, as providers write it. */
  seconds(): number {
    return Math.floor(this.now().getTime() / 1000);
  }

  moveTo(instant: Date): void {
    this.#offsetMs = instant.getTime() - Date.now();
    this.#books.saveSetting(OFFSET, this.#offsetMs);
  }

  /** Runs `work` as though it were then: what fell due while nobody looked is dated when it fell due. */
  at<T>(instant: Date, work: () => T): T {
    const before = this.#heldAt;
    this.#heldAt = instant;
    try {
      return work();
    } finally {
      this.#heldAt = before;
    }
  }
}
