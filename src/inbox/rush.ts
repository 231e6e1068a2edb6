import { setTimeout as delay } from 'node:timers/promises';

const SO_MANY = 8;
const WITHIN_MS = 20;
const LONGEST_WAIT_MS = 500;

/** Whether things come so fast that taking them in is all there is time for. One that comes alone is never a rush. */
export class Rush {
  /** When the last ones came; the next one takes the place of the oldest. */
  readonly #arrivals: number[] = new Array(SO_MANY).fill(Number.NEGATIVE_INFINITY);
  #next = 0;
  #last = Number.NEGATIVE_INFINITY;
  /** Since when they have come without a pause. */
  #begunAt = Number.NEGATIVE_INFINITY;

  arrived(): void {
    const now = performance.now();
    if (now - this.#last >= WITHIN_MS) this.#begunAt = now;
    this.#last = now;
    this.#arrivals[this.#next] = now;
    this.#next = (this.#next + 1) % SO_MANY;
  }

  /**
   * Resolves when it is over, or has lasted for half a second, or was waited for as long: in one that goes on, whatever came
   * is worked on beside it, and nobody waits any more.
   */
  async isOver(): Promise<void> {
    const waitsUntil = performance.now() + LONGEST_WAIT_MS;
    while (this.#isOn()) {
      const now = performance.now();
      if (now >= waitsUntil || now - this.#begunAt >= LONGEST_WAIT_MS) return;
      await delay(WITHIN_MS);
    }
  }

  #isOn(): boolean {
    return performance.now() - (this.#arrivals[this.#next] ?? 0) < WITHIN_MS;
  }
}
