/** Counts what is there at the same time, by name, up to a most. */
export class Tally {
  readonly #most: number;
  readonly #counts = new Map<string, number>();

  /** `most` 0: no end. */
  constructor(most: number) {
    this.#most = most;
  }

  /** Counts one more, unless there are as many as there may be. Answers whether it did. */
  enter(name: string): boolean {
    const count = this.#counts.get(name) ?? 0;
    if (this.#most > 0 && count >= this.#most) return false;
    this.#counts.set(name, count + 1);
    return true;
  }

  leave(name: string): void {
    const count = (this.#counts.get(name) ?? 0) - 1;
    if (count > 0) this.#counts.set(name, count);
    else this.#counts.delete(name);
  }
}
