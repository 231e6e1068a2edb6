import { describe, expect, it } from 'vitest';
import type { PlanSubscription } from '../../../src/features/subscription/subscription.model.ts';
import type { UsageAnchor } from '../../../src/features/usage/usage.model.ts';
import {
  anchorAfterTrial,
  anchorInZone,
  anchorUnder,
  firstAnchor,
} from '../../../src/features/usage/usage-anchor.policy.ts';
import { periodAt, periodsUntil } from '../../../src/features/usage/usage-period.engine.ts';

const at = (text: string) => new Date(text);
const CREATED = at('2024-01-10T09:00:00Z');
const ZONE = 'America/New_York';

const account = { status: 'ACTIVE' as const, createdAt: CREATED };
const trial = firstAnchor({
  status: 'TRIAL',
  statusEndsAt: at('2024-02-09T09:00:00Z'),
  createdAt: CREATED,
  timeZone: ZONE,
});

const subscription = (given: Partial<PlanSubscription> = {}) =>
  ({
    id: 'subscription',
    status: 'ACTIVE',
    interval: 'MONTH',
    startedAt: at('2024-01-31T15:00:00Z'),
    currentPeriodStart: at('2024-01-31T15:00:00Z'),
    currentPeriodEnd: at('2024-02-29T15:00:00Z'),
    trialStart: null,
    trialEnd: null,
    endedAt: null,
    ...given,
  }) as PlanSubscription;

/** The anchors after each of these states became known. */
function follow(
  states: readonly [knownAt: string, state: PlanSubscription, status?: 'PROMO'][],
): UsageAnchor[] {
  return states.reduce<UsageAnchor[]>(
    (anchors, [knownAt, state, status]) => {
      const owner = { ...account, status: status ?? account.status };
      const next = anchorUnder(state, owner, anchors, at(knownAt));
      return next === null
        ? anchors
        : [...anchors.filter((known) => known.startsAt < next.startsAt), next];
    },
    [trial],
  );
}

const ends = (anchors: UsageAnchor[], now: string) =>
  periodsUntil(anchors, at(now))
    .map(({ end }) => end.toISOString().replace(':00.000', ''))
    .reverse();

