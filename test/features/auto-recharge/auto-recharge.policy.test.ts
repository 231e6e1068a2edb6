import { describe, expect, it } from 'vitest';
import type { AutoRecharge } from '../../../src/features/auto-recharge/auto-recharge.model.ts';
import {
  afterWish,
  type Circumstances,
  decide,
} from '../../../src/features/auto-recharge/auto-recharge.policy.ts';
import { localMonth } from '../../../src/platform/time.ts';

const NOW = new Date('2026-03-10T12:00:00Z');
const MONTH_ENDS = new Date('2026-04-01T00:00:00Z');
const SETTINGS: AutoRecharge = {
  accountId: 'a',
  isEnabled: true,
  thresholdMicro: 10n,
  amount: { amountMinor: 1_500n, currency: 'USD' },
  monthlyCapMinor: 3_000n,
  providerPaymentMethodId: null,
  coolDownUntil: null,
  checkAt: null,
  createdAt: NOW,
  updatedAt: NOW,
};
const LOW: Circumstances = {
  now: NOW,
  availableMicro: 9n,
  owedMicro: 0n,
  mayRun: true,
  canBeCharged: true,
  chargedMinor: 1_500n,
  monthEndsAt: MONTH_ENDS,
};
const later = (days: number) => new Date(NOW.getTime() + days * 86_400_000);

describe('an automatic recharge', () => {
  it.each<[string, Partial<Circumstances>, Partial<AutoRecharge>, ReturnType<typeof decide>]>([
    ['charges when the balance is low', {}, {}, { kind: 'CHARGE' }],
    ['is told later when it is not', { availableMicro: 10n }, {}, { kind: 'ARM' }],
    ['pays no debts', { owedMicro: 1n }, {}, { kind: 'ARM' }],
    ['rests when it is off', {}, { isEnabled: false }, { kind: 'WAIT', until: null }],
    ['rests while the account may not run', { mayRun: false }, {}, { kind: 'WAIT', until: null }],
    [
      'leaves a refused card in peace',
      {},
      { coolDownUntil: later(1) },
      { kind: 'WAIT', until: later(1) },
    ],
    ['tries it again at that instant', {}, { coolDownUntil: NOW }, { kind: 'CHARGE' }],
    [
      'waits for the next month at its cap',
      { chargedMinor: 1_501n },
      {},
      { kind: 'WAIT', until: MONTH_ENDS },
    ],
    ['looks for a card every day', { canBeCharged: false }, {}, { kind: 'WAIT', until: later(1) }],
  ])('%s', (_, circumstances, settings, decision) => {
    expect(decide({ ...SETTINGS, ...settings }, { ...LOW, ...circumstances })).toEqual(decision);
  });

  it('keeps what a wish does not name, and takes a limit away with null', () => {
    const off = afterWish(SETTINGS, { accountId: 'a', isEnabled: false }, 'USD', later(1));
    expect(off).toEqual({ ...SETTINGS, isEnabled: false, updatedAt: later(1) });
    const wish = { accountId: 'a', isEnabled: true, thresholdMicro: 5n, monthlyCapMinor: null };
    expect(afterWish(SETTINGS, wish, 'USD', NOW)).toEqual({
      ...SETTINGS,
      thresholdMicro: 5n,
      monthlyCapMinor: null,
    });
  });

  it.each([
    ['threshold', 'nothing', {}],
    ['threshold', 'zero', { thresholdMicro: 0n, amountMinor: 1n }],
    ['amountMinorUnits', 'nothing', { thresholdMicro: 1n }],
    ['amountMinorUnits', 'zero', { thresholdMicro: 1n, amountMinor: 0n }],
    [
      'monthlyCapMinorUnits',
      'less than once',
      { thresholdMicro: 1n, amountMinor: 2n, monthlyCapMinor: 1n },
    ],
  ])('refuses as %s %s', (field, _, wish) => {
    const set = () => afterWish(null, { accountId: 'a', isEnabled: true, ...wish }, 'USD', NOW);
    expect(set).toThrow(expect.objectContaining({ code: 'BAD_USER_INPUT' }));
    expect(set).toThrow(field);
  });

  it("counts months by the account's calendar", () => {
    expect(localMonth(new Date('2026-03-01T03:00:00Z'), 'America/New_York')).toEqual({
      start: new Date('2026-02-01T05:00:00Z'),
      end: new Date('2026-03-01T05:00:00Z'),
    });
  });
});
