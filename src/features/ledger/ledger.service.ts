import { invariant } from '../../platform/assert.ts';
import type { Clock } from '../../platform/clock.ts';
import { Coalescer } from '../../platform/coalescer.ts';
import type { Database } from '../../platform/database/database.ts';
import { isDatabaseAway } from '../../platform/database/database-away.ts';
import type { Transaction } from '../../platform/database/transaction.ts';
import type { DomainEvents } from '../../platform/domain-events.ts';
import { InvalidInput, NotFound } from '../../platform/errors.ts';
import { isId, newId } from '../../platform/ids.ts';
import { requestHash } from '../../platform/request-hash.ts';
import { AccountBlocked, IdempotencyConflict } from '../account/account.errors.ts';
import type { AccountCreated } from '../account/account.model.ts';
import type { AccountService } from '../account/account.service.ts';
import type { AppliedEntry } from './balance-news.service.ts';
import { entryOf } from './debit-entry.policy.ts';
import { InsufficientCredits } from './ledger.errors.ts';
import type {
  Adjustment,
  CreditBalance,
  CreditsGranted,
  Debit,
  GrantCause,
  LedgerReceipt,
  NewGrant,
} from './ledger.model.ts';
import { available, burnPriority, checkAdjustment, checkSpend } from './ledger.policy.ts';
import type {
  DebitOutcome,
  GrantOutcome,
  GrantRequest,
  HashedDebit,
  LedgerStore,
} from './ledger.store.ts';
import type { LedgerHistoryStore } from './ledger-history.store.ts';
import type { LoneDebitStore } from './lone-debit.store.ts';

interface LedgerServiceNeeds {
  readonly database: Database;
  readonly clock: Clock;
  readonly events: DomainEvents;
  readonly store: LedgerStore;
  readonly lone: LoneDebitStore;
  readonly history: LedgerHistoryStore;
  readonly accounts: AccountService;
  /** Told of every batch of debits, each by what became of it. */
  readonly onDebits?: (outcomes: readonly string[]) => void;
  /** Told of the entries of every batch, once they are committed; must not throw. */
  readonly onApplied?: (applied: readonly AppliedEntry[]) => void;
}

const LARGEST_BATCH = 256;

/** Every command that moves credits. */
export class LedgerService {
  readonly #needs: LedgerServiceNeeds;
  readonly #debits: Coalescer<HashedDebit, DebitOutcome>;

