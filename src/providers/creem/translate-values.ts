import type { Money } from '../../platform/money.ts';
import { ProviderUnsupported } from '../payment-errors.ts';
import { UnknownCreemAnswer } from './creem-errors.ts';

/** The currencies of Creem's products. */
const CURRENCIES: ReadonlySet<string> = new Set(['EUR', 'USD']);
/** The least that Creem sells for, in minor units. */
export const SMALLEST = 100n;
const LARGEST = 99_999_999n;
/** Creem's timestamps are in milliseconds; one in seconds would lie in 1970. */
const FIRST_MILLISECOND = 100_000_000_000;

/** An amount as Creem takes it, in minor units. Throws ProviderUnsupported for one that it does not sell for. */
export function toCreemPrice({ amountMinor, currency }: Money): {
  price: number;
  currency: string;
} {
  if (!CURRENCIES.has(currency)) {
    throw new ProviderUnsupported('CREEM', `prices in ${currency}: it sells in EUR and USD`);
  }
  if (amountMinor < SMALLEST || amountMinor > LARGEST) {
    const range = `from ${SMALLEST} to ${LARGEST} (${currency}, minor units)`;
    throw new ProviderUnsupported('CREEM', `a price of ${amountMinor}: it sells ${range}`);
  }
  return { price: Number(amountMinor), currency };
}

/** Creem's amount and currency as our Money. Throws UnknownCreemAnswer for anything but a whole, safe number. */
export function toMoney(amount: number, currency: string): Money {
  if (!Number.isSafeInteger(amount)) {
    throw new UnknownCreemAnswer(`Creem gave an amount that is no whole number: ${amount}.`);
  }
  return { amountMinor: BigInt(amount), currency: currency.toUpperCase() };
}

/** An instant that Creem gives as a text or as a number. Throws UnknownCreemAnswer for what is none. */
export function toDate(instant: string | number): Date {
  const isSeconds = typeof instant === 'number' && instant < FIRST_MILLISECOND;
  const date = new Date(isSeconds ? instant * 1000 : instant);
  if (Number.isNaN(date.getTime())) {
    throw new UnknownCreemAnswer(`Creem gave an instant that is none: ${instant}.`);
  }
  return date;
}

/** The same where there may be none. */
export function toDateOrNull(instant: string | number | null | undefined): Date | null {
  return instant === null || instant === undefined ? null : toDate(instant);
}

/** The id of an object that Creem gives either as its id or whole. */
export function idOf(object: string | { readonly id: string }): string {
  return typeof object === 'string' ? object : object.id;
}

/** The same where there may be none. */
export function idOrNull(
  object: string | { readonly id: string } | null | undefined,
): string | null {
  return object === null || object === undefined ? null : idOf(object);
}

/** Creem keeps any values in metadata; we give texts. */
export function toTexts(metadata: object | null | undefined): Record<string, string> {
  return Object.fromEntries(
    Object.entries(metadata ?? {}).map(([name, value]) => [name, String(value)]),
  );
}
