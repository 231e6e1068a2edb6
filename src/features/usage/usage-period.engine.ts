import { addMonths, earlier, later, monthsSince } from '../../platform/time.ts';
import type { UsageAnchor, UsagePeriod } from './usage.model.ts';

/**
 * The period that an instant belongs to. `anchors`: at least one, by `startsAt`. Periods follow each other without gap or
 * overlap: an anchor's first one begins where the anchor takes over, and its last one ends where the next does. What lies
 * before the first anchor belongs to the first period.
 */
export function periodAt(anchors: readonly UsageAnchor[], instant: Date): UsagePeriod {
  const [first] = anchors as [UsageAnchor];
  const at = later(first.startsAt, instant);
  const index = anchors.findLastIndex(({ startsAt }) => startsAt <= at);
  const anchor = anchors[index] as UsageAnchor;
  const { start, end } = boundsUnder(anchor, at);
  const until = anchors[index + 1]?.startsAt ?? null;
  return { start, end: earlier(end, until), timeZone: anchor.timeZone };
}

/** Every period that has begun by `now`, the present one first. */
export function periodsUntil(anchors: readonly UsageAnchor[], now: Date): UsagePeriod[] {
  const [first] = anchors as [UsageAnchor];
  const periods = [periodAt(anchors, now)];
  for (let start = periods[0]?.start; start !== undefined && start > first.startsAt; ) {
    const before = periodAt(anchors, new Date(start.getTime() - 1));
    periods.push(before);
    start = before.start;
  }
  return periods;
}

/** What is one period as a whole, as a trial is, comes first; then months from the anchor, on its day or the month's last. */
function boundsUnder(anchor: UsageAnchor, at: Date): { start: Date; end: Date } {
  const { startsAt, anchorAt, wholeUntil, timeZone } = anchor;
  if (wholeUntil !== null && at < wholeUntil) return { start: startsAt, end: wholeUntil };
  const months = monthsSince(anchorAt, at, timeZone);
  return {
    start: later(addMonths(anchorAt, months, timeZone), wholeUntil ?? startsAt),
    end: addMonths(anchorAt, months + 1, timeZone),
  };
}
