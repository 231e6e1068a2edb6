import { apart, restOn, restOnUnknown } from './grounds.ts';

/** Where domain time comes from. Signatures, tokens, leases and rate limits use real time instead. */
export interface Clock {
  /** Whoever rests an answer on it tells by `reckoned` what it was looked at for: it is always another one. */
  now(): Date;
}

/** The machine's own time. */
export class SystemClock implements Clock {
  now(): Date {
    restOnUnknown();
    return new Date();
  }
}

/** The machine's time, ahead by an offset that only grows. For sandbox mode. */
export class MovableClock implements Clock {
  #offsetMs: number;

  constructor(offsetMs: number) {
    this.#offsetMs = offsetMs;
  }

  get offsetMs(): number {
    return this.#offsetMs;
  }

  now(): Date {
    restOnUnknown();
    return new Date(Date.now() + this.#offsetMs);
  }

  /** Takes over a larger offset; a smaller one would turn time back and is left aside. */
  moveAhead(offsetMs: number): void {
    this.#offsetMs = Math.max(this.#offsetMs, offsetMs);
  }
}

/**
 * Reckons something with the present time, by nothing but the given function: what rests on it holds as long as reckoning
 * again comes to the same. What the function holds on to is kept as long as the answer is: let it be what it reckons with.
 */
export function reckoned<Value>(
  clock: Clock,
  reckon: (now: Date) => Value,
  isSame: (one: Value, other: Value) => boolean = Object.is,
): Value {
  const value = apart(() => reckon(clock.now()));
  restOn(() => isSame(reckon(clock.now()), value));
  return value;
}
