import { setTimeout as delay } from 'node:timers/promises';

const SO_MANY = 8;
const WITHIN_MS = 10;
const LONGEST_WAIT_MS = 250;

/** Whether things come so fast that taking them in is all there is time for. One that comes alone is never a rush. */
export class Rush {
  /** When the last ones came; the next one takes the place of the oldest. */
  readonly #arrivals: number[] = new Array(SO_MANY).fill(Number.NEGATIVE_INFINITY);
  #next = 0;

  arrived(): void {
    this.#arrivals[this.#next] = performance.now();
    this.#next = (this.#next + 1) % SO_MANY;
  }

  /** Resolves when it is over, or has lasted for a quarter of a second: whatever came is to be worked on as well. */
  async isOver(): Promise<void> {
    const until = performance.now() + LONGEST_WAIT_MS;
    while (this.#isOn() && performance.now() < until) await delay(WITHIN_MS);
  }

  #isOn(): boolean {
    return performance.now() - (this.#arrivals[this.#next] ?? 0) < WITHIN_MS;
  }
}
