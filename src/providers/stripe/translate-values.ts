import type { Money } from '../../platform/money.ts';
import { ProviderRefused } from '../payment-errors.ts';
import { UnknownStripeAnswer } from './stripe-errors.ts';

/** An amount in minor units as Stripe takes it. Throws ProviderRefused for one that a JSON number cannot hold exactly. */
export function toStripeAmount(amountMinor: bigint): number {
  if (amountMinor < 0n || amountMinor > BigInt(Number.MAX_SAFE_INTEGER)) {
    throw new ProviderRefused('The amount is outside what Stripe can take.', {
      channel: 'STRIPE',
      code: 'amount_out_of_range',
      param: 'unit_amount',
    });
  }
  return Number(amountMinor);
}

/** Stripe writes currencies in lower case. */
export function toStripeCurrency(currency: string): string {
  return currency.toLowerCase();
}

/** Minor units as Stripe gives them, exactly. Throws UnknownStripeAnswer for anything but a whole, safe number. */
export function toMinor(amount: number): bigint {
  if (!Number.isSafeInteger(amount)) {
    throw new UnknownStripeAnswer(`Stripe gave an amount that is no whole number: ${amount}.`);
  }
  return BigInt(amount);
}

/** Stripe's amount and currency as our Money. */
export function toMoney(amount: number, currency: string): Money {
  return { amountMinor: toMinor(amount), currency: currency.toUpperCase() };
}

/** Stripe's Unix seconds. */
export function toDate(seconds: number): Date {
  return new Date(seconds * 1000);
}

/** Stripe's Unix seconds, where there may be none. */
export function toDateOrNull(seconds: number | null | undefined): Date | null {
  return seconds === null || seconds === undefined ? null : toDate(seconds);
}

/** The id of an object that Stripe gives either as its id or, when expanded, whole. */
export function idOf(object: string | { readonly id: string }): string {
  return typeof object === 'string' ? object : object.id;
}

/** The same where there may be none. */
export function idOrNull(
  object: string | { readonly id: string } | null | undefined,
): string | null {
  return object === null || object === undefined ? null : idOf(object);
}
