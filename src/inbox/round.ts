/** A job that was cut off is not to leave too many events to jobs of their own. */
const MOST_EVENTS = 256;
/** A job that was lost is not to be counted on for longer. */
const LONGEST_MS = 1_000;

/**
 * The round that this process began last: events that come soon after join it, as long as nobody has ended it, and need no job
 * of their own.
 */
export class Round {
  #id: string | null = null;
  #eventCount = 0;
  #begunAt = Number.NEGATIVE_INFINITY;

  /** The round to join, which may have been ended meanwhile; null: it is time for another one. */
  get open(): string | null {
    const isOver =
      this.#eventCount >= MOST_EVENTS || performance.now() - this.#begunAt >= LONGEST_MS;
    return isOver ? null : this.#id;
  }

  /** So many events have joined a round, or begun it. */
  joined(id: string, eventCount: number): void {
    if (id !== this.#id) {
      this.#id = id;
      this.#eventCount = 0;
      this.#begunAt = performance.now();
    }
    this.#eventCount += eventCount;
  }
}