describe('a subscription', () => {
  it('by the month has the months of its provider, from when it began', () => {
    const anchors = follow([
      ['2024-01-31T15:00:20Z', subscription()],
      [
        '2024-02-29T15:00:20Z',
        subscription({
          currentPeriodStart: at('2024-02-29T15:00:00Z'),
          currentPeriodEnd: at('2024-03-31T15:00:00Z'),
        }),
      ],
    ]);
    expect(ends(anchors, '2024-03-20T00:00:00Z')).toEqual([
      '2024-01-31T15:00Z',
      '2024-02-29T15:00Z',
      '2024-03-31T15:00Z',
    ]);
  });

  it('changes nothing when a state comes again', () => {
    const [, bought] = follow([['2024-01-31T15:00:20Z', subscription()]]) as [
      UsageAnchor,
      UsageAnchor,
    ];
    expect(
      anchorUnder(subscription(), account, [trial, bought], at('2024-02-10T00:00:00Z')),
    ).toBeNull();
  });

  it('goes on in months on its day while a renewal is not known yet', () => {
    const anchors = follow([['2024-01-31T15:00:20Z', subscription()]]);
    expect(periodAt(anchors, at('2024-03-01T00:00:00Z'))).toMatchObject({
      start: at('2024-02-29T15:00:00Z'),
      // In the zone of the account, where the clock was shifted meanwhile.
      end: at('2024-03-31T14:00:00Z'),
    });
  });

  it('by the year has months in the zone of the account, and its renewal changes nothing', () => {
    const year = { interval: 'YEAR', currentPeriodEnd: at('2025-01-31T15:00:00Z') } as const;
    const renewed = {
      ...year,
      currentPeriodStart: at('2025-01-31T15:00:00Z'),
      currentPeriodEnd: at('2026-01-31T15:00:00Z'),
    };
    const anchors = follow([
      ['2024-01-31T15:00:20Z', subscription(year)],
      ['2025-01-31T15:00:20Z', subscription(renewed)],
    ]);
    expect(anchors).toHaveLength(2);
    expect(ends(anchors, '2024-06-01T00:00:00Z')).toEqual([
      '2024-01-31T15:00Z',
      '2024-02-29T15:00Z',
      '2024-03-31T14:00Z',
      '2024-04-30T14:00Z',
      '2024-05-31T14:00Z',
      '2024-06-30T14:00Z',
    ]);
  });

  it("begins with its plan's trial as one period", () => {
    const trialEnd = at('2024-03-15T15:00:00Z');
    const trialing = subscription({
      status: 'TRIALING',
      trialStart: at('2024-01-31T15:00:00Z'),
      trialEnd,
      currentPeriodEnd: trialEnd,
    });
    const paid = subscription({
      interval: 'YEAR',
      currentPeriodStart: trialEnd,
      currentPeriodEnd: at('2025-03-15T15:00:00Z'),
      trialStart: at('2024-01-31T15:00:00Z'),
      trialEnd,
    });
    const anchors = follow([
      ['2024-01-31T15:00:20Z', trialing],
      ['2024-03-15T15:00:20Z', paid],
    ]);
    expect(ends(anchors, '2024-04-01T00:00:00Z')).toEqual([
      '2024-01-31T15:00Z',
      '2024-03-15T15:00Z',
      '2024-04-15T15:00Z',
    ]);
  });

  it('of a promotion has months', () => {
    const trialEnd = at('2024-04-30T14:00:00Z');
    const trialing = subscription({
      status: 'TRIALING',
      trialStart: at('2024-01-31T15:00:00Z'),
      trialEnd,
      currentPeriodEnd: trialEnd,
    });
    const anchors = follow([['2024-01-31T15:00:20Z', trialing, 'PROMO']]);
    expect(ends(anchors, '2024-04-01T00:00:00Z').slice(1)).toEqual([
      '2024-02-29T15:00Z',
      '2024-03-31T14:00Z',
      '2024-04-30T14:00Z',
    ]);
  });

  it('that became known late begins no earlier than the present period, whose counters stay', () => {
    const late = subscription({
      startedAt: at('2024-03-09T00:00:00Z'),
      currentPeriodStart: at('2024-03-09T00:00:00Z'),
      currentPeriodEnd: at('2024-04-09T00:00:00Z'),
    });
    const anchors = follow([['2024-03-12T00:00:00Z', late]]);
    expect(periodAt(anchors, at('2024-03-12T00:00:00Z'))).toMatchObject({
      start: at('2024-03-10T08:00:00Z'),
      end: at('2024-04-09T00:00:00Z'),
    });
  });

  it('that was bought in the first second of a period begins after it, and counts anew', () => {
    const start = at('2024-01-10T09:00:00Z');
    const own = { ...trial, startsAt: at('2024-01-10T09:00:00.400Z') };
    const bought = subscription({ startedAt: start, currentPeriodStart: start });
    const next = anchorUnder(bought, account, [own], at('2024-01-10T09:00:00.900Z'));
    expect(next?.startsAt).toEqual(at('2024-01-10T09:00:00.401Z'));
  });

  it("that ends gives way to months on the account's own day", () => {
    const over = subscription({ status: 'CANCELED', endedAt: at('2024-02-15T00:00:00Z') });
    const anchors = follow([
      ['2024-01-31T15:00:20Z', subscription()],
      ['2024-02-15T00:00:05Z', over],
    ]);
    expect(ends(anchors, '2024-03-20T00:00:00Z')).toEqual([
      '2024-01-31T15:00Z',
      '2024-02-15T00:00Z',
      '2024-03-10T08:00Z',
      '2024-04-10T08:00Z',
    ]);
  });
});

describe('a trial', () => {
  it('whose limit was passed gives way to months, its period ends there', () => {
    const now = at('2024-01-20T00:00:00Z');
    const next = anchorAfterTrial(CREATED, [trial], now) as UsageAnchor;
    expect(ends([trial, next], '2024-01-21T00:00:00Z')).toEqual([
      '2024-01-20T00:00Z',
      '2024-02-10T09:00Z',
    ]);
  });

  it('that ended by its time, or with a subscription, is left as it is', () => {
    expect(anchorAfterTrial(CREATED, [trial], at('2024-02-10T00:00:00Z'))).toBeNull();
    const bought = follow([['2024-01-31T15:00:20Z', subscription()]]);
    expect(anchorAfterTrial(CREATED, bought, at('2024-02-01T00:00:00Z'))).toBeNull();
  });
});

describe('another zone', () => {
  it('leaves the present period its start, and ends it by the new calendar', () => {
    const own = firstAnchor({
      status: 'ACTIVE',
      statusEndsAt: null,
      createdAt: CREATED,
      timeZone: ZONE,
    });
    const now = at('2024-04-20T00:00:00Z');
    const moved = anchorInZone([own], 'Australia/Lord_Howe', now);
    expect(periodAt([own, moved], now)).toMatchObject({
      start: at('2024-04-10T08:00:00Z'),
      end: at('2024-05-10T09:30:00Z'),
    });
  });
});
