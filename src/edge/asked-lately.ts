/** How soon each other something is asked for that is asked for again and again: a first look costs a round trip. */
const AGAIN_WITHIN_MS = 250;
/** Of how much it is remembered, twice over, that it was asked for. */
const MOST_ASKED = 5_000;
/** How often more something has to be asked for that is not to be thought of for a while. */
const A_WHILE = 100;

/**
 * How often things were asked for a short while ago. Two maps take turns, which costs every request a fraction of what it
 * costs to keep a list of who came last.
 */
export class AskedLately {
  #now = new Map<string, number>();
  #before = new Map<string, number>();
  #turnsAt = Number.NEGATIVE_INFINITY;

  /** How often this was asked for before, and counts this time as well. */
  again(name: string): number {
    this.#takeTurns();
    const times = this.#now.get(name) ?? this.#before.get(name) ?? 0;
    this.#now.set(name, times + 1);
    return times;
  }

  /** It was never asked for. */
  forget(name: string): void {
    this.#takeTurns();
    this.#now.set(name, 0);
  }

  /** It has to be asked for so much more often that nobody thinks of it for a while. */
  putOff(name: string): void {
    this.#takeTurns();
    this.#now.set(name, -A_WHILE);
  }

  #takeTurns(): void {
    const now = performance.now();
    if (now < this.#turnsAt && this.#now.size < MOST_ASKED) return;
    this.#before = now < this.#turnsAt + AGAIN_WITHIN_MS ? this.#now : new Map();
    this.#now = new Map();
    this.#turnsAt = now + AGAIN_WITHIN_MS;
  }
}
