import type { CreditBalance, CreditTransaction } from './ledger.model.ts';

/** CAPTURED: wholly or partly spent. RELEASED: given back on request. EXPIRED: given back by time. */
export type CreditHoldStatus = 'OPEN' | 'CAPTURED' | 'RELEASED' | 'EXPIRED';

/** Credits set aside for work in progress, in micro-credits. */
export interface CreditHold {
  readonly id: string;
  readonly accountId: string;
  readonly status: CreditHoldStatus;
  readonly amountMicro: bigint;
  /** What was spent of it; the rest went back when it ended. */
  readonly capturedMicro: bigint;
  readonly expiresAt: Date;
  readonly createdAt: Date;
}

/** A hold as a client asks for it. */
export interface HoldWish {
  readonly accountId: string;
  readonly amountMicro: bigint;
  /** null: the usual time. */
  readonly expiresInSeconds: number | null;
  readonly idempotencyKey: string;
}

/** A capture as a client asks for it. */
export interface Capture {
  readonly accountId: string;
  readonly holdId: string;
  /** null: all that is held. */
  readonly amountMicro: bigint | null;
  readonly usageType: string | null;
  readonly description: string | null;
  readonly idempotencyKey: string;
}

/** A hold together with the balance as it stands now. */
export interface HoldReceipt {
  readonly hold: CreditHold;
  readonly balance: CreditBalance;
}

/** What a capture spent, and what became of the hold. */
export interface CaptureReceipt extends HoldReceipt {
  readonly transaction: CreditTransaction;
}
