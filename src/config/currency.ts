/** A currency and how many digits its minor unit has: USD 2, JPY 0, KWD 3. */
export interface Currency {
  readonly code: string;
  readonly exponent: number;
}

/** The currency of an ISO 4217 code in upper case; null when there is none. */
export function currencyOf(code: string): Currency | null {
  if (!/^[A-Z]{3}$/.test(code) || !Intl.supportedValuesOf('currency').includes(code)) return null;
  const format = new Intl.NumberFormat('en', { style: 'currency', currency: code });
  return { code, exponent: format.resolvedOptions().maximumFractionDigits ?? 2 };
}
