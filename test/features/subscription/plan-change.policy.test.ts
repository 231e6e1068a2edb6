import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  monthWithin,
  upgradeCredits,
} from '../../../src/features/subscription/plan-change.policy.ts';

const day = (text: string) => new Date(`${text}T00:00:00Z`);
const MONTH = { start: day('2026-01-01'), end: day('2026-01-31') };

describe('the credits of an upgrade', () => {
  it('are the difference for what remains of the month, rounded down', () => {
    expect(upgradeCredits(100n, 400n, MONTH, day('2026-01-16'))).toBe(150n);
    expect(upgradeCredits(0n, 1n, MONTH, day('2026-01-02'))).toBe(0n);
    expect(upgradeCredits(null, 100n, MONTH, MONTH.start)).toBe(100n);
  });

  it('are none downwards, at the end, and after it', () => {
    expect(upgradeCredits(400n, 100n, MONTH, MONTH.start)).toBe(0n);
    expect(upgradeCredits(100n, 400n, MONTH, MONTH.end)).toBe(0n);
    expect(upgradeCredits(100n, 400n, MONTH, day('2026-03-01'))).toBe(0n);
  });

  it('never come to more than the difference, nor grow with time', () => {
    const instant = fc.date({
      min: day('2025-12-01'),
      max: day('2026-03-01'),
      noInvalidDate: true,
    });
    const credits = fc.bigInt({ min: 0n, max: 10n ** 15n });
    fc.assert(
      fc.property(credits, credits, instant, instant, (before, after, one, other) => {
        const [sooner, later] = one <= other ? [one, other] : [other, one];
        const more = after > before ? after - before : 0n;
        const added = upgradeCredits(before, after, MONTH, sooner);
        expect(added).toBeLessThanOrEqual(more);
        expect(upgradeCredits(before, after, MONTH, later)).toBeLessThanOrEqual(added);
      }),
    );
  });
});

describe('the month of a yearly period that holds an instant', () => {
  const year = { start: day('2026-01-31'), end: day('2027-01-31') };

  it('keeps the anchor day, and the last day of a month that is too short', () => {
    expect(monthWithin(year, 'YEAR', day('2026-03-05'), 'UTC')).toEqual({
      start: day('2026-02-28'),
      end: day('2026-03-31'),
    });
    expect(monthWithin(year, 'YEAR', year.start, 'UTC').start).toEqual(year.start);
    expect(monthWithin(year, 'YEAR', day('2027-01-30'), 'UTC').end).toEqual(year.end);
  });

  it('is the period itself under a monthly price', () => {
    expect(monthWithin(MONTH, 'MONTH', day('2026-01-09'), 'UTC')).toEqual(MONTH);
  });
});
