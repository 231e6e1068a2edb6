import fc from 'fast-check';
import { Temporal } from 'temporal-polyfill';
import { describe, expect, it } from 'vitest';
import { addDays, addMonths, earlier } from '../../src/platform/time.ts';

const ZONES = [
  'UTC',
  'Europe/Berlin',
  'America/New_York',
  'America/St_Johns',
  'Australia/Lord_Howe',
  'Pacific/Chatham',
  'Pacific/Apia',
  'Asia/Kathmandu',
  'Africa/Casablanca',
];
const zone = fc.constantFrom(...ZONES);
const instant = fc.date({
  min: new Date('2015-01-01T00:00:00Z'),
  max: new Date('2040-12-31T00:00:00Z'),
  noInvalidDate: true,
});
const local = (at: Date, timeZone: string) =>
  Temporal.Instant.fromEpochMilliseconds(at.getTime()).toZonedDateTimeISO(timeZone);

describe('months', () => {
  it.each([
    ['2026-01-31T10:00:00Z', [28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31, 31]],
    ['2028-01-31T10:00:00Z', [29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31, 31]],
    ['2026-01-30T10:00:00Z', [28, 30, 30, 30, 30, 30, 30, 30, 30, 30, 30, 30]],
    ['2026-01-29T10:00:00Z', [28, 29, 29, 29, 29, 29, 29, 29, 29, 29, 29, 29]],
    ['2028-02-29T10:00:00Z', [29, 29, 29, 29, 29, 29, 29, 29, 29, 29, 29, 28]],
  ])('keep the day of %s, or the last one that there is', (anchor, days) => {
    const found = days.map((_, month) =>
      addMonths(new Date(anchor), month + 1, 'UTC').getUTCDate(),
    );
    expect(found).toEqual(days);
  });

  it('keep the time of day when the clocks change', () => {
    const winter = new Date('2026-03-01T11:00:00Z');
    expect(addMonths(winter, 1, 'Europe/Berlin')).toEqual(new Date('2026-04-01T10:00:00Z'));
    expect(addMonths(winter, 12, 'Europe/Berlin')).toEqual(new Date('2027-03-01T11:00:00Z'));
  });

  it('move a time of day forward that the clocks skip, and take the first of one that comes twice', () => {
    const skipped = addMonths(new Date('2026-02-28T01:30:00Z'), 1, 'Europe/Berlin');
    expect(skipped).toEqual(new Date('2026-03-28T01:30:00Z'));
    const inGap = addMonths(new Date('2026-01-29T01:30:00Z'), 2, 'Europe/Berlin');
    expect(inGap).toEqual(new Date('2026-03-29T01:30:00Z'));
    const twice = addMonths(new Date('2026-09-25T00:30:00Z'), 1, 'Europe/Berlin');
    expect(twice).toEqual(new Date('2026-10-25T00:30:00Z'));
  });

  it('survive the day that Samoa never had', () => {
    const end = addMonths(new Date('2011-11-30T10:00:00Z'), 1, 'Pacific/Apia');
    expect(end.getTime()).toBeGreaterThan(new Date('2011-12-29T00:00:00Z').getTime());
    expect(end.getTime()).toBeLessThan(new Date('2012-01-01T00:00:00Z').getTime());
  });

  it('lie in order, each in its own calendar month, whatever the zone', () => {
    fc.assert(
      fc.property(instant, zone, (anchor, timeZone) => {
        const ends = Array.from({ length: 25 }, (_, month) => addMonths(anchor, month, timeZone));
        const first = local(anchor, timeZone);
        ends.forEach((end, month) => {
          const there = local(end, timeZone);
          expect(there.year * 12 + there.month).toBe(first.year * 12 + first.month + month);
          expect(there.day).toBe(Math.min(first.day, there.daysInMonth));
          if (month > 0) expect(end.getTime()).toBeGreaterThan(Number(ends[month - 1]?.getTime()));
        });
      }),
    );
  });
});

describe('days', () => {
  it('last 23, 24 or 25 hours', () => {
    const hours = (start: string) =>
      (addDays(new Date(start), 1, 'Europe/Berlin').getTime() - new Date(start).getTime()) / 3.6e6;
    expect(hours('2026-03-28T12:00:00Z')).toBe(23);
    expect(hours('2026-06-01T12:00:00Z')).toBe(24);
    expect(hours('2026-10-24T12:00:00Z')).toBe(25);
  });

  it('add up', () => {
    fc.assert(
      fc.property(instant, zone, fc.nat(400), (start, timeZone, count) => {
        const there = local(addDays(start, count, timeZone), timeZone);
        const days = local(start, timeZone).toPlainDate().until(there.toPlainDate()).days;
        expect(days).toBe(count);
      }),
    );
  });
});

describe('the earlier of two instants', () => {
  const one = new Date(1);
  const two = new Date(2);
  it('is the smaller one, and null is never', () => {
    expect(earlier(one, two)).toBe(one);
    expect(earlier(two, one)).toBe(one);
    expect(earlier(two, null)).toBe(two);
  });
});
