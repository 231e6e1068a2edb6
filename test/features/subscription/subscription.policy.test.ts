import { describe, expect, it } from 'vitest';
import { CUSTOM, finite, UNLIMITED } from '../../../src/features/catalog/catalog.model.ts';
import type { PlanSubscription } from '../../../src/features/subscription/subscription.model.ts';
import {
  creditsOf,
  currentTrial,
  hasBegun,
  isLive,
  monthExpiresAt,
  paidMonthExpiresAt,
  rolloverCap,
} from '../../../src/features/subscription/subscription.policy.ts';

const NONE = finite(0n);
const at = (text: string) => new Date(text);

describe('the policy of subscriptions', () => {
  it.each([
    ['ACTIVE', true, true],
    ['TRIALING', true, true],
    ['PAST_DUE', true, true],
    ['UNPAID', true, true],
    ['PAUSED', true, true],
    ['CANCELED', false, true],
    ['INCOMPLETE', false, false],
    ['INCOMPLETE_EXPIRED', false, false],
  ] as const)('takes %s for live: %s, for begun: %s', (status, live, begun) => {
    expect(isLive(status)).toBe(live);
    expect(hasBegun(status)).toBe(begun);
  });

  it("lets a monthly period's credits last as long as the provider's month, also where ours is shorter", () => {
    // The 1st of March in UTC is still the 28th of February in New York.
    const period = { start: at('2026-03-01T03:00:00Z'), end: at('2026-04-01T03:00:00Z') };
    const monthly = { interval: 'MONTH', rollover: NONE } as const;
    expect(paidMonthExpiresAt(period, monthly, 'America/New_York')).toEqual(period.end);
  });

  it("counts the months of a yearly period in the account's zone", () => {
    const period = { start: at('2026-01-31T12:00:00Z'), end: at('2027-01-31T12:00:00Z') };
    const yearly = { interval: 'YEAR', rollover: finite(5n) } as const;
    expect(paidMonthExpiresAt(period, yearly, 'UTC')).toEqual(at('2026-02-28T12:00:00Z'));
  });

  it('lets credits that roll over whole never expire', () => {
    const period = { start: at('2026-01-31T12:00:00Z'), end: at('2026-02-28T12:00:00Z') };
    const monthly = { interval: 'MONTH', rollover: UNLIMITED } as const;
    expect(paidMonthExpiresAt(period, monthly, 'UTC')).toBeNull();
    expect(monthExpiresAt(period.start, null, UNLIMITED, 'UTC')).toBeNull();
  });

  it('ends a month with its trial when that is sooner, and after a month when it is not', () => {
    const start = at('2026-01-01T00:00:00Z');
    const fortnight = at('2026-01-15T00:00:00Z');
    expect(monthExpiresAt(start, fortnight, NONE, 'UTC')).toEqual(fortnight);
    const quarter = at('2026-04-01T00:00:00Z');
    expect(monthExpiresAt(start, quarter, NONE, 'UTC')).toEqual(at('2026-02-01T00:00:00Z'));
    expect(monthExpiresAt(start, null, NONE, 'UTC')).toEqual(at('2026-02-01T00:00:00Z'));
  });

  it('carries over nothing, so much, or never ends a month', () => {
    expect(rolloverCap(NONE)).toBe(0n);
    expect(rolloverCap(finite(5n))).toBe(5n);
    expect(rolloverCap(UNLIMITED)).toBeNull();
  });

  it('grants a number of credits, and nothing for a word or a zero', () => {
    expect(creditsOf(finite(7n))).toBe(7n);
    expect(creditsOf(NONE)).toBeNull();
    expect(creditsOf(UNLIMITED)).toBeNull();
    expect(creditsOf(CUSTOM)).toBeNull();
  });

  it('knows a trial only while it lasts', () => {
    const trial = { trialStart: at('2026-01-01T00:00:00Z'), trialEnd: at('2026-01-15T00:00:00Z') };
    const trialing = { status: 'TRIALING', ...trial } as PlanSubscription;
    expect(currentTrial(trialing)).toEqual({ start: trial.trialStart, end: trial.trialEnd });
    expect(currentTrial({ ...trialing, status: 'ACTIVE' })).toBeNull();
    expect(currentTrial({ ...trialing, trialEnd: null })).toBeNull();
  });
});
