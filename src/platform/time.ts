import { Temporal } from 'temporal-polyfill';

/**
 * The instant so many months after `anchor`, on the anchor's own day and time of day in that zone; a month that is too short
 * gives its last day, and the next one the anchor's day again (31 Jan, 28 Feb, 31 Mar). Counted from the anchor, not from
 * month to month, so that nothing drifts; a time of day that daylight saving skips moves forward.
 */
export function addMonths(anchor: Date, months: number, timeZone: string): Date {
  if (timeZone === 'UTC') return addMonthsInUtc(anchor, months);
  return new Date(zoned(anchor, timeZone).add({ months }).epochMilliseconds);
}

/** The instant so many days after `start`, at the same time of day in that zone. */
export function addDays(start: Date, days: number, timeZone: string): Date {
  if (timeZone === 'UTC') return new Date(start.getTime() + days * DAY_MS);
  return new Date(zoned(start, timeZone).add({ days }).epochMilliseconds);
}

/**
 * How many whole months have passed since `anchor` by that zone's calendar: the one `n` for which the instant lies from
 * `addMonths(anchor, n)` until before `addMonths(anchor, n + 1)`; negative before the anchor.
 */
export function monthsSince(anchor: Date, instant: Date, timeZone: string): number {
  // No zone's calendar is further from that of UTC than a month; what is missing is found by looking.
  let months =
    (instant.getUTCFullYear() - anchor.getUTCFullYear()) * 12 +
    (instant.getUTCMonth() - anchor.getUTCMonth());
  while (addMonths(anchor, months, timeZone) > instant) months -= 1;
  while (addMonths(anchor, months + 1, timeZone) <= instant) months += 1;
  return months;
}

/** How many days, begun ones included, lie between two instants by that zone's calendar; 0 when `end` has passed. */
export function daysUntil(start: Date, end: Date, timeZone: string): number {
  if (end <= start) return 0;
  if (timeZone === 'UTC') return Math.ceil((end.getTime() - start.getTime()) / DAY_MS);
  const days = zoned(start, timeZone).until(zoned(end, timeZone), { largestUnit: 'days' }).days;
  return addDays(start, days, timeZone) < end ? days + 1 : days;
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
  if (timeZone === 'UTC') return dayInUtc(instant);
  const day = zoned(instant, timeZone).startOfDay();
  return {
    date: day.toPlainDate().toString(),
    start: new Date(day.epochMilliseconds),
    end: new Date(day.add({ days: 1 }).startOfDay().epochMilliseconds),
  };
}

/** The calendar month that the instant falls in in that zone: its first instant, and the next one's. */
export function localMonth(instant: Date, timeZone: string): { start: Date; end: Date } {
  const first = zoned(instant, timeZone).with({ day: 1 }).startOfDay();
  return {
    start: new Date(first.epochMilliseconds),
    end: new Date(first.add({ months: 1 }).startOfDay().epochMilliseconds),
  };
}

/** The dates of so many days, the given one first and then backwards. */
export function datesBack(date: string, days: number): string[] {
  const last = Temporal.PlainDate.from(date);
  return Array.from({ length: days }, (_, back) => last.subtract({ days: back }).toString());
}

/** The earlier of two instants; null counts as never. */
export function earlier(a: Date, b: Date | null): Date {
  return b !== null && b < a ? b : a;
}

/** The later of two instants. */
export function later(a: Date, b: Date): Date {
  return a < b ? b : a;
}

// The calendar of UTC has no surprises, and most accounts keep it: what a library for calendars would cost them can be saved.
const DAY_MS = 86_400_000;

function addMonthsInUtc(anchor: Date, months: number): Date {
  const added = new Date(anchor);
  added.setUTCDate(1);
  added.setUTCMonth(added.getUTCMonth() + months);
  const lastDay = new Date(added);
  lastDay.setUTCMonth(lastDay.getUTCMonth() + 1, 0);
  added.setUTCDate(Math.min(anchor.getUTCDate(), lastDay.getUTCDate()));
  return added;
}

function dayInUtc(instant: Date): LocalDay {
  const start = new Date(Math.floor(instant.getTime() / DAY_MS) * DAY_MS);
  const end = new Date(start.getTime() + DAY_MS);
  return { date: start.toISOString().slice(0, 10), start, end };
}

function zoned(instant: Date, timeZone: string): Temporal.ZonedDateTime {
  return Temporal.Instant.fromEpochMilliseconds(instant.getTime()).toZonedDateTimeISO(timeZone);
}
