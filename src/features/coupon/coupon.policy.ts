import { InvalidInput } from '../../platform/errors.ts';
import { CouponNotApplicable } from './coupon.errors.ts';
import type { Coupon, CouponLimits, CouponUse, NewCoupon, UsedSoFar } from './coupon.model.ts';

const CODE = /^[A-Z0-9][A-Z0-9_-]{1,63}$/;
const WHOLE = 10_000;
const MOST = 2_147_483_647;

/** A code as it is kept: in capitals, without what surrounds it. */
export function codeOf(typed: string): string {
  return typed.trim().toUpperCase();
}

/** Whether a code, in capitals, can be one at all. */
export function isCode(code: string): boolean {
  return CODE.test(code);
}

/** Refuses a coupon that is wrong in itself. Throws InvalidInput naming the argument. */
export function checkNewCoupon(coupon: NewCoupon, now: Date): void {
  if (!isCode(coupon.code)) {
    throw new InvalidInput(
      'code',
      'must be 2 to 64 letters, digits, "-" or "_", beginning with a letter or a digit.',
    );
  }
  checkValue(coupon);
  checkLimits(coupon, now);
}

/** Refuses limits that make no sense. Throws InvalidInput naming the argument. */
export function checkLimits(limits: Partial<CouponLimits>, now: Date): void {
  for (const name of ['maxRedemptions', 'perAccountLimit'] as const) {
    const limit = limits[name] ?? null;
    if (limit !== null && (limit < 1 || limit > MOST))
      throw new InvalidInput(name, 'must be at least 1, or null for no limit.');
  }
  if ((limits.expiresAt ?? null) !== null && (limits.expiresAt as Date) <= now)
    throw new InvalidInput('expiresAt', 'must lie in the future.');
}

/**
 * Refuses a coupon that cannot be used so. `used` counts open pages like redemptions: what is promised on a page is kept.
 * Throws CouponNotApplicable with its reason.
 */
export function checkApplicable(coupon: Coupon, use: CouponUse, used: UsedSoFar, now: Date): void {
  const { code, maxRedemptions, perAccountLimit } = coupon;
  if (!coupon.isActive)
    throw new CouponNotApplicable('INACTIVE', `The coupon "${code}" is not active.`);
  if (coupon.expiresAt !== null && coupon.expiresAt <= now)
    throw new CouponNotApplicable('EXPIRED', `The coupon "${code}" has expired.`);
  checkKindAndPlan(coupon, use);
  if (perAccountLimit !== null && used.byAccount >= perAccountLimit) {
    const times = perAccountLimit === 1 ? 'already' : `${perAccountLimit} times already`;
    throw new CouponNotApplicable(
      'ALREADY_USED',
      `The account has used the coupon "${code}" ${times}.`,
    );
  }
  if (maxRedemptions !== null && used.inAll >= maxRedemptions) throw usedUp(coupon);
}

/** What an amount costs with the coupon, in minor units; half a unit of discount is rounded up. Credits change nothing. */
export function discountedMinor(coupon: Coupon, amountMinor: bigint): bigint {
  const { percentOffBasisPoints: points, amountOff } = coupon;
  if (points !== null) {
    return amountMinor - (amountMinor * BigInt(points) * 2n + BigInt(WHOLE)) / BigInt(2 * WHOLE);
  }
  if (amountOff === null) return amountMinor;
  return amountOff.amountMinor >= amountMinor ? 0n : amountMinor - amountOff.amountMinor;
}

/** How often a coupon counts as used: redeemed, or reserved on an open page. */
export function usedInAll({ timesRedeemed, timesLate, timesReserved }: Coupon): number {
  return timesRedeemed - timesLate + timesReserved;
}

/** The refusal of a coupon that was used as often as it may be. */
export function usedUp({ code }: Coupon): CouponNotApplicable {
  return new CouponNotApplicable('EXHAUSTED', `The coupon "${code}" is used up.`);
}

/** The refusal of a code that nobody made. */
export function unknownCoupon(code: string): CouponNotApplicable {
  const which = isCode(codeOf(code)) ? `coupon "${codeOf(code)}"` : 'such coupon';
  return new CouponNotApplicable('UNKNOWN', `There is no ${which}.`);
}

function checkValue(coupon: NewCoupon): void {
  const { kind } = coupon;
  const values = [
    ['percentOffBasisPoints', 'PERCENT_OFF', coupon.percentOffBasisPoints],
    ['amountOffMinorUnits', 'AMOUNT_OFF', coupon.amountOff],
    ['credits', 'CREDITS', coupon.creditsMicro],
  ] as const;
  for (const [name, ofKind, value] of values) {
    if (kind === ofKind && value === null)
      throw new InvalidInput(name, `is required for a coupon of the kind ${kind}.`);
    if (kind !== ofKind && value !== null)
      throw new InvalidInput(name, `does not belong to a coupon of the kind ${kind}.`);
  }
  checkRange(coupon);
}

function checkRange({ percentOffBasisPoints, amountOff, creditsMicro }: NewCoupon): void {
  if (
    percentOffBasisPoints !== null &&
    (percentOffBasisPoints < 1 || percentOffBasisPoints > WHOLE)
  )
    throw new InvalidInput('percentOffBasisPoints', 'must be from 1 (0.01 %) to 10000 (100 %).');
  if (amountOff !== null && amountOff.amountMinor <= 0n)
    throw new InvalidInput('amountOffMinorUnits', 'must be more than zero.');
  if (creditsMicro !== null && creditsMicro <= 0n)
    throw new InvalidInput('credits', 'must be more than zero.');
}

function checkKindAndPlan(coupon: Coupon, use: CouponUse): void {
  const { code, amountOff, planSlugs } = coupon;
  const givesCredits = coupon.kind === 'CREDITS';
  if (givesCredits && use.currency !== null)
    throw new CouponNotApplicable(
      'WRONG_KIND',
      `The coupon "${code}" gives credits: redeem it with redeemCoupon.`,
    );
  if (!givesCredits && use.currency === null)
    throw new CouponNotApplicable(
      'WRONG_KIND',
      `The coupon "${code}" takes something off a checkout: give it as couponCode.`,
    );
  if (planSlugs.length > 0 && !planSlugs.includes(use.planSlug ?? ''))
    throw new CouponNotApplicable(
      'WRONG_PLAN',
      `The coupon "${code}" is for these plans only: ${planSlugs.join(', ')}.`,
    );
  if (amountOff !== null && amountOff.currency !== use.currency)
    throw new CouponNotApplicable(
      'WRONG_CURRENCY',
      `The coupon "${code}" is in ${amountOff.currency}, and this is sold in ${use.currency}.`,
    );
}
