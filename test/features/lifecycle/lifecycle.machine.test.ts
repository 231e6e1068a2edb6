import { describe, expect, it } from 'vitest';
import type { AccountStatus } from '../../../src/features/account/account.model.ts';
import type { LifecycleSettings } from '../../../src/features/catalog/catalog.model.ts';
import { firstStatus, statusUnder } from '../../../src/features/lifecycle/lifecycle.machine.ts';
import type { SubscriptionStatus } from '../../../src/features/subscription/subscription.model.ts';

const TRIAL: LifecycleSettings = {
  mode: 'TRIAL',
  planSlug: 'pro',
  trial: { days: 30, metric: 'actions', limit: { kind: 'FINITE', value: 1_000_000_000n } },
  graceDays: 30,
  promotionMonths: 3,
};
const FREE: LifecycleSettings = { mode: 'FREE', planSlug: null };
const ACCOUNT_STATUSES: AccountStatus[] = ['TRIAL', 'PROMO', 'ACTIVE', 'READONLY', 'SUSPENDED'];

describe('the lifecycle machine', () => {
  it('begins an account in its trial, which ends and is blocked at known instants', () => {
    expect(firstStatus(TRIAL, new Date('2026-03-01T12:00:00Z'), 'UTC')).toEqual({
      status: 'TRIAL',
      statusEndsAt: new Date('2026-03-31T12:00:00Z'),
      blockedAt: new Date('2026-04-30T12:00:00Z'),
    });
  });

  it('reckons the trial in days of the account, across a change of its clocks', () => {
    const { statusEndsAt, blockedAt } = firstStatus(
      TRIAL,
      new Date('2026-03-01T12:00:00Z'),
      'Europe/Berlin',
    );
    expect(statusEndsAt).toEqual(new Date('2026-03-31T11:00:00Z'));
    expect(blockedAt).toEqual(new Date('2026-04-30T11:00:00Z'));
  });

  it('begins an account ACTIVE, for ever, where the mode is free', () => {
    const begun = firstStatus(FREE, new Date(), 'UTC');
    expect(begun).toEqual({ status: 'ACTIVE', statusEndsAt: null, blockedAt: null });
  });

  it.each<[SubscriptionStatus, AccountStatus | null]>([
    ['ACTIVE', 'ACTIVE'],
    ['TRIALING', 'ACTIVE'],
    ['PAST_DUE', 'SUSPENDED'],
    ['UNPAID', 'SUSPENDED'],
    ['PAUSED', 'SUSPENDED'],
    ['CANCELED', 'DELETED'],
    ['INCOMPLETE', null],
    ['INCOMPLETE_EXPIRED', null],
  ])('makes of a subscription that is %s an account that is %s', (subscription, status) => {
    for (const current of ACCOUNT_STATUSES) {
      const next = statusUnder(TRIAL, current, subscription);
      expect(next).toBe(status === current ? null : status);
    }
  });

  it('leads an ended subscription back to the free plan where the mode is free', () => {
    expect(statusUnder(FREE, 'SUSPENDED', 'CANCELED')).toBe('ACTIVE');
    expect(statusUnder(FREE, 'ACTIVE', 'CANCELED')).toBeNull();
  });
});
