import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { currencyOf } from '../../src/config/currency.ts';
import { decimalOf, parseDecimal, scaledTo } from '../../src/config/decimal.ts';
import { readJson } from '../../src/config/json-reader.ts';
import { creditsFor } from '../../src/features/catalog/catalog.model.ts';
import { changed, read } from './support.ts';

/** An integer of minor units written with its point: 2999 and 2 is "29.99". */
function written(minor: bigint, digits: number): string {
  const text = minor.toString().padStart(digits + 1, '0');
  return digits === 0 ? text : `${text.slice(0, -digits)}.${text.slice(-digits)}`;
}

const minorUnits = fc.bigInt({ min: 0n, max: 99_999_999_999_999n });
const digits = fc.integer({ min: 0, max: 6 });

describe('an exact decimal', () => {
  it('comes back as the integer that was written, for any place of the point', () => {
    fc.assert(
      fc.property(minorUnits, digits, (minor, places) => {
        const text = written(minor, places);

        expect(scaledTo(parseDecimal(text) ?? fail(), places)).toBe(minor);
        expect(scaledTo(decimalOf(Number(text)) ?? fail(), places)).toBe(minor);
      }),
    );
  });

  it('stands for exactly the text of any finite number', () => {
    fc.assert(
      fc.property(fc.double({ noNaN: true, noDefaultInfinity: true }), (value) => {
        const { units, fractionDigits } = decimalOf(value) ?? fail();

        expect(Number(`${units}e${-fractionDigits}`)).toBe(value === 0 ? 0 : value);
      }),
    );
  });

  it('is refused rather than rounded where it is more precise', () => {
    fc.assert(
      fc.property(minorUnits, fc.integer({ min: 1, max: 6 }), (minor, places) => {
        fc.pre(minor % 10n !== 0n);
        const decimal = parseDecimal(written(minor, places)) ?? fail();

        expect(scaledTo(decimal, places - 1)).toBeNull();
      }),
    );
  });

  it.each([
    ['0.1', 1n, 1],
    ['29.90', 299n, 1],
    ['1e3', 1000n, 0],
    ['1.5e-7', 15n, 8],
    ['-0.50', -5n, 1],
    ['0.000', 0n, 0],
  ])('reads %s', (text, units, fractionDigits) => {
    expect(parseDecimal(text)).toEqual({ units, fractionDigits });
  });

  it.each(['', '.5', '5.', '1e9999', '0x10', ' 1', '1,5', 'NaN', '--1'])('refuses %j', (text) => {
    expect(parseDecimal(text)).toBeNull();
  });

  it('does not exist for NaN and the infinities', () => {
    expect([Number.NaN, Number.POSITIVE_INFINITY].map(decimalOf)).toEqual([null, null]);
  });
});

describe('an amount in the catalogue', () => {
  it('becomes the very minor units that were written, through JSON', () => {
    fc.assert(
      fc.property(fc.bigInt({ min: 1n, max: 9_999_999_999n }), (minor) => {
        const price = readJson(written(minor, 2));

        expect(read(changed(['plans', 1, 'monthly'], price)).plans[1]?.monthlyPrice).toEqual({
          kind: 'FINITE',
          money: { amountMinor: minor, currency: 'USD' },
        });
      }),
    );
  });

  it('becomes the very micro-credits that were written', () => {
    fc.assert(
      fc.property(fc.bigInt({ min: 0n, max: 999_999_999_999_999n }), (micro) => {
        const credits = readJson(written(micro, 6));

        expect(
          read(changed(['plans', 1, 'monthlyCredits'], credits)).plans[1]?.monthlyCredits,
        ).toEqual({
          kind: 'FINITE',
          value: micro,
        });
      }),
    );
  });
});

describe('a currency', () => {
  it.each([
    ['USD', 2],
    ['JPY', 0],
    ['KWD', 3],
  ])('%s has %i digits', (code, exponent) => {
    expect(currencyOf(code)).toEqual({ code, exponent });
  });
});

describe('a custom top-up', () => {
  it('buys credits rounded down to a millionth', () => {
    const { credits } = read(changed(['credits', 'pricePerCredit'], 0.03));

    expect(creditsFor(credits, 1000n)).toBe(333_333_333n);
  });

  it('may price a credit far below a cent', () => {
    const { credits } = read(changed(['credits', 'pricePerCredit'], 0.0001));

    expect(creditsFor(credits, 500n)).toBe(50_000_000_000n);
  });
});

function fail(): never {
  throw new Error('The text was not read as a decimal.');
}
