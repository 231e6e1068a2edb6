import { Temporal } from 'temporal-polyfill';

/**
 * The instant so many months after `anchor`, on the anchor's own day and time of day in that zone; a month that is too short
 * gives its last day, and the next one the anchor's day again (31 Jan, 28 Feb, 31 Mar). Counted from the anchor, not from
 * month to month, so that nothing drifts; a time of day that daylight saving skips moves forward.
 */
export function addMonths(anchor: Date, months: number, timeZone: string): Date {
  const start = Temporal.Instant.fromEpochMilliseconds(anchor.getTime()).toZonedDateTimeISO(
    timeZone,
  );
  return new Date(start.add({ months }).epochMilliseconds);
}

/** The instant so many days after `start`, at the same time of day in that zone. */
export function addDays(start: Date, days: number, timeZone: string): Date {
  const zoned = Temporal.Instant.fromEpochMilliseconds(start.getTime()).toZonedDateTimeISO(
    timeZone,
  );
  return new Date(zoned.add({ days }).epochMilliseconds);
}

/** The earlier of two instants; null counts as never. */
export function earlier(a: Date, b: Date | null): Date {
  return b !== null && b < a ? b : a;
}
