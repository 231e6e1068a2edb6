import {
  type DebitOutcome,
  type HashedDebit,
  LedgerStore,
} from '../../src/features/ledger/ledger.store.ts';
import { invariant } from '../../src/platform/assert.ts';
import { Coalescer } from '../../src/platform/coalescer.ts';
import type { Database } from '../../src/platform/database/database.ts';
import { isDatabaseAway } from '../../src/platform/database/database-away.ts';
import { requestHash } from '../../src/platform/request-hash.ts';
import type { Spend, SpendAnswer, SpendInput } from './peer-schema.ts';
import { servePeer } from './peer-server.ts';

const LARGEST_BATCH = 256;

// Apollo with a resolver that calls Tollgate's coalesced statement and nothing else: no policies, no witness, no hooks, no
// short way for a debit that comes alone. What Tollgate's whole house costs is what it has less.
await servePeer(spendTogether);

function spendTogether(database: Database): Spend {
  const store = new LedgerStore(database);
  const debits = new Coalescer<HashedDebit, DebitOutcome>({
    work: (gathered) => store.debit(gathered, new Date()),
    keyOf: ({ accountId, idempotencyKey }) => `${accountId} ${idempotencyKey}`,
    maxBatch: LARGEST_BATCH,
    isOutage: isDatabaseAway,
  });
  return async (accountId, input) => {
    const outcome = await debits.submit(hashed(accountId, input));
    return toAnswer(store, accountId, outcome);
  };
}

function hashed(accountId: string, input: SpendInput): HashedDebit {
  const { amount, usageType = null, description = null, metadata = null, idempotencyKey } = input;
  return {
    accountId,
    amountMicro: amount,
    type: 'SPEND',
    operation: 'spendCredits',
    idempotencyKey,
    usageType,
    description,
    metadata,
    requestHash: requestHash([amount, usageType, description, metadata]),
  };
}

async function toAnswer(
  store: LedgerStore,
  accountId: string,
  result: DebitOutcome,
): Promise<SpendAnswer> {
  switch (result.outcome) {
    case 'applied':
      return { refusal: null, createdAt: result.createdAt, balance: result.balance };
    case 'replayed': {
      const now = new Date();
      const [balance] = await store.balances([accountId], now);
      invariant(balance !== undefined, 'whoever spent has a balance');
      return { refusal: null, createdAt: now, balance };
    }
    case 'insufficient':
      return { refusal: 'INSUFFICIENT_CREDITS' };
    case 'conflict':
      return { refusal: 'IDEMPOTENCY_CONFLICT' };
    default:
      return { refusal: 'ACCOUNT_BLOCKED' };
  }
}
