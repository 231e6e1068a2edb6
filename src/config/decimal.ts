/** An exact decimal: `units` × 10^-`fractionDigits`, without trailing zeros behind the point. */
export interface Decimal {
  readonly units: bigint;
  readonly fractionDigits: number;
}

const DECIMAL_TEXT = /^(-?)(\d+)(?:\.(\d+))?(?:[eE]([+-]?\d{1,3}))?$/;

/** Reads a number as JSON writes it (`29.90`, `1e-7`) without floating point; null when the text is not one. */
export function parseDecimal(text: string): Decimal | null {
  const parts = DECIMAL_TEXT.exec(text);
  if (parts === null) return null;
  const [, sign, whole = '', fraction = '', exponent = '0'] = parts;
  let units = BigInt(whole + fraction);
  let fractionDigits = fraction.length - Number(exponent);
  if (fractionDigits < 0) {
    units *= 10n ** BigInt(-fractionDigits);
    fractionDigits = 0;
  }
  while (fractionDigits > 0 && units % 10n === 0n) {
    units /= 10n;
    fractionDigits -= 1;
  }
  return { units: sign === '-' ? -units : units, fractionDigits };
}

/** The decimal that a number was written as: the shortest text that stands for it. Null for NaN and the infinities. */
export function decimalOf(value: number): Decimal | null {
  return parseDecimal(String(value));
}

/** The decimal as an integer of its `digits`-th place (cents for 2); null when it is more precise than that. */
export function scaledTo(decimal: Decimal, digits: number): bigint | null {
  if (decimal.fractionDigits > digits) return null;
  return decimal.units * 10n ** BigInt(digits - decimal.fractionDigits);
}
