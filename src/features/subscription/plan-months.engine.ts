import { addMonths } from '../../platform/time.ts';

/** Months in a row: of an account's own, of a trial, or of a period that was paid for. */
export interface MonthSeries {
  /** When the first one begins; they are all counted from here, so that they keep their day. */
  readonly anchorAt: Date;
  /** How many there are; null: no end. */
  readonly months: number | null;
  /** When the last one ends; null: no end. */
  readonly endsAt: Date | null;
}

const DAY_MS = 86_400_000;

/** The months of a span of time, the last of them maybe short; a rest of less than a day belongs to the month before it. */
export function monthsWithin(start: Date, end: Date, timeZone: string): MonthSeries {
  let months = 1;
  while (addMonths(start, months, timeZone).getTime() < end.getTime() - DAY_MS) months += 1;
  return { anchorAt: start, months, endsAt: end };
}

/** A span that is one month, however long its provider made it. */
export function oneMonth(start: Date, end: Date): MonthSeries {
  return { anchorAt: start, months: 1, endsAt: end };
}

/** An account's own months, from the instant it was made. */
export function endlessMonths(start: Date): MonthSeries {
  return { anchorAt: start, months: null, endsAt: null };
}

/** When a month of the series begins, and the first after the last one never does (null). */
export function monthStart(series: MonthSeries, index: number, timeZone: string): Date | null {
  if (series.months !== null && index >= series.months) return null;
  return index === 0 ? series.anchorAt : addMonths(series.anchorAt, index, timeZone);
}

/** When a month of the series ends: where the next one begins, and the last one with the series. */
export function monthEnd(series: MonthSeries, index: number, timeZone: string): Date {
  const isLast = series.months !== null && index >= series.months - 1;
  if (isLast && series.endsAt !== null) return series.endsAt;
  return addMonths(series.anchorAt, index + 1, timeZone);
}

/** The month of an endless series that an instant lies in; 0 before the first. */
export function monthAt(series: MonthSeries, instant: Date, timeZone: string): number {
  let index = 0;
  while (monthEnd(series, index, timeZone) <= instant) index += 1;
  return index;
}
