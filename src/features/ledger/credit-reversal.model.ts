import type { GrantCause } from './ledger.model.ts';

/** What became of the payment behind a cause's grants: absolute figures, in minor units of one currency. */
export interface GrantReversal {
  readonly accountId: string;
  /** An invoice stands for all the months that it paid for. */
  readonly cause: GrantCause;
  readonly paidMinor: bigint;
  readonly refundedMinor: bigint;
  /** Taken by disputes that were lost. */
  readonly lostMinor: bigint;
  /** Withheld by disputes that are open. */
  readonly contestedMinor: bigint;
  /** What the entries say about it. */
  readonly metadata: Readonly<Record<string, unknown>>;
}
