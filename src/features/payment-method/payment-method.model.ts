import type { Channel } from '../../platform/money.ts';

/** What an account can be charged with, as its provider keeps it: never a number, only what a person knows it by. */
export interface PaymentMethod {
  readonly id: string;
  readonly accountId: string;
  readonly channel: Channel;
  readonly providerPaymentMethodId: string;
  readonly type: string;
  readonly brand: string | null;
  readonly last4: string | null;
  readonly expMonth: number | null;
  readonly expYear: number | null;
  readonly isDefault: boolean;
  readonly attachedAt: Date;
  /** When `PaymentMethodAttached` was told, or found needless. */
  readonly announcedAt: Date | null;
  /** Null while it can be charged. */
  readonly detachedAt: Date | null;
  readonly updatedAt: Date;
}

/**
 * Told once for each payment method, when it is first known to be attached and to be what is charged from now on: inside
 * the transaction that records that, with the account's row locked and its balance not. Not told of a card that came with
 * a subscription that it pays already: buying is not attaching.
 */
export interface PaymentMethodAttached {
  readonly type: 'payment-method.attached';
  readonly accountId: string;
  readonly paymentMethodId: string;
}

export type CardOperation = 'createSetupIntent' | 'attachPaymentMethod';

/** A client's wish to save a card, stored before the provider hears of it. */
export interface CardRequest {
  readonly id: string;
  readonly accountId: string;
  readonly channel: Channel;
  readonly operation: CardOperation;
  readonly idempotencyKey: string;
  readonly requestHash: Buffer;
  readonly askedPaymentMethodId: string | null;
  readonly providerPaymentMethodId: string | null;
  readonly progress: 'OPEN' | 'DONE' | 'REFUSED';
  readonly attempt: number;
  readonly createdAt: Date;
  readonly updatedAt: Date;
}
