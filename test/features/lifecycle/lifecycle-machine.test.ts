import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { AccountStatus, Standing } from '../../../src/features/account/account.model.ts';
import { canDeploy, canExecute, standingAt } from '../../../src/features/account/account.policy.ts';
import type { LifecycleSettings } from '../../../src/features/catalog/catalog.model.ts';
import {
  advance,
  firstStatus,
  type LifecycleEvent,
  nextStatuses,
} from '../../../src/features/lifecycle/lifecycle.machine.ts';
import type { SubscriptionStatus } from '../../../src/features/subscription/subscription.model.ts';

const DAY = 86_400_000;
const START = new Date('2026-01-31T12:00:00Z');
const TRIAL: LifecycleSettings = {
  mode: 'TRIAL',
  planSlug: 'pro',
  trial: { days: 30, metric: 'actions', limit: { kind: 'FINITE', value: 1_000n } },
  graceDays: 30,
  promotionMonths: 3,
};
const FREE: LifecycleSettings = { mode: 'FREE', planSlug: null };
const SUBSCRIPTIONS: SubscriptionStatus[] = [
  'ACTIVE',
  'TRIALING',
  'PAST_DUE',
  'CANCELED',
  'INCOMPLETE',
  'INCOMPLETE_EXPIRED',
  'UNPAID',
  'PAUSED',
];

const CARD: LifecycleEvent = { kind: 'PAYMENT_METHOD_ATTACHED' };
const LIMIT: LifecycleEvent = { kind: 'TRIAL_LIMIT_PASSED' };
const TIME: LifecycleEvent = { kind: 'TIME_PASSED' };

function seen(status: SubscriptionStatus, more: Partial<LifecycleEvent> = {}): LifecycleEvent {
  const base = { isPromotion: false, trialEnd: null, cancelAt: null, ...more };
  return { ...base, kind: 'SUBSCRIPTION_SEEN', status } as LifecycleEvent;
}

type Account = Standing & { readonly timeZone: string };

function begin(settings: LifecycleSettings = TRIAL): Account {
  return { ...firstStatus(settings, START, 'UTC'), statusSince: START, timeZone: 'UTC' };
}

/** An account that things have happened to, each so many days after the start. */
function after(...happened: [days: number, event: LifecycleEvent][]): Account {
  let account = begin();
  for (const [days, event] of happened) {
    const { standing } = advance(TRIAL, account, event, at(days));
    account = { ...standing, timeZone: 'UTC' };
  }
  return account;
}

function at(days: number): Date {
  return new Date(START.getTime() + days * DAY);
}

const PROMOTED = after([1, CARD]);
const ACTIVE = after([1, seen('ACTIVE')]);
const READONLY = after([30, TIME]);
const SUSPENDED = after([1, seen('ACTIVE')], [2, seen('PAST_DUE')]);

