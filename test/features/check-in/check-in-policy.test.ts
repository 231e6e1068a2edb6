import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { CheckIn } from '../../../src/features/check-in/check-in.model.ts';
import {
  changedSettings,
  checkInStatus,
  creditsFor,
} from '../../../src/features/check-in/check-in.policy.ts';
import { localDay } from '../../../src/platform/time.ts';

const HOUR = 3_600_000;
const settings = {
  enabled: true,
  creditsMicro: 1_000_000n,
  streakBonuses: [
    { days: 3, creditsMicro: 5_000_000n },
    { days: 7, creditsMicro: 10_000_000n },
  ],
  expiresAfterDays: null,
};

describe('the day of a check-in', () => {
  it('is the day of the account’s zone, not the one of UTC', () => {
    const last = checkedIn('2026-03-01', 4);
    const now = new Date('2026-03-02T03:00:00Z');
    expect(checkInStatus(last, now, 'UTC')).toMatchObject({ checkedInToday: false, streak: 4 });
    expect(checkInStatus(last, now, 'America/New_York')).toEqual({
      checkedInToday: true,
      streak: 4,
      nextAt: new Date('2026-03-02T05:00:00Z'),
    });
  });

  it('has 23 hours when the clocks go forward, and 25 when they go back', () => {
    const lengthOf = (instant: string, timeZone: string) => {
      const { start, end } = localDay(new Date(instant), timeZone);
      return (end.getTime() - start.getTime()) / HOUR;
    };
    expect(lengthOf('2026-03-08T12:00:00Z', 'America/New_York')).toBe(23);
    expect(lengthOf('2026-11-01T12:00:00Z', 'America/New_York')).toBe(25);
    expect(lengthOf('2026-10-04T00:00:00Z', 'Australia/Lord_Howe')).toBe(23.5);
  });

  it('begins at one o’clock where midnight is skipped', () => {
    // In Cairo the clocks go from midnight to one o'clock.
    const last = checkedIn('2026-04-23', 1);
    const before = new Date('2026-04-23T21:59:59.999Z');
    expect(checkInStatus(last, before, 'Africa/Cairo')).toEqual({
      checkedInToday: true,
      streak: 1,
      nextAt: new Date('2026-04-23T22:00:00Z'),
    });
    const first = new Date('2026-04-23T22:00:00Z');
    expect(checkInStatus(last, first, 'Africa/Cairo')).toEqual({
      checkedInToday: false,
      streak: 1,
      nextAt: first,
    });
  });

  it('is the same one in the hour that comes twice before midnight', () => {
    // In Cairo the clocks go from midnight back to eleven.
    const last = checkedIn('2026-10-29', 1);
    for (const now of ['2026-10-29T20:30:00Z', '2026-10-29T21:30:00Z']) {
      expect(checkInStatus(last, new Date(now), 'Africa/Cairo')).toMatchObject({
        checkedInToday: true,
        nextAt: new Date('2026-10-29T22:00:00Z'),
      });
    }
  });

  it('cannot be lived twice by moving to another zone', () => {
    const now = new Date('2026-03-01T20:00:00Z');
    const inTokyo = localDay(now, 'Asia/Tokyo').date;
    expect(inTokyo).toBe('2026-03-02');
    expect(checkInStatus(checkedIn(inTokyo, 2), now, 'America/Los_Angeles')).toEqual({
      checkedInToday: true,
      streak: 2,
      nextAt: localDay(new Date('2026-03-03T12:00:00Z'), 'America/Los_Angeles').start,
    });
  });
});

describe('a streak', () => {
  it('goes on over a day that a zone left out', () => {
    // Samoa crossed the date line: the 30th did not exist.
    const now = new Date('2011-12-30T12:00:00Z');
    expect(localDay(now, 'Pacific/Apia').date).toBe('2011-12-31');
    expect(checkInStatus(checkedIn('2011-12-29', 5), now, 'Pacific/Apia')).toMatchObject({
      checkedInToday: false,
      streak: 5,
    });
  });

  it('is broken by a day without a check-in', () => {
    const now = new Date('2026-03-03T00:00:00Z');
    expect(checkInStatus(checkedIn('2026-03-01', 9), now, 'UTC').streak).toBe(0);
    expect(checkInStatus(checkedIn('2026-03-02', 9), now, 'UTC').streak).toBe(9);
    expect(checkInStatus(null, now, 'UTC')).toEqual({
      checkedInToday: false,
      streak: 0,
      nextAt: now,
    });
  });

  it('counts every day once, whatever the zone and whenever in the day one comes', () => {
    const zones = ['UTC', 'America/New_York', 'Africa/Cairo', 'Asia/Kathmandu', 'Pacific/Auckland'];
    const hours = fc.array(fc.integer({ min: 0, max: 40 }), { minLength: 1, maxLength: 60 });
    fc.assert(
      fc.property(fc.constantFrom(...zones), hours, (timeZone, waits) => {
        let now = new Date('2026-02-20T00:00:00Z');
        let last: CheckIn | null = null;
        const days: string[] = [];
        for (const wait of waits) {
          now = new Date(now.getTime() + wait * HOUR);
          const { checkedInToday, streak, nextAt } = checkInStatus(last, now, timeZone);
          expect(nextAt > now).toBe(checkedInToday);
          if (checkedInToday) continue;
          last = checkedIn(localDay(now, timeZone).date, streak + 1);
          days.push(last.localDate);
        }
        expect(new Set(days).size).toBe(days.length);
        expect(days).toEqual(days.toSorted());
        expect(last?.streak).toBe(daysInARow(days));
      }),
    );
  });
});

describe('what a check-in gives', () => {
  it('is the daily credits, and a bonus on exactly the day that it names', () => {
    const given = Array.from({ length: 8 }, (_, day) => creditsFor(settings, day + 1));
    expect(given.map((micro) => Number(micro / 1_000_000n))).toEqual([1, 1, 6, 1, 1, 1, 11, 1]);
  });

  it('changes only where the change says so', () => {
    expect(changedSettings(settings, {})).toEqual(settings);
    expect(changedSettings(settings, { expiresAfterDays: 5 }).expiresAfterDays).toBe(5);
    const bonuses = [
      { days: 9, creditsMicro: 2n },
      { days: 2, creditsMicro: 1n },
    ];
    const changed = changedSettings(settings, { streakBonuses: bonuses });
    expect(changed.streakBonuses.map(({ days }) => days)).toEqual([2, 9]);
  });
});

function checkedIn(localDate: string, streak: number): CheckIn {
  const createdAt = new Date(0);
  return { id: '', accountId: '', localDate, streak, creditsMicro: 1n, createdAt };
}

function daysInARow(days: readonly string[]): number {
  let row = 1;
  for (let index = days.length - 1; index > 0; index -= 1) {
    const step = Date.parse(days[index] as string) - Date.parse(days[index - 1] as string);
    if (step !== 24 * HOUR) break;
    row += 1;
  }
  return row;
}
