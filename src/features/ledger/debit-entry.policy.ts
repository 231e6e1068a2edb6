import type { CreditBalance, CreditTransaction, Debit } from './ledger.model.ts';

/** The entry that a debit made. */
export function entryOf(
  debit: Debit,
  result: { sequence: bigint; createdAt: Date; balance: CreditBalance },
): CreditTransaction {
  return {
    accountId: debit.accountId,
    sequence: result.sequence,
    type: debit.type,
    usageType: debit.usageType,
    amountMicro: -debit.amountMicro,
    balanceAfterMicro: result.balance.totalMicro,
    description: debit.description,
    metadata: debit.metadata,
    idempotencyKey: debit.idempotencyKey,
    createdAt: result.createdAt,
  };
}
