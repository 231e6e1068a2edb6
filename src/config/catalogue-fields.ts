import { z } from 'zod';
import {
  type Allowance,
  CUSTOM,
  finite,
  type PlanPrice,
  UNLIMITED,
} from '../features/catalog/catalog.model.ts';
import { MAX_CREDITS_MICRO, type Money } from '../platform/money.ts';
import { type Currency, currencyOf } from './currency.ts';
import { type Decimal, decimalOf, scaledTo } from './decimal.ts';
import { nearest, suggest } from './suggestion.ts';

/** What a field turned out to be; a `problem` says more than that it is not what was expected. */
type Reading<T> = { readonly value: T } | { readonly problem: string } | null;

/** `noun` completes "x is not …"; `remedy` completes "give …". */
interface Expected {
  readonly noun: string;
  readonly remedy: string;
}

/** An object of known keys: an unknown one is refused, with the known one it may stand for. */
export function section<Shape extends z.ZodRawShape>(shape: Shape) {
  return z.strictObject(shape, {
    error: (issue) => {
      if (issue.code === 'unrecognized_keys') {
        const known = Object.keys(shape);
        return issue.keys.map((key) => `is not a setting; ${suggest(key, known)}`).join('\n');
      }
      return wrong(issue.input, { noun: 'an object', remedy: 'one such as { … }' });
    },
  });
}

/** An object whose keys the product chooses. */
export function named<Value extends z.ZodType>(value: Value, remedy: string) {
  return z.record(z.string(), value, {
    error: (issue) => wrong(issue.input, { noun: 'an object', remedy }),
  });
}

export function listOf<Item extends z.ZodType>(item: Item, remedy: string) {
  return z.array(item, { error: (issue) => wrong(issue.input, { noun: 'a list', remedy }) });
}

/** A field that may be left out or null; `fallback` stands in for it. */
export function optional<Field extends z.ZodType, const Fallback>(
  schema: Field,
  fallback: Fallback,
) {
  return z.nullish(schema).transform((value) => value ?? fallback);
}

export function text(maxLength: number) {
  const expected = { noun: 'a text', remedy: `a text of 1 to ${maxLength} characters` };
  return field<string>(expected, (input) => {
    if (typeof input !== 'string') return null;
    const value = input.trim();
    if (value === '') return { problem: `is empty; give ${expected.remedy}.` };
    if (value.length > maxLength) return { problem: `is too long; give ${expected.remedy}.` };
    return { value };
  });
}

export function slug() {
  const expected = {
    noun: 'a slug',
    remedy: 'lower-case letters and digits with single hyphens between, such as "starter-pro"',
  };
  return field<string>(expected, (input) => {
    if (typeof input !== 'string' || input.length > 64) return null;
    return /^[a-z0-9]+(-[a-z0-9]+)*$/.test(input) ? { value: input } : null;
  });
}

export function flag() {
  return field<boolean>(
    { noun: 'true or false', remedy: 'true or false, without quotes' },
    (input) => (typeof input === 'boolean' ? { value: input } : null),
  );
}

/** One of several words, each with what it means in code. */
export function word<Meaning>(meanings: Readonly<Record<string, Meaning>>) {
  const words = Object.keys(meanings);
  const expected = { noun: 'one of the known words', remedy: quoted(words) };
  return field<Meaning>(expected, (input) => {
    const found = typeof input === 'string' ? meaningOf(meanings, input) : null;
    if (found !== null || typeof input !== 'string') return found;
    const candidate = nearest(input, words);
    if (candidate === null) return null;
    return { problem: `${shown(input)} is not known; did you mean "${candidate}"?` };
  });
}

/** A whole number such as days; never an amount. */
export function wholeNumber(what: string, smallest: number, largest: number) {
  const expected = { noun: what, remedy: `a whole number from ${smallest} to ${largest}` };
  return field<number>(expected, (input) => {
    if (typeof input !== 'number' || !Number.isInteger(input)) return null;
    return input >= smallest && input <= largest ? { value: input } : null;
  });
}

/** An ISO 4217 code. */
export function currencyCode() {
  const expected = { noun: 'a currency', remedy: 'an ISO 4217 code in upper case, such as "USD"' };
  return field<string>(expected, (input) =>
    typeof input === 'string' && currencyOf(input) !== null ? { value: input } : null,
  );
}

/** Money in major units (29.99), read exactly into the currency's minor unit. */
export function money(currency: Currency) {
  const remedy = `a number such as ${sample(currency)}`;
  return field<Money>({ noun: 'an amount', remedy }, (input) => readMoney(input, currency));
}

