import { Temporal } from 'temporal-polyfill';

/** The units in which providers count a recurring price. */
const UNITS: Readonly<Record<string, 'days' | 'weeks' | 'months' | 'years'>> = {
  day: 'days',
  week: 'weeks',
  month: 'months',
  year: 'years',
};

/**
 * The end of the period that holds `at` when periods are counted from `anchor`, all in Unix seconds: the anchor's day of
 * the month, or the month's last day where it is shorter (31 Jan, 28 Feb, 31 Mar).
 */
export function periodEnd(
  anchor: number,
  recurring: { interval: string; interval_count: number },
  at: number,
): number {
  const unit = UNITS[recurring.interval] ?? 'months';
  const start = Temporal.Instant.fromEpochMilliseconds(anchor * 1000).toZonedDateTimeISO('UTC');
  for (let count = 1; ; count += 1) {
    const end = start.add({ [unit]: count * recurring.interval_count });
    const seconds = Math.floor(end.epochMilliseconds / 1000);
    if (seconds > at) return seconds;
  }
}
