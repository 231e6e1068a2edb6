import { type EntityManager, type InferEntity, LockMode } from '@mikro-orm/postgresql';
import { AccountSchema } from '../../src/features/account/account.entity.ts';
import {
  CreditAllocationSchema,
  CreditBalanceSchema,
  CreditGrantSchema,
  CreditTransactionSchema,
  IdempotencyKeySchema,
} from '../../src/features/ledger/ledger.entity.ts';
import type { Transaction } from '../../src/platform/database/transaction.ts';
import { requestHash } from '../../src/platform/request-hash.ts';
import type { SpendAnswer, SpendInput } from './peer-schema.ts';
import { servePeer } from './peer-server.ts';

type Balance = InferEntity<typeof CreditBalanceSchema>;

const OPERATION = 'spendCredits';

// Apollo with a MikroORM transaction per debit: lock the balance, look for the key, burn the grants, flush.
await servePeer((database) => (accountId, input) => {
  const now = new Date();
  return database.transaction((tx) => spend(tx, accountId, input, now));
});

async function spend(
  tx: Transaction,
  accountId: string,
  input: SpendInput,
  now: Date,
): Promise<SpendAnswer> {
  const { em } = tx;
  const balance = await em.findOneOrFail(CreditBalanceSchema, accountId, {
    lockMode: LockMode.PESSIMISTIC_WRITE,
  });
  const { amount, usageType = null, description = null, metadata = null, idempotencyKey } = input;
  const hash = requestHash([amount, usageType, description, metadata]);
  const known = await em.findOne(IdempotencyKeySchema, {
    accountId,
    operation: OPERATION,
    key: idempotencyKey,
  });
  if (known !== null) {
    if (!hash.equals(known.requestHash)) return { refusal: 'IDEMPOTENCY_CONFLICT' };
    return { refusal: null, createdAt: now, balance };
  }
  const account = await em.findOneOrFail(AccountSchema, accountId);
  if (account.blockedAt && account.blockedAt <= now) return { refusal: 'ACCOUNT_BLOCKED' };
  if (balance.owedMicro > 0n || balance.totalMicro - balance.heldMicro < amount) {
    return { refusal: 'INSUFFICIENT_CREDITS' };
  }

  balance.sequence += 1n;
  balance.version += 1n;
  balance.totalMicro -= amount;
  const { sequence } = balance;
  await burn(em, balance, amount, now);
  em.create(CreditTransactionSchema, {
    accountId,
    sequence,
    type: 'SPEND',
    usageType,
    amountMicro: -amount,
    balanceAfterMicro: balance.totalMicro,
    description,
    metadata,
    idempotencyKey,
    createdAt: now,
  });
  em.create(IdempotencyKeySchema, {
    accountId,
    operation: OPERATION,
    key: idempotencyKey,
    requestHash: hash,
    sequence,
  });
  await em.flush();
  await tx.hint('balance', accountId);
  return { refusal: null, createdAt: now, balance };
}

/** Takes the amount from the account's grants in their order, and from the parts of its balance. */
async function burn(em: EntityManager, balance: Balance, amount: bigint, now: Date): Promise<void> {
  const { accountId, sequence } = balance;
  const grants = await em.find(
    CreditGrantSchema,
    { accountId, status: 'OPEN', $or: [{ expiresAt: null }, { expiresAt: { $gt: now } }] },
    { orderBy: { priority: 'asc', expiresAt: 'asc', effectiveAt: 'asc', id: 'asc' } },
  );
  let due = amount;
  for (const grant of grants) {
    const take = smaller(due, grant.remainingMicro - grant.heldMicro);
    if (take === 0n) continue;
    due -= take;
    grant.remainingMicro -= take;
    if (grant.remainingMicro === 0n) grant.status = 'CLOSED';
    if (grant.source === 'PLAN') balance.planMicro -= take;
    if (grant.source === 'PURCHASE') balance.purchasedMicro -= take;
    const grantId = grant.id;
    em.create(CreditAllocationSchema, { accountId, sequence, grantId, amountMicro: -take });
    if (due === 0n) return;
  }
  throw new Error(`grants of account ${accountId} do not add up to its balance`);
}

function smaller(a: bigint, b: bigint): bigint {
  return a < b ? a : b;
}
