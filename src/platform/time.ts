import { Temporal } from 'temporal-polyfill';

/**
 * The instant so many months after `anchor`, on the anchor's own day and time of day in that zone; a month that is too short
 * gives its last day, and the next one the anchor's day again (31 Jan, 28 Feb, 31 Mar). Counted from the anchor, not from
 * month to month, so that nothing drifts; a time of day that daylight saving skips moves forward.
 */
export function addMonths(anchor: Date, months: number, timeZone: string): Date {
  return new Date(zoned(anchor, timeZone).add({ months }).epochMilliseconds);
}

/** The instant so many days after `start`, at the same time of day in that zone. */
export function addDays(start: Date, days: number, timeZone: string): Date {
  return new Date(zoned(start, timeZone).add({ days }).epochMilliseconds);
}

/** A day of a zone's calendar, from its first instant until before the next day's. */
export interface LocalDay {
  /** Such as 2024-01-31. */
  readonly date: string;
  readonly start: Date;
  readonly end: Date;
}

/** The day that the instant falls on in that zone. */
export function localDay(instant: Date, timeZone: string): LocalDay {
  const day = zoned(instant, timeZone).startOfDay();
  return {
    date: day.toPlainDate().toString(),
    start: new Date(day.epochMilliseconds),
    end: new Date(day.add({ days: 1 }).startOfDay().epochMilliseconds),
  };
}

/** The earlier of two instants; null counts as never. */
export function earlier(a: Date, b: Date | null): Date {
  return b !== null && b < a ? b : a;
}

function zoned(instant: Date, timeZone: string): Temporal.ZonedDateTime {
  return Temporal.Instant.fromEpochMilliseconds(instant.getTime()).toZonedDateTimeISO(timeZone);
}
