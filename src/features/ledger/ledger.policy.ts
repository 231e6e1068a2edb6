import { InvalidInput } from '../../platform/errors.ts';
import { checkIdempotencyKey } from '../account/idempotency.policy.ts';
import type { CreditBalance, CreditGrantSource, Debit } from './ledger.model.ts';

/** Lower burns first; within a priority the soonest expiry does, then the oldest. What was paid for by itself burns last. */
const BURN_PRIORITY: Readonly<Record<CreditGrantSource, number>> = {
  PLAN: 10,
  PROMOTION: 10,
  COUPON: 10,
  CHECK_IN: 10,
  ADJUSTMENT: 10,
  PURCHASE: 20,
};

/** The burn priority that a grant of this source gets. */
export function burnPriority(source: CreditGrantSource): number {
  return BURN_PRIORITY[source];
}

/** What can be spent now, in micro-credits: nothing while something is owed. */
export function available(balance: CreditBalance): bigint {
  return balance.owedMicro > 0n ? 0n : balance.totalMicro - balance.heldMicro;
}

/** Credits that were neither a plan's nor paid for, in micro-credits. */
export function promotional(balance: CreditBalance): bigint {
  return balance.totalMicro - balance.planMicro - balance.purchasedMicro;
}

const LONGEST_KEY = 255;
const LONGEST_TEXT = 500;
const LONGEST_METADATA = 8_192;

/** Refuses a debit (or a gift) that is wrong in itself. Throws InvalidInput naming the argument. */
export function checkDebit(
  debit: Pick<Debit, 'amountMicro' | 'idempotencyKey' | 'description' | 'usageType' | 'metadata'>,
): void {
  if (debit.amountMicro <= 0n) throw new InvalidInput('amount', 'must be more than zero.');
  checkIdempotencyKey(debit.idempotencyKey);
  checkText('description', debit.description, LONGEST_TEXT);
  checkText('usageType', debit.usageType, LONGEST_KEY);
  if (debit.metadata !== null)
    checkText('metadata', JSON.stringify(debit.metadata), LONGEST_METADATA);
}

function checkText(field: string, text: string | null, longest: number): void {
  if (text === null) return;
  if (text.length > longest)
    throw new InvalidInput(field, `is too long: at most ${longest} characters.`);
  if (text.includes('\0') || text.includes('\\u0000'))
    throw new InvalidInput(field, 'contains a NUL character.');
}
