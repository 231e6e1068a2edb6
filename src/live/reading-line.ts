/** Whoever looks for news when it is his turn, and may find by then that he need not read any more. */
interface InLine {
  takeTurn(): void;
}

/**
 * Where thousands are woken by one hint and read in batches, so many read at a time, and the others stand in line with nothing
 * in their hands: a place, a promise and what comes of it are made when it is their turn, so that they are used while they are
 * young. Made for all at once they would be what garbage collection copies again and again.
 */
export class ReadingLine {
  readonly #most: number;
  readonly #waiting = new Set<InLine>();
  /** Kept from one to the next: whoever begins again has to pass by the places of all who left. */
  #next = this.#waiting.values();
  #reading = 0;

  /** `most`: of a batch twice as many, for the next one is gathered while one is read. */
  constructor(most: number) {
    this.#most = most;
  }

  get isFull(): boolean {
    return this.#reading >= this.#most;
  }

  /** Stands in line, once. */
  wait(one: InLine): void {
    this.#waiting.add(one);
  }

  /** Does not wait any more. */
  forget(one: InLine): void {
    this.#waiting.delete(one);
  }

  began(): void {
    this.#reading += 1;
  }

  /** One has read; the next ones take their turns. */
  ended(): void {
    this.#reading -= 1;
    while (this.#waiting.size > 0 && !this.isFull) {
      const { value: next } = this.#next.next();
      if (next === undefined) {
        this.#next = this.#waiting.values();
        continue;
      }
      this.#waiting.delete(next);
      next.takeTurn();
    }
  }
}
