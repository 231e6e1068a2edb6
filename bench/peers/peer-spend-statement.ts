import { invariant } from '../../src/platform/assert.ts';
import { requestHash } from '../../src/platform/request-hash.ts';
import type { BalanceAfter, SpendAnswer, SpendInput } from './peer-schema.ts';

/** One debit in one prepared statement: `peer-spend.sql` does the rest. */
export const PEER_SPEND = {
  name: 'peer_spend',
  text: `select outcome, (balance).sequence, (balance).version, (balance).total_micro as "totalMicro",
      (balance).plan_micro as "planMicro", (balance).purchased_micro as "purchasedMicro",
      (balance).held_micro as "heldMicro", (balance).owed_micro as "owedMicro"
    from peer_spend($1, $2, $3, $4, $5, $6, $7, $8)`,
};

export interface PeerSpendRow extends BalanceAfter {
  readonly outcome: 'applied' | 'replayed' | 'conflict' | 'blocked' | 'insufficient';
}

/** The values of the statement's parameters. */
export function peerSpendValues(accountId: string, input: SpendInput, now: Date): unknown[] {
  const { amount, usageType, description, metadata, idempotencyKey } = input;
  return [
    now,
    accountId,
    amount,
    idempotencyKey,
    requestHash([amount, usageType, description, metadata]),
    usageType,
    description,
    metadata,
  ];
}

export function toAnswer(row: PeerSpendRow | undefined, createdAt: Date): SpendAnswer {
  invariant(row !== undefined, 'peer_spend answers with one row');
  switch (row.outcome) {
    case 'insufficient':
      return { refusal: 'INSUFFICIENT_CREDITS' };
    case 'conflict':
      return { refusal: 'IDEMPOTENCY_CONFLICT' };
    case 'blocked':
      return { refusal: 'ACCOUNT_BLOCKED' };
    default:
      return { refusal: null, createdAt, balance: row };
  }
}
