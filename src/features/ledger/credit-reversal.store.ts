import type { Transaction } from '../../platform/database/transaction.ts';
import type { GrantReversal } from './credit-reversal.model.ts';

/** The part of the ledger that follows payments which went back, written by nothing but the ledger's SQL functions. */
export class CreditReversalStore {
  /** Brings the grants of a cause to these figures; answers how many of them changed. */
  async reverse(tx: Transaction, reversal: GrantReversal, now: Date): Promise<number> {
    const { accountId, cause, paidMinor, refundedMinor, lostMinor, contestedMinor } = reversal;
    const [row] = await tx.query<{ changed: number }>(
      'select ledger_reverse($1, $2, $3, $4, $5, $6, $7, $8, $9::jsonb) as changed',
      [
        now,
        accountId,
        cause.kind,
        cause.id,
        paidMinor,
        refundedMinor,
        lostMinor,
        contestedMinor,
        JSON.stringify(reversal.metadata),
      ],
    );
    return row?.changed ?? 0;
  }
}
