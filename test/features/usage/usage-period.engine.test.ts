import fc from 'fast-check';
import { Temporal } from 'temporal-polyfill';
import { describe, expect, it } from 'vitest';
import type { UsageAnchor, UsagePeriod } from '../../../src/features/usage/usage.model.ts';
import { periodAt, periodsUntil } from '../../../src/features/usage/usage-period.engine.ts';

const ZONES = [
  'America/New_York',
  'Europe/London',
  'Australia/Lord_Howe',
  'Asia/Kolkata',
  'Pacific/Apia',
  'America/Sao_Paulo',
  'Asia/Kathmandu',
  'UTC',
];
const YEARS = 20;

/** The ends of months, a leap day, hours that shifts of the clock skip and repeat, and the day that Apia skipped in 2011. */
const ANCHORS = [
  '2008-01-29T23:59:59.999Z',
  '2008-01-30T11:30:00Z',
  '2008-01-31T00:00:00Z',
  '2008-02-29T12:00:00Z',
  '2008-03-09T07:30:00Z',
  '2008-10-19T03:15:00Z',
  '2008-11-02T06:45:00Z',
  '2008-12-31T18:15:00Z',
];

const at = (text: string) => new Date(text);

function months(anchorAt: Date, timeZone: string, startsAt = anchorAt): UsageAnchor {
  return { startsAt, anchorAt, wholeUntil: null, timeZone, subscriptionId: null };
}

/** Where months begin, without arithmetic on months: the anchor's day written into every page of the calendar. */
function boundariesOf(anchorAt: Date, timeZone: string): number[] {
  const anchor = Temporal.Instant.fromEpochMilliseconds(anchorAt.getTime()).toZonedDateTimeISO(
    timeZone,
  );
  // Where the clock shows the anchor's time twice, the anchor itself says which is meant.
  const found = [anchorAt.getTime()];
  let [year, month] = anchor.month === 12 ? [anchor.year + 1, 1] : [anchor.year, anchor.month + 1];
  for (let count = 1; count <= YEARS * 12; count += 1) {
    const last = new Date(Date.UTC(year, month, 0)).getUTCDate();
    const day = Math.min(anchor.day, last);
    const date = new Temporal.PlainDate(year, month, day);
    found.push(
      date.toZonedDateTime({ timeZone, plainTime: anchor.toPlainTime() }).epochMilliseconds,
    );
    month += 1;
    if (month === 13) [year, month] = [year + 1, 1];
  }
  return found;
}

function expectSeamless(periods: readonly UsagePeriod[]): void {
  periods.forEach((period, index) => {
    expect(period.start < period.end).toBe(true);
    const newer = periods[index - 1];
    if (newer !== undefined) expect(period.end).toEqual(newer.start);
  });
}

describe('months from an anchor', () => {
  it.each(ZONES)(
    'in %s are those of an oracle, over 20 years',
    (zone) => {
      for (const anchorAt of ANCHORS.map(at)) {
        const anchors = [months(anchorAt, zone)];
        const boundaries = boundariesOf(anchorAt, zone);

        boundaries.slice(0, -1).forEach((start, index) => {
          const end = boundaries[index + 1] as number;
          const middle = new Date((start + end) / 2);
          const periods = [new Date(start), middle, new Date(end - 1)].map((instant) =>
            periodAt(anchors, instant),
          );
          for (const period of periods) {
            if (period.start.getTime() !== start || period.end.getTime() !== end)
              expect({ anchorAt, period }).toEqual({ start: new Date(start), end: new Date(end) });
          }
        });
      }
    },
    60_000,
  );

  it('on the 31st fall on the last day of short months and return to their day', () => {
    const anchors = [months(at('2024-01-31T10:00:00Z'), 'UTC')];
    const starts = periodsUntil(anchors, at('2024-07-01T00:00:00Z')).map(({ start }) =>
      start.toISOString().slice(5, 10),
    );
    expect(starts).toEqual(['06-30', '05-31', '04-30', '03-31', '02-29', '01-31']);
  });

  it('keep the time of day when the clocks are shifted', () => {
    const anchors = [months(at('2024-01-15T14:30:00Z'), 'America/New_York')];
    expect(periodAt(anchors, at('2024-03-01T00:00:00Z')).end).toEqual(at('2024-03-15T13:30:00Z'));
  });
});

describe('a trial', () => {
  const created = at('2024-01-10T09:00:00Z');
  const trial: UsageAnchor = { ...months(created, 'UTC'), wholeUntil: at('2024-02-09T09:00:00Z') };

  it('is one period, and months on the anniversary follow it', () => {
    const periods = periodsUntil([trial], at('2024-03-15T00:00:00Z'));
    expect(periods.map(({ start, end }) => [start, end])).toEqual([
      [at('2024-03-10T09:00:00Z'), at('2024-04-10T09:00:00Z')],
      [at('2024-02-10T09:00:00Z'), at('2024-03-10T09:00:00Z')],
      [at('2024-02-09T09:00:00Z'), at('2024-02-10T09:00:00Z')],
      [created, at('2024-02-09T09:00:00Z')],
    ]);
  });

  it('ends where something else takes over', () => {
    const bought = months(at('2024-01-20T00:00:00Z'), 'UTC');
    expect(periodAt([trial, bought], at('2024-01-19T23:59:59Z')).end).toEqual(bought.startsAt);
    expect(periodAt([trial, bought], bought.startsAt).end).toEqual(at('2024-02-20T00:00:00Z'));
  });
});

describe('any course of an account', () => {
  const dayMs = 86_400_000;
  const courses = fc
    .array(
      fc.record({
        gapMs: fc.integer({ min: 1, max: 200 * dayMs }),
        anchorShiftMs: fc.integer({ min: -400 * dayMs, max: 40 * dayMs }),
        wholeMs: fc.option(fc.integer({ min: 1, max: 100 * dayMs })),
        timeZone: fc.constantFrom(...ZONES),
      }),
      { minLength: 1, maxLength: 6 },
    )
    .map((parts) => {
      let startsAt = Date.UTC(2008, 0, 1);
      return parts.map(({ gapMs, anchorShiftMs, wholeMs, timeZone }): UsageAnchor => {
        startsAt += gapMs;
        return {
          startsAt: new Date(startsAt),
          anchorAt: new Date(startsAt + anchorShiftMs),
          wholeUntil: wholeMs === null ? null : new Date(startsAt + wholeMs),
          timeZone,
          subscriptionId: null,
        };
      });
    });

  it('has periods without gap or overlap, each instant in the one that holds it', () => {
    fc.assert(
      fc.property(courses, fc.double({ min: 0, max: 1, noNaN: true }), (anchors, share) => {
        const first = anchors[0]?.startsAt.getTime() ?? 0;
        const now = new Date((anchors.at(-1)?.startsAt.getTime() ?? 0) + 400 * dayMs);
        const periods = periodsUntil(anchors, now);
        expectSeamless(periods);
        expect(periods.at(-1)?.start.getTime()).toBe(first);

        const instant = new Date(first + Math.floor(share * (now.getTime() - first)));
        const holder = periods.filter(({ start, end }) => start <= instant && instant < end);
        expect(holder).toEqual([periodAt(anchors, instant)]);
      }),
      { numRuns: 300 },
    );
  });
});
