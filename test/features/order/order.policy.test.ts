import { describe, expect, it } from 'vitest';
import { afterDiscount, wholeMinor } from '../../../src/features/order/order.policy.ts';

const ORDER = {
  amount: { amountMinor: 1_000n, currency: 'USD' },
  discountMinor: 500n,
  couponId: 'coupon-1',
  trialDays: 0,
};

describe('an order with a coupon', () => {
  it('would cost the whole without it', () => {
    expect(wholeMinor(ORDER)).toBe(1_500n);
    expect(wholeMinor({ ...ORDER, couponId: null, discountMinor: null })).toBe(1_000n);
  });

  it.each([
    ['nothing is said', ORDER, undefined],
    ['what was promised was taken off', ORDER, 500n],
    ['nothing was promised or taken off', { ...ORDER, couponId: null, discountMinor: null }, 0n],
    ['a trial takes nothing off yet', { ...ORDER, trialDays: 7 }, 0n],
  ])('stays what it is when %s', (_when, order, taken) => {
    expect(afterDiscount(order, taken)).toBeNull();
  });

  it('costs the whole when nothing was taken off after all', () => {
    expect(afterDiscount(ORDER, 0n)).toEqual({ amountMinor: 1_500n, discountMinor: 0n });
  });

  it('costs less when another code took more off, but never less than nothing', () => {
    expect(afterDiscount(ORDER, 600n)).toEqual({ amountMinor: 900n, discountMinor: 600n });
    expect(afterDiscount(ORDER, 1_600n)?.amountMinor).toBe(0n);
    const without = { ...ORDER, couponId: null, discountMinor: null };
    expect(afterDiscount(without, 300n)).toEqual({ amountMinor: 700n, discountMinor: null });
  });
});
