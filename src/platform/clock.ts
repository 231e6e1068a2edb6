/** Where domain time comes from. Signatures, tokens, leases and rate limits use real time instead. */
export interface Clock {
  now(): Date;
}

/** The machine's own time. */
export class SystemClock implements Clock {
  now(): Date {
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
    return new Date(Date.now() + this.#offsetMs);
  }

  /** Takes over a larger offset; a smaller one would turn time back and is left aside. */
  moveAhead(offsetMs: number): void {
    this.#offsetMs = Math.max(this.#offsetMs, offsetMs);
  }
}