describe('the table of an account’s life', () => {
  it.each<[string, Account, LifecycleEvent, number, AccountStatus, string]>([
    ['trial to promo', begin(), CARD, 5, 'PROMO', 'PAYMENT_METHOD_ATTACHED'],
    ['trial to readonly by time', begin(), TIME, 30, 'READONLY', 'TRIAL_TIME_OVER'],
    ['trial to readonly by use', begin(), LIMIT, 5, 'READONLY', 'TRIAL_LIMIT_PASSED'],
    ['trial to active', begin(), seen('ACTIVE'), 5, 'ACTIVE', 'SUBSCRIPTION_PAID'],
    [
      'trial to active in a bought trial',
      begin(),
      seen('TRIALING'),
      5,
      'ACTIVE',
      'SUBSCRIPTION_PAID',
    ],
    ['readonly to promo', READONLY, CARD, 40, 'PROMO', 'PAYMENT_METHOD_ATTACHED'],
    ['readonly to active', READONLY, seen('ACTIVE'), 40, 'ACTIVE', 'SUBSCRIPTION_PAID'],
    ['readonly to deleted', READONLY, TIME, 60, 'DELETED', 'GRACE_OVER'],
    [
      'promo to active',
      PROMOTED,
      seen('ACTIVE', { isPromotion: true } as never),
      95,
      'ACTIVE',
      'PROMOTION_CHARGE_PAID',
    ],
    ['promo to active by buying', PROMOTED, seen('ACTIVE'), 9, 'ACTIVE', 'SUBSCRIPTION_PAID'],
    [
      'promo to suspended',
      PROMOTED,
      seen('PAST_DUE', { isPromotion: true } as never),
      95,
      'SUSPENDED',
      'PAYMENT_FAILED',
    ],
    ['promo to deleted', PROMOTED, seen('CANCELED'), 9, 'DELETED', 'SUBSCRIPTION_ENDED'],
    ['active to suspended', ACTIVE, seen('UNPAID'), 9, 'SUSPENDED', 'PAYMENT_FAILED'],
    ['active to deleted', ACTIVE, seen('CANCELED'), 9, 'DELETED', 'SUBSCRIPTION_ENDED'],
    ['suspended to active', SUSPENDED, seen('ACTIVE'), 9, 'ACTIVE', 'OUTSTANDING_INVOICE_PAID'],
    ['suspended to deleted', SUSPENDED, seen('CANCELED'), 9, 'DELETED', 'SUBSCRIPTION_ENDED'],
  ])('leads from %s', (_, account, event, days, to, trigger) => {
    const { standing, transitions } = advance(TRIAL, account, event, at(days));
    expect(standing.status).toBe(to);
    expect(transitions).toEqual([{ from: account.status, to, trigger, at: standing.statusSince }]);
  });

  it('keeps a promotion while its own subscription is in its trial', () => {
    const own = seen('TRIALING', { isPromotion: true } as never);
    expect(advance(TRIAL, PROMOTED, own, at(2)).transitions).toEqual([]);
  });

  it('gives a promotion calendar months and a trial days', () => {
    expect(begin().statusEndsAt).toEqual(at(30));
    expect(PROMOTED).toMatchObject({
      statusEndsAt: new Date('2026-05-01T12:00:00Z'),
      blockedAt: null,
    });
  });

  it('asks for a subscription when a promotion begins, and for payment when a suspended account gets a card', () => {
    expect(advance(TRIAL, begin(), CARD, at(1)).effects).toEqual(['START_PROMOTION']);
    expect(advance(TRIAL, SUSPENDED, CARD, at(3)).effects).toEqual(['PAY_OUTSTANDING_INVOICE']);
    expect(advance(TRIAL, SUSPENDED, CARD, at(3)).transitions).toEqual([]);
    expect(advance(TRIAL, ACTIVE, CARD, at(3))).toMatchObject({ transitions: [], effects: [] });
    expect(advance(TRIAL, PROMOTED, CARD, at(3))).toMatchObject({ transitions: [], effects: [] });
  });

  it('passes through active when the first that is heard of a bought subscription is that it was not paid', () => {
    const { transitions } = advance(TRIAL, begin(), seen('PAST_DUE'), at(3));
    expect(transitions.map(({ to }) => to)).toEqual(['ACTIVE', 'SUSPENDED']);
  });

  it('dates what time did when it happened, however late it is noticed', () => {
    const { standing, transitions } = advance(TRIAL, begin(), TIME, at(400));
    expect(transitions).toEqual([
      { from: 'TRIAL', to: 'READONLY', trigger: 'TRIAL_TIME_OVER', at: at(30) },
      { from: 'READONLY', to: 'DELETED', trigger: 'GRACE_OVER', at: at(60) },
    ]);
    expect(standing).toMatchObject({ status: 'DELETED', statusSince: at(60), blockedAt: at(60) });
  });

  it('does not take a card from an account whose grace is over and that no job has deleted yet', () => {
    expect(advance(TRIAL, begin(), CARD, at(61)).standing.status).toBe('DELETED');
  });

  it('says when a cancelled subscription takes the status with it', () => {
    const event = seen('ACTIVE', { cancelAt: at(20) } as never);
    expect(advance(TRIAL, ACTIVE, event, at(9)).standing.statusEndsAt).toEqual(at(20));
  });

  it('reckons the trial in days of the account, across a change of its clocks', () => {
    const start = new Date('2026-03-01T12:00:00Z');
    const { statusEndsAt, blockedAt } = firstStatus(TRIAL, start, 'Europe/Berlin');
    expect(statusEndsAt).toEqual(new Date('2026-03-31T11:00:00Z'));
    expect(blockedAt).toEqual(new Date('2026-04-30T11:00:00Z'));
  });

  it('in mode FREE begins active and returns there when a subscription ends', () => {
    const account = begin(FREE);
    expect(account).toMatchObject({ status: 'ACTIVE', statusEndsAt: null, blockedAt: null });
    const failed = advance(FREE, account, seen('PAST_DUE'), at(3)).standing;
    expect(failed.status).toBe('SUSPENDED');
    const ended = advance(FREE, { ...failed, timeZone: 'UTC' }, seen('CANCELED'), at(9));
    expect(ended.standing).toMatchObject({ status: 'ACTIVE', blockedAt: null });
    expect(advance(FREE, account, CARD, at(3))).toMatchObject({ transitions: [], effects: [] });
  });
});