  constructor(needs: LedgerServiceNeeds) {
    this.#needs = needs;
    this.#debits = new Coalescer({
      work: async (debits) => {
        const outcomes = await this.#apply(debits);
        needs.onDebits?.(outcomes.map(({ outcome }) => outcome));
        needs.onApplied?.(debits.flatMap((debit, n) => appliedTo(debit, outcomes[n])));
        return outcomes;
      },
      keyOf: (debit) => `${debit.accountId} ${debit.operation} ${debit.idempotencyKey}`,
      maxBatch: LARGEST_BATCH,
      isOutage: isDatabaseAway,
    });
  }

  /**
   * Spends credits: all of the amount or nothing, once per idempotency key. A key used before with the same input
   * answers with the first entry and the present balance. Throws InsufficientCredits, AccountBlocked,
   * IdempotencyConflict, InvalidInput, NotFound. Source: docs/decisions/0003-debits-in-batches.md.
   */
  async spendCredits(debit: Omit<Debit, 'type' | 'operation'>): Promise<LedgerReceipt> {
    checkSpend(debit);
    return this.#debit({ ...debit, type: 'SPEND', operation: 'spendCredits' });
  }

  /**
   * Gives or takes credits by an administrator's decision, with its reason. Throws InsufficientCredits,
   * IdempotencyConflict, InvalidInput, NotFound.
   */
  async adjustCredits(adjustment: Adjustment): Promise<LedgerReceipt> {
    const { accountId, amountMicro, reason, idempotencyKey } = adjustment;
    checkAdjustment(adjustment);
    if (amountMicro > 0n) return this.#give(adjustment);
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
    return this.#grant(tx, grant, 'GRANT', null);
  }

  /** The same for what a client asked for with an idempotency key of its own: see `grantedBefore`. */
  grantOnRequest(tx: Transaction, grant: NewGrant, request: GrantRequest): Promise<GrantOutcome> {
    return this.#grant(tx, grant, 'GRANT', request);
  }

  /**
   * The sequence of the entry by which a request was granted before; null when its key is new. The caller holds the
   * account's lock. Throws IdempotencyConflict.
   */
  async grantedBefore(
    tx: Transaction,
    accountId: string,
    request: GrantRequest,
  ): Promise<bigint | null> {
    const known = await this.#needs.store.request(tx, accountId, request);
    if (known === null) return null;
    if (!known.requestHash.equals(request.requestHash))
      throw new IdempotencyConflict(request.idempotencyKey);
    return known.sequence;
  }

  /** The same for what was left of a month that has ended: its entry says ROLLOVER. */
  rollOverCredits(tx: Transaction, grant: NewGrant): Promise<GrantOutcome> {
    return this.#grant(tx, grant, 'ROLLOVER', null);
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

  async #grant(
    tx: Transaction,
    grant: NewGrant,
    type: 'GRANT' | 'ROLLOVER',
    request: GrantRequest | null,
  ): Promise<GrantOutcome> {
    const whole = { ...grant, type, id: newId(), priority: burnPriority(grant.source) };
    const result = await this.#needs.store.grant(tx, whole, request, this.#needs.clock.now());
    const { kind, id } = grant.cause;
    const isGranted = result.outcome === 'applied' || result.outcome === 'replayed';
    invariant(isGranted, `the credits of ${kind} ${id} can be granted: ${result.outcome}`);
    if (result.outcome === 'applied') {
      const { accountId, cause } = grant;
      const event: CreditsGranted = { type: 'credits.granted', accountId, cause };
      await this.#needs.events.publish(tx, event);
    }
    return result;
  }

  async #debit(asked: Debit): Promise<LedgerReceipt> {
    const debit = { ...asked, accountId: idOf(asked.accountId) };
    const { amountMicro, usageType, description, metadata } = debit;
    const hashed = {
      ...debit,
      requestHash: requestHash([amountMicro, usageType, description, metadata]),
    };
    return this.#receipt(debit, await this.#debits.submit(hashed));
  }

  /** A debit that comes alone takes the short way where it can; the long way can tell every outcome. */
  async #apply(debits: readonly HashedDebit[]): Promise<readonly DebitOutcome[]> {
    const now = this.#needs.clock.now();
    const [first] = debits;
    const isAlone = first !== undefined && debits.length === 1;
    const balance = isAlone ? await this.#needs.lone.spend(first, now) : null;
    if (balance === null) return this.#needs.store.debit(debits, now);
    return [{ outcome: 'applied', sequence: balance.sequence, createdAt: now, balance }];
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
    const { amountMicro, reason, expiresAt, idempotencyKey } = adjustment;
    const accountId = idOf(adjustment.accountId);
    const now = this.#needs.clock.now();
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
    return this.#giftReceipt(adjustment, { ...result, accountId });
  }

  async #giftReceipt(
    { idempotencyKey }: Adjustment,
    { outcome, accountId, sequence }: GrantOutcome & { accountId: string },
  ): Promise<LedgerReceipt> {
    switch (outcome) {
      case 'applied':
      case 'replayed':
        return this.#replay(accountId, sequence ?? 0n);
      case 'conflict':
        throw new IdempotencyConflict(idempotencyKey);
      case 'expired':
        throw new InvalidInput('expiresAt', 'must lie in the future.');
      case 'too_large':
        throw new InvalidInput('amount', 'would take the balance beyond what can be kept.');
      default:
        throw new NotFound('Account');
    }
  }
}

/** An id as the tables have it: keys are told apart by it, and a client may write it in capitals. */
function idOf(accountId: string): string {
  if (!isId(accountId)) throw new NotFound('Account');
  return accountId.toLowerCase();
}

function appliedTo(debit: Debit, result: DebitOutcome | undefined): AppliedEntry[] {
  if (result?.outcome !== 'applied') return [];
  return [{ entry: entryOf(debit, result), balance: result.balance }];
}
