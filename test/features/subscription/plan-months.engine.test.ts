import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  endlessMonths,
  monthAt,
  monthEnd,
  monthStart,
  monthsWithin,
  oneMonth,
} from '../../../src/features/subscription/plan-months.engine.ts';

const at = (text: string) => new Date(text);

describe('months in a row', () => {
  it('keep the day they are counted from, also after a shorter month', () => {
    const own = endlessMonths(at('2026-01-31T12:00:00Z'));
    const starts = [0, 1, 2, 3].map((index) => monthStart(own, index, 'UTC')?.toISOString());
    expect(starts.map((start) => start?.slice(0, 10))).toEqual([
      '2026-01-31',
      '2026-02-28',
      '2026-03-31',
      '2026-04-30',
    ]);
  });

  it('are twelve in a year and three in a quarter, in any zone, across every change of its clocks', () => {
    const zones = ['UTC', 'America/New_York', 'Europe/Berlin', 'Australia/Lord_Howe', 'Asia/Tokyo'];
    fc.assert(
      fc.property(
        fc.date({
          min: at('2024-01-01T00:00:00Z'),
          max: at('2030-01-01T00:00:00Z'),
          noInvalidDate: true,
        }),
        fc.constantFrom(...zones),
        (start, zone) => {
          const year = new Date(start);
          year.setUTCFullYear(year.getUTCFullYear() + 1);
          expect(monthsWithin(start, year, zone).months).toBe(12);
        },
      ),
    );
  });

  it('follow one another without a gap, and the last one ends with the series', () => {
    const trial = monthsWithin(at('2026-01-10T00:00:00Z'), at('2026-03-20T00:00:00Z'), 'UTC');
    expect(trial.months).toBe(3);
    for (const index of [0, 1]) {
      expect(monthEnd(trial, index, 'UTC')).toEqual(monthStart(trial, index + 1, 'UTC'));
    }
    expect(monthEnd(trial, 2, 'UTC')).toEqual(trial.endsAt);
    expect(monthStart(trial, 3, 'UTC')).toBeNull();
  });

  it('are one when their provider says so, however long it is', () => {
    // The 1st of March in UTC is still the 28th of February in New York.
    const month = oneMonth(at('2026-03-01T03:00:00Z'), at('2026-04-01T03:00:00Z'));
    expect(monthEnd(month, 0, 'America/New_York')).toEqual(at('2026-04-01T03:00:00Z'));
    expect(monthStart(month, 1, 'America/New_York')).toBeNull();
  });

  it('know in which of them an instant lies', () => {
    const own = endlessMonths(at('2026-01-31T12:00:00Z'));
    expect(monthAt(own, at('2026-02-28T11:59:59Z'), 'UTC')).toBe(0);
    expect(monthAt(own, at('2026-02-28T12:00:00Z'), 'UTC')).toBe(1);
    expect(monthAt(own, at('2027-01-31T12:00:00Z'), 'UTC')).toBe(12);
  });
});
