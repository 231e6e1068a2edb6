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
