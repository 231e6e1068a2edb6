import { invariant } from '../../platform/assert.ts';
import type { Clock } from '../../platform/clock.ts';
import { Coalescer } from '../../platform/coalescer.ts';
import type { Database } from '../../platform/database/database.ts';
import type { Transaction } from '../../platform/database/transaction.ts';
import { InvalidInput, NotFound } from '../../platform/errors.ts';
import { isId, newId } from '../../platform/ids.ts';
import { requestHash } from '../../platform/request-hash.ts';
import { AccountBlocked, IdempotencyConflict } from '../account/account.errors.ts';
import type { AccountCreated } from '../account/account.model.ts';
import type { AccountService } from '../account/account.service.ts';
import { InsufficientCredits } from './ledger.errors.ts';
import type {
  CreditBalance,
  CreditTransaction,
  Debit,
  GrantCause,
  LedgerReceipt,
  NewGrant,
} from './ledger.model.ts';
import { available, burnPriority, checkDebit } from './ledger.policy.ts';
import type {
  DebitOutcome,
  GrantOutcome,
  GrantRequest,
  HashedDebit,
  LedgerStore,
} from './ledger.store.ts';
import type { LedgerHistoryStore } from './ledger-history.store.ts';

interface LedgerServiceNeeds {
  readonly database: Database;
  readonly clock: Clock;
  readonly store: LedgerStore;
  readonly history: LedgerHistoryStore;
  readonly accounts: AccountService;
}

export interface Adjustment {
  readonly accountId: string;
  /** Signed micro-credits: positive gives, negative takes. */
  readonly amountMicro: bigint;
  readonly reason: string;
  readonly expiresAt: Date | null;
  readonly idempotencyKey: string;
}

const LARGEST_BATCH = 256;

/** Every command that moves credits. */
export class LedgerService {
  readonly #needs: LedgerServiceNeeds;
  readonly #debits: Coalescer<HashedDebit, DebitOutcome>;