const anyEvent: fc.Arbitrary<LifecycleEvent> = fc.oneof(
  fc.constantFrom(CARD, LIMIT, TIME),
  fc
    .record({
      status: fc.constantFrom(...SUBSCRIPTIONS),
      isPromotion: fc.boolean(),
      trialEnd: fc.option(fc.integer({ min: 0, max: 400 }).map(at)),
      cancelAt: fc.option(fc.integer({ min: 0, max: 400 }).map(at)),
    })
    .map((record) => ({ kind: 'SUBSCRIPTION_SEEN' as const, ...record })),
);
const anyLife = fc.record({
  settings: fc.constantFrom(TRIAL, FREE),
  happenings: fc.array(fc.tuple(fc.integer({ min: 0, max: 40 * DAY }), anyEvent), {
    maxLength: 12,
  }),
});

describe('whatever happens to an account', () => {
  it('goes only where the table leads, without a gap, and never out of deleted', () => {
    fc.assert(
      fc.property(anyLife, ({ settings, happenings }) => {
        let account = begin(settings);
        let now = START.getTime();
        let last = START.getTime();
        for (const [wait, event] of happenings) {
          now += wait;
          const before = account.status;
          const step = advance(settings, account, event, new Date(now));
          let current: AccountStatus = before;
          for (const { from, to, at: when } of step.transitions) {
            expect(from).toBe(current);
            expect(nextStatuses(settings.mode, current)).toContain(to);
            expect(when.getTime()).toBeGreaterThanOrEqual(last);
            expect(when.getTime()).toBeLessThanOrEqual(now);
            last = when.getTime();
            current = to;
          }
          expect(step.standing.status).toBe(current);
          account = { ...step.standing, timeZone: 'UTC' };
        }
      }),
      { numRuns: 2_000 },
    );
  });

  it('changes nothing a second time, and nothing that reading at that instant would not show already', () => {
    fc.assert(
      fc.property(anyLife, ({ settings, happenings }) => {
        let account = begin(settings);
        let now = START.getTime();
        for (const [wait, event] of happenings) {
          now += wait;
          const date = new Date(now);
          const byTime = advance(settings, account, TIME, date).standing;
          expect(byTime).toMatchObject({ ...standingOf(standingAt(account, date)) });
          const step = advance(settings, account, event, date);
          const changed = { ...step.standing, timeZone: 'UTC' };
          if (event.kind !== 'PAYMENT_METHOD_ATTACHED' || changed.status !== 'SUSPENDED') {
            const again = advance(settings, changed, event, date);
            expect(again.transitions).toEqual([]);
          }
          account = changed;
        }
      }),
      { numRuns: 1_000 },
    );
  });

  it('lets work run exactly in trial, promo, active and readonly, and deployments in all of these but readonly', () => {
    fc.assert(
      fc.property(
        anyLife,
        fc.integer({ min: 0, max: 90 * DAY }),
        ({ settings, happenings }, rest) => {
          let account = begin(settings);
          let now = START.getTime();
          for (const [wait, event] of happenings) {
            now += wait;
            account = {
              ...advance(settings, account, event, new Date(now)).standing,
              timeZone: 'UTC',
            };
          }
          const date = new Date(now + rest);
          const { status } = standingAt(account, date);
          const runs = ['TRIAL', 'PROMO', 'ACTIVE', 'READONLY'].includes(status);
          expect(canExecute(account, date)).toBe(runs);
          expect(canDeploy(account, date)).toBe(runs && status !== 'READONLY');
          expect(account.blockedAt !== null && account.blockedAt <= date).toBe(!runs);
        },
      ),
      { numRuns: 2_000 },
    );
  });

  it.each([
    ['TRIAL', begin(), at(5)],
    ['READONLY', READONLY, at(31)],
    ['PROMO', PROMOTED, at(31)],
    ['ACTIVE', ACTIVE, at(31)],
    ['SUSPENDED', SUSPENDED, at(31)],
  ] as const)(
    'can reach from %s every status that it says may come next',
    (status, account, now) => {
      const events = [CARD, LIMIT, ...SUBSCRIPTIONS.map((one) => seen(one))];
      const steps = events.map((event) => advance(TRIAL, account, event, now));
      const byTime = advance(TRIAL, account, TIME, account.statusEndsAt ?? now);
      const reached = [...steps, byTime].flatMap(({ transitions }) => transitions[0]?.to ?? []);
      expect([...new Set(reached)].toSorted()).toEqual(nextStatuses('TRIAL', status).toSorted());
    },
  );
});

function standingOf({ status, statusSince, statusEndsAt, blockedAt }: Standing): Standing {
  return { status, statusSince, statusEndsAt, blockedAt };
}
