import type { Money } from '../../platform/money.ts';

/** When an account is topped up by itself, and with how much. */
export interface AutoRecharge {
  readonly accountId: string;
  readonly isEnabled: boolean;
  /** Micro-credits: a balance with less available is topped up. */
  readonly thresholdMicro: bigint;
  readonly amount: Money;
  /** The most that is charged in a calendar month of the account's zone, in minor units; null: no limit. */
  readonly monthlyCapMinor: bigint | null;
  /** The payment method of the charge that is under way; null when none is. */
  readonly providerPaymentMethodId: string | null;
  /** Until when a card that was refused is left in peace. */
  readonly coolDownUntil: Date | null;
  /** When to look again, whether or not anybody spends. */
  readonly checkAt: Date | null;
  readonly createdAt: Date;
  readonly updatedAt: Date;
}

/** What a client changes; what is undefined stays as it is. */
export interface AutoRechargeWish {
  readonly accountId: string;
  readonly isEnabled: boolean;
  readonly thresholdMicro?: bigint | undefined;
  readonly amountMinor?: bigint | undefined;
  /** Null takes the limit away. */
  readonly monthlyCapMinor?: bigint | null | undefined;
}
