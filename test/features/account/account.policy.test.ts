import { describe, expect, it } from 'vitest';
import type { AccountStatus } from '../../../src/features/account/account.model.ts';
import { canBuy, canDeploy, canExecute } from '../../../src/features/account/account.policy.ts';

const NOW = new Date('2026-03-01T12:00:00Z');
const before = new Date(NOW.getTime() - 1);
const after = new Date(NOW.getTime() + 1);

const standing = (
  status: AccountStatus,
  blockedAt: Date | null = null,
  statusEndsAt: Date | null = null,
) => ({
  status,
  statusSince: new Date(0),
  blockedAt,
  statusEndsAt,
});

describe('what an account may do', () => {
  it.each([
    ['TRIAL', true, true, true],
    ['PROMO', true, true, true],
    ['ACTIVE', true, true, true],
    ['READONLY', true, false, true],
    ['SUSPENDED', false, false, true],
    ['DELETED', false, false, false],
  ] as const)('in %s: run %s, deploy %s, buy %s', (status, runs, deploys, buys) => {
    expect(canExecute(standing(status), NOW)).toBe(runs);
    expect(canDeploy(standing(status), NOW)).toBe(deploys);
    expect(canBuy(status)).toBe(buys);
  });

  it('ends at the instant that was foreseen, whatever the status still says', () => {
    for (const status of ['TRIAL', 'PROMO', 'ACTIVE', 'READONLY'] as const) {
      expect(canExecute(standing(status, after), NOW)).toBe(true);
      expect(canExecute(standing(status, NOW), NOW)).toBe(false);
      expect(canExecute(standing(status, before), NOW)).toBe(false);
      expect(canDeploy(standing(status, NOW), NOW)).toBe(false);
    }
  });

  it('includes nothing new once the trial’s time is over, though its work goes on', () => {
    for (const [endsAt, deploys] of [
      [after, true],
      [NOW, false],
      [before, false],
    ] as const) {
      expect(canDeploy(standing('TRIAL', null, endsAt), NOW)).toBe(deploys);
      expect(canExecute(standing('TRIAL', null, endsAt), NOW)).toBe(true);
    }
    expect(canDeploy(standing('PROMO', null, before), NOW)).toBe(true);
  });
});
