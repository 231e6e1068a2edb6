/** What the cursors of these lists begin with. */
export const TRANSACTION_CURSOR = 'credit-transaction';
/** Of the list over all accounts: when, whose, which. */
export const EVERY_TRANSACTION_CURSOR = 'every-credit-transaction';
export const GRANT_CURSOR = 'credit-grant';

/** Where credits came from. `PURCHASE` was paid for by itself; `PLAN` came with a plan's month; the rest is promotional. */
export type CreditGrantSource =
  | 'PLAN'
  | 'PURCHASE'
  | 'PROMOTION'
  | 'COUPON'
  | 'CHECK_IN'
  | 'ADJUSTMENT';

/** Where an entry stands in the list over all accounts. */
export function everyTransactionPosition(entry: CreditTransaction): string {
  return `${entry.createdAt.getTime()}/${entry.accountId}/${entry.sequence}`;
}

/** PENDING: not effective yet. CLOSED: spent, expired or ended. */
export type CreditGrantStatus = 'PENDING' | 'OPEN' | 'CLOSED';

export const CREDIT_TRANSACTION_TYPES = [
  'GRANT',
  'SPEND',
  'HOLD_CAPTURE',
  'EXPIRY',
  'REFUND',
  'CLAWBACK',
  'ADJUSTMENT',
  'ROLLOVER',
] as const;
export type CreditTransactionType = (typeof CREDIT_TRANSACTION_TYPES)[number];

/** What an account has, in micro-credits. `version` grows with every change, `sequence` with every entry. */
export interface CreditBalance {
  readonly accountId: string;
  readonly sequence: bigint;
  readonly version: bigint;
  readonly totalMicro: bigint;
  readonly planMicro: bigint;
  readonly purchasedMicro: bigint;
  readonly heldMicro: bigint;
  readonly owedMicro: bigint;
}

export interface CreditGrant {
  readonly id: string;
  readonly accountId: string;
  readonly source: CreditGrantSource;
  readonly status: CreditGrantStatus;
  readonly amountMicro: bigint;
  readonly remainingMicro: bigint;
  readonly heldMicro: bigint;
  readonly priority: number;
  readonly effectiveAt: Date;
  readonly expiresAt: Date | null;
  readonly causeKind: string;
  readonly causeId: string;
  readonly createdAt: Date;
}

/** One entry of the ledger: appended once, never changed. Amounts are signed micro-credits. */
export interface CreditTransaction {
  readonly accountId: string;
  /** 1, 2, 3, … without a gap, per account. */
  readonly sequence: bigint;
  readonly type: CreditTransactionType;
  readonly usageType: string | null;
  readonly amountMicro: bigint;
  readonly balanceAfterMicro: bigint;
  readonly description: string | null;
  readonly metadata: Readonly<Record<string, unknown>> | null;
  readonly idempotencyKey: string | null;
  readonly createdAt: Date;
}

/** A balance, and the entries since the event before. `lagged`: too far behind for entries, this is a fresh start. */
export interface CreditBalanceEvent {
  readonly balance: CreditBalance;
  readonly transactions: readonly CreditTransaction[];
  readonly lagged: boolean;
}

/** The part of an entry that touched one grant. */
export interface CreditAllocation {
  readonly accountId: string;
  readonly sequence: bigint;
  readonly grantId: string;
  readonly amountMicro: bigint;
}

/** How far entries are explained: not at all, by what they took from which grant, or with these grants themselves. */
export type Explanation = 'entries' | 'allocations' | 'grants';

/** An entry with what explains it, as far as that was read along with it. */
export interface ExplainedTransaction extends CreditTransaction {
  /** Undefined: not read. */
  readonly allocations?: readonly ExplainedAllocation[] | undefined;
}

export interface ExplainedAllocation extends CreditAllocation {
  /** Undefined: not read. */
  readonly grant?: CreditGrant | undefined;
}

/** What paid for a grant; the pair is unique, so that nothing is granted twice for it. */
export interface GrantCause {
  readonly kind:
    | 'account'
    | 'subscription'
    | 'invoice'
    | 'rollover'
    | 'order'
    | 'adjustment'
    | 'check-in'
    | 'coupon';
  readonly id: string;
}

export interface NewGrant {
  readonly accountId: string;
  readonly source: CreditGrantSource;
  readonly amountMicro: bigint;
  readonly effectiveAt: Date;
  readonly expiresAt: Date | null;
  readonly cause: GrantCause;
  readonly description: string;
}

/** Told inside the transaction that added a grant. */
export interface CreditsGranted {
  readonly type: 'credits.granted';
  readonly accountId: string;
  readonly cause: GrantCause;
}

/** A debit as a client asks for it; `amountMicro` is positive. */
export interface Debit {
  readonly accountId: string;
  readonly amountMicro: bigint;
  readonly type: 'SPEND' | 'ADJUSTMENT';
  readonly operation: 'spendCredits' | 'adjustCredits';
  readonly idempotencyKey: string;
  readonly usageType: string | null;
  readonly description: string | null;
  readonly metadata: Readonly<Record<string, unknown>> | null;
}

/** An administrator's correction. */
export interface Adjustment {
  readonly accountId: string;
  /** Signed micro-credits: positive gives, negative takes. */
  readonly amountMicro: bigint;
  readonly reason: string;
  /** When credits that are given expire; null: never. */
  readonly expiresAt: Date | null;
  readonly idempotencyKey: string;
}

/** An entry together with the balance as it stands now. */
export interface LedgerReceipt {
  readonly transaction: CreditTransaction;
  readonly balance: CreditBalance;
}