/** What a plan costs: money, or `"custom"`. */
export function planPrice(currency: Currency) {
  const remedy = `a number such as ${sample(currency)}, or "custom"`;
  return field<PlanPrice>({ noun: 'an amount', remedy }, (input) => {
    if (input === 'custom') return { value: { kind: 'CUSTOM' } };
    const reading = readMoney(input, currency);
    if (reading === null || 'problem' in reading) return reading;
    return { value: { kind: 'FINITE', money: reading.value } };
  });
}

/** The price of one credit, in millionths of the minor unit: it may be far less than a cent. */
export function unitPrice(currency: Currency) {
  const expected = { noun: 'a price', remedy: 'a number above 0, such as 0.25' };
  return field<bigint>(expected, (input) => {
    const reading = readScaled(input, currency.exponent + 6);
    return reading !== null && 'value' in reading && reading.value === 0n ? null : reading;
  });
}

/** Credits in micro-credits. */
export function credits() {
  const expected = { noun: 'an amount of credits', remedy: 'a number such as 100 or 2.5' };
  return field<bigint>(expected, (input) => readScaled(input, 6));
}

/** An amount that may be words: those of `words`, with what each means. */
export function allowance(words: Readonly<Record<string, Allowance>> = AMOUNT_WORDS) {
  const remedy = `a number such as 100, or ${quoted(Object.keys(words))}`;
  return field<Allowance>({ noun: 'an amount', remedy }, (input) => {
    if (typeof input === 'string') return meaningOf(words, input);
    return asFinite(readScaled(input, 6));
  });
}

/** How many whole things a limit admits, or words. */
export function wholeAllowance() {
  const remedy = `a whole number such as 1000, or ${quoted(Object.keys(AMOUNT_WORDS))}`;
  return field<Allowance>({ noun: 'a limit', remedy }, (input) => {
    if (typeof input === 'string') return meaningOf(AMOUNT_WORDS, input);
    return Number.isInteger(input) ? asFinite(readScaled(input, 6)) : null;
  });
}

const AMOUNT_WORDS = { unlimited: UNLIMITED, custom: CUSTOM };

function field<T>(expected: Expected, read: (input: unknown) => Reading<T>) {
  return z.unknown().transform((input, context): T => {
    const reading = read(input);
    if (reading !== null && 'value' in reading) return reading.value;
    context.addIssue({ code: 'custom', message: reading?.problem ?? wrong(input, expected) });
    return z.NEVER;
  });
}

function wrong(input: unknown, expected: Expected): string {
  if (input === undefined) return `is missing; give ${expected.remedy}.`;
  return `${shown(input)} is not ${expected.noun}; give ${expected.remedy}.`;
}

/** A value as a message shows it, never longer than a line bears. */
function shown(input: unknown): string {
  if (Array.isArray(input)) return 'a list';
  if (typeof input === 'object' && input !== null) return 'an object';
  if (typeof input !== 'string') return String(input);
  return JSON.stringify(input.length > 40 ? `${input.slice(0, 40)}…` : input);
}

function readMoney(input: unknown, currency: Currency): Reading<Money> {
  const reading = readScaled(input, currency.exponent, currency.code);
  if (reading === null || 'problem' in reading) return reading;
  if (reading.value > BigInt(Number.MAX_SAFE_INTEGER))
    return { problem: `${shown(input)} is too large.` };
  return { value: { amountMinor: reading.value, currency: currency.code } };
}

/** A number that is 0 or more, as an integer of its `digits`-th place. */
function readScaled(input: unknown, digits: number, currency?: string): Reading<bigint> {
  const decimal: Decimal | null = typeof input === 'number' ? decimalOf(input) : null;
  if (decimal === null) return null;
  if (decimal.units < 0n) return { problem: `${shown(input)} is below 0; give 0 or more.` };
  const value = scaledTo(decimal, digits);
  if (value === null) return { problem: `${shown(input)} ${tooPrecise(digits, currency)}` };
  if (value > MAX_CREDITS_MICRO) return { problem: `${shown(input)} is too large.` };
  return { value };
}

function tooPrecise(digits: number, currency: string | undefined): string {
  if (currency === undefined) return `has more than ${digits} digits behind the point.`;
  if (digits === 0) return `has digits behind the point; ${currency} has none.`;
  return `has more digits behind the point than the ${digits} of ${currency}.`;
}

function asFinite(reading: Reading<bigint>): Reading<Allowance> {
  if (reading === null || 'problem' in reading) return reading;
  return { value: finite(reading.value) };
}

function meaningOf<Meaning>(
  meanings: Readonly<Record<string, Meaning>>,
  name: string,
): { value: Meaning } | null {
  const found = Object.entries(meanings).find(([known]) => known === name);
  return found === undefined ? null : { value: found[1] };
}

function quoted(words: readonly string[]): string {
  return words.map((name) => `"${name}"`).join(' or ');
}

function sample(currency: Currency): string {
  return currency.exponent === 0 ? '29' : '29 or 29.99';
}