  constructor(needs: LedgerServiceNeeds) {
    this.#needs = needs;
    this.#debits = new Coalescer({
      work: (debits) => needs.store.debit(debits, needs.clock.now()),
      keyOf: (debit) => `${debit.accountId} ${debit.operation} ${debit.idempotencyKey}`,
      maxBatch: LARGEST_BATCH,
    });
  }

  /**
   * Spends credits: all of the amount or nothing, once per idempotency key. A key used before with the same input
   * answers with the first entry and the present balance. Throws InsufficientCredits, AccountBlocked,
   * IdempotencyConflict, InvalidInput, NotFound. Source: docs/decisions/0003-debits-in-batches.md.
   */
  async spendCredits(debit: Omit<Debit, 'type' | 'operation'>): Promise<LedgerReceipt> {
    return this.#debit({ ...debit, type: 'SPEND', operation: 'spendCredits' });
  }

  /**
   * Gives or takes credits by an administrator's decision, with its reason. Throws InsufficientCredits,
   * IdempotencyConflict, InvalidInput, NotFound.
   */
  async adjustCredits(adjustment: Adjustment): Promise<LedgerReceipt> {
    const { accountId, amountMicro, reason, expiresAt, idempotencyKey } = adjustment;
    if (amountMicro > 0n) return this.#give(adjustment);
    if (expiresAt !== null)
      throw new InvalidInput('expiresAt', 'is for credits that are given, not for those taken.');
    return this.#debit({
      accountId,
      amountMicro: -amountMicro,
      type: 'ADJUSTMENT',
      operation: 'adjustCredits',
      idempotencyKey,
      usageType: null,
      description: reason,
      metadata: null,
    });
  }

  /** Adds a grant in the caller's transaction, once per cause; a cause that granted already is left as it is. */
  grantCredits(tx: Transaction, grant: NewGrant): Promise<GrantOutcome> {
    const whole = {
      ...grant,
      id: newId(),
      priority: burnPriority(grant.source),
      type: 'GRANT' as const,
    };
    return this.#needs.store.grant(tx, whole, null, this.#needs.clock.now());
  }

  /** Ends what is left of the grants that one kind of cause gave, in the caller's transaction. */
  async endGrants(
    tx: Transaction,
    accountId: string,
    causeKind: GrantCause['kind'],
    description: string,
  ): Promise<void> {
    await this.#needs.store.endGrants(
      tx,
      accountId,
      causeKind,
      description,
      this.#needs.clock.now(),
    );
  }

  /** The balance of an account, as of now; throws NotFound. */
  async balance(accountId: string): Promise<CreditBalance> {
    const [balance] = isId(accountId) ? await this.balances([accountId]) : [];
    if (balance === undefined) throw new NotFound('Account');
    return balance;
  }

  /** The balances of these accounts, in no order; those that do not exist are left out. */
  balances(accountIds: readonly string[]): Promise<CreditBalance[]> {
    return this.#needs.store.balances(accountIds, this.#needs.clock.now());
  }

  /** Keeps every debit of this account waiting until the transaction ends. */
  async lockBalance(tx: Transaction, accountId: string): Promise<void> {
    await this.#needs.store.lockBalance(tx, accountId);
  }

  /** Gives a new account its balance of nothing. */
  async openBalance(tx: Transaction, { account }: AccountCreated): Promise<void> {
    await this.#needs.store.openBalance(tx, account.id);
  }

  async #debit(debit: Debit): Promise<LedgerReceipt> {
    checkDebit(debit);
    if (!isId(debit.accountId)) throw new NotFound('Account');
    const { amountMicro, usageType, description, metadata } = debit;
    const hashed = {
      ...debit,
      requestHash: requestHash([amountMicro, usageType, description, metadata]),
    };
    return this.#receipt(debit, await this.#debits.submit(hashed));
  }

  async #receipt(debit: Debit, result: DebitOutcome): Promise<LedgerReceipt> {
    switch (result.outcome) {
      case 'applied':
        return { transaction: entryOf(debit, result), balance: result.balance };
      case 'replayed':
        return this.#replay(debit.accountId, result.sequence);
      case 'insufficient':
        throw new InsufficientCredits(debit.amountMicro, available(result.balance));
      case 'conflict':
        throw new IdempotencyConflict(debit.idempotencyKey);
      case 'blocked':
        throw new AccountBlocked((await this.#needs.accounts.account(debit.accountId)).status);
      default:
        throw new NotFound('Account');
    }
  }

  async #replay(accountId: string, sequence: bigint): Promise<LedgerReceipt> {
    const transaction = await this.#needs.history.transactionAt(accountId, sequence);
    invariant(transaction !== null, `entry ${sequence} of account ${accountId} exists`);
    return { transaction, balance: await this.balance(accountId) };
  }

  async #give(adjustment: Adjustment): Promise<LedgerReceipt> {
    const { accountId, amountMicro, reason, expiresAt, idempotencyKey } = adjustment;
    checkDebit({
      amountMicro,
      idempotencyKey,
      description: reason,
      usageType: null,
      metadata: null,
    });
    if (!isId(accountId)) throw new NotFound('Account');
    const now = this.#needs.clock.now();
    if (expiresAt !== null && expiresAt <= now)
      throw new InvalidInput('expiresAt', 'must lie in the future.');
    const request: GrantRequest = {
      operation: 'adjustCredits',
      idempotencyKey,
      requestHash: requestHash([amountMicro, reason, expiresAt]),
    };
    const grant = {
      id: newId(),
      accountId,
      source: 'ADJUSTMENT' as const,
      type: 'ADJUSTMENT' as const,
      amountMicro,
      priority: burnPriority('ADJUSTMENT'),
      effectiveAt: now,
      expiresAt,
      cause: { kind: 'adjustment' as const, id: `${accountId}/${idempotencyKey}` },
      description: reason,
    };
    const result = await this.#needs.database.transaction((tx) =>
      this.#needs.store.grant(tx, grant, request, now),
    );
    if (result.outcome === 'unknown_account') throw new NotFound('Account');
    if (result.outcome === 'conflict') throw new IdempotencyConflict(idempotencyKey);
    return this.#replay(accountId, result.sequence ?? 0n);
  }
}

function entryOf(
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
