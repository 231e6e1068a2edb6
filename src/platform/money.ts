import { invariant } from './assert.ts';

/** An amount of money: an integer in the currency's minor unit (cents), and the ISO 4217 code in upper case. */
export interface Money {
  readonly amountMinor: bigint;
  readonly currency: string;
}

/** Micro-credits in one credit. */
export const MICRO = 1_000_000n;

/** The largest amount of credits a row can hold (PostgreSQL's bigint), in micro-credits. */
export const MAX_CREDITS_MICRO = 9_223_372_036_854_775_807n;

const CREDITS_TEXT = /^(-?)(\d{1,13})(?:\.(\d{1,6}))?$/;

/**
 * Reads exact credits from a decimal text (`"12.5"`) into micro-credits; null when the text is not one:
 * an exponent, more than six fraction digits, more than 13 digits before the point, white space.
 */
export function parseCredits(text: string): bigint | null {
  const parts = CREDITS_TEXT.exec(text);
  if (parts === null) return null;
  const [, sign, whole = '', fraction = ''] = parts;
  const micro = BigInt(whole) * MICRO + BigInt(fraction.padEnd(6, '0'));
  if (micro > MAX_CREDITS_MICRO) return null;
  return sign === '-' ? -micro : micro;
}

/** Writes micro-credits as a decimal text without trailing zeros: `12_500_000n` is `"12.5"`. */
export function formatCredits(micro: bigint): string {
  if (micro === 0n) return '0';
  const sign = micro < 0n ? '-' : '';
  const digits = (micro < 0n ? -micro : micro).toString().padStart(7, '0');
  const point = digits.length - 6;
  let end = digits.length;
  while (end > point && digits[end - 1] === '0') end -= 1;
  const whole = `${sign}${digits.slice(0, point)}`;
  return end === point ? whole : `${whole}.${digits.slice(point, end)}`;
}

/** floor(amount × numerator / denominator) for non-negative integers, without floating point. */
export function proportion(amount: bigint, numerator: bigint, denominator: bigint): bigint {
  invariant(
    amount >= 0n && numerator >= 0n && denominator > 0n,
    'proportion of non-negative integers',
  );
  return (amount * numerator) / denominator;
}

/** A payment provider that money can come through. */
export type Channel = 'STRIPE' | 'CREEM';

/** How often a price is charged. */
export type Interval = 'MONTH' | 'YEAR';
