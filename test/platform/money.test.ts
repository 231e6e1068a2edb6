import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  formatCredits,
  MAX_CREDITS_MICRO,
  parseCredits,
  proportion,
} from '../../src/platform/money.ts';

const micro = fc.bigInt({ min: -MAX_CREDITS_MICRO, max: MAX_CREDITS_MICRO });

describe('credits as text', () => {
  it('come back as they went', () => {
    fc.assert(fc.property(micro, (amount) => parseCredits(formatCredits(amount)) === amount));
  });

  it('have one text each', () => {
    fc.assert(
      fc.property(micro, micro, (a, b) => (formatCredits(a) === formatCredits(b)) === (a === b)),
    );
  });

  it.each([
    ['0', 0n],
    ['-0', 0n],
    ['12.5', 12_500_000n],
    ['0.000001', 1n],
    ['-0.000001', -1n],
    ['007', 7_000_000n],
    ['9223372036854.775807', MAX_CREDITS_MICRO],
  ])('%s is read', (text, amount) => expect(parseCredits(text)).toBe(amount));

  it.each([
    '',
    ' 1',
    '1 ',
    '1\n',
    '+1',
    '--1',
    '.5',
    '5.',
    '1.0000000',
    '1e3',
    '1E-3',
    '0x10',
    '1_000',
    '1,5',
    'NaN',
    'Infinity',
    '١',
    '9223372036854.775808',
    '-9223372036854.775808',
    '12345678901234',
    '9'.repeat(100_000),
  ])('%j is none', (text) => expect(parseCredits(text)).toBeNull());
});

describe('a proportion', () => {
  it('is the whole part of the exact quotient', () => {
    const natural = fc.bigInt({ min: 0n, max: 10n ** 30n });
    const positive = fc.bigInt({ min: 1n, max: 10n ** 30n });
    fc.assert(
      fc.property(natural, natural, positive, (amount, numerator, denominator) => {
        const part = proportion(amount, numerator, denominator);
        return (
          part * denominator <= amount * numerator && (part + 1n) * denominator > amount * numerator
        );
      }),
    );
  });

  it('refuses what has none', () => {
    expect(() => proportion(1n, 1n, 0n)).toThrow('proportion');
    expect(() => proportion(-1n, 1n, 1n)).toThrow('proportion');
  });
});
