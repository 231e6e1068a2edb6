import { InvalidInput } from '../../platform/errors.ts';
import type { AskedField } from '../account/account-parts.model.ts';
import { checkIdempotencyKey } from '../account/idempotency.policy.ts';
import { checkStorable } from '../account/storable-text.policy.ts';
import type {
  Adjustment,
  CreditBalance,
  CreditGrantSource,
  Debit,
  Explanation,
} from './ledger.model.ts';

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

const LONGEST_USAGE_TYPE = 255;
const LONGEST_TEXT = 500;
const LONGEST_METADATA = 8_192;
const DEEPEST_METADATA = 32;

/** Refuses a spend that is wrong in itself. Throws InvalidInput naming the argument. */
export function checkSpend(
  spend: Pick<Debit, 'amountMicro' | 'idempotencyKey' | 'description' | 'usageType' | 'metadata'>,
): void {
  if (spend.amountMicro <= 0n) throw new InvalidInput('amount', 'must be more than zero.');
  checkIdempotencyKey(spend.idempotencyKey);
  if (spend.description !== null) checkStorable('description', spend.description, LONGEST_TEXT);
  if (spend.usageType !== null) checkStorable('usageType', spend.usageType, LONGEST_USAGE_TYPE);
  if (spend.metadata !== null) checkMetadata(spend.metadata);
}

/** Refuses an adjustment that is wrong in itself. Throws InvalidInput naming the argument. */
export function checkAdjustment(adjustment: Adjustment): void {
  const { amountMicro, reason, expiresAt, idempotencyKey } = adjustment;
  if (amountMicro === 0n) throw new InvalidInput('amount', 'must not be zero.');
  checkIdempotencyKey(idempotencyKey);
  if (reason.trim() === '') throw new InvalidInput('reason', 'must not be empty.');
  checkStorable('reason', reason, LONGEST_TEXT);
  if (amountMicro < 0n && expiresAt !== null)
    throw new InvalidInput('expiresAt', 'is for credits that are given, not for those taken.');
}

function checkMetadata(metadata: Readonly<Record<string, unknown>>): void {
  // Before anything that recurses: a client can nest deeper than a stack is high.
  checkMetadataValue(metadata, 1);
  checkStorable('metadata', JSON.stringify(metadata), LONGEST_METADATA);
}

function checkMetadataValue(value: unknown, depth: number): void {
  if (typeof value === 'string') checkStorable('metadata', value, LONGEST_METADATA);
  if (typeof value === 'number' && !Number.isFinite(value))
    throw new InvalidInput('metadata', 'contains a number that is too large.');
  if (typeof value !== 'object' || value === null) return;
  if (depth > DEEPEST_METADATA)
    throw new InvalidInput('metadata', `is nested too deeply: at most ${DEEPEST_METADATA} levels.`);
  for (const [key, inner] of Object.entries(value)) {
    checkStorable('metadata', key, LONGEST_METADATA);
    checkMetadataValue(inner, depth + 1);
  }
}

/** How far entries are explained by what is asked of them. */
export function explanationFor({ asksFor }: Pick<AskedField, 'asksFor'>): Explanation {
  if (!asksFor('allocations')) return 'entries';
  return asksFor('grant') ? 'grants' : 'allocations';
}
