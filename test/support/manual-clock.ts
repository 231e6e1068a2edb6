import type { Clock } from '../../src/platform/clock.ts';
import { restOnUnknown } from '../../src/platform/grounds.ts';

/** A clock that stands still until a test moves it. */
export class ManualClock implements Clock {
  #now: number;

  constructor(start: string | Date = new Date()) {
    this.#now = new Date(start).getTime();
  }

  now(): Date {
    restOnUnknown();
    return new Date(this.#now);
  }

  advance(ms: number): void {
    this.#now += ms;
  }

  set(instant: string | Date): void {
    this.#now = new Date(instant).getTime();
  }
}
