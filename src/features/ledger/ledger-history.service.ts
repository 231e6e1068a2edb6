import type { Clock } from '../../platform/clock.ts';
import type { Page, PageRequest } from '../../platform/paging.ts';
import type { AccountParts } from '../account/account-parts.model.ts';
import { readAlong } from '../account/account-parts.policy.ts';
import type {
  CreditAllocation,
  CreditBalance,
  CreditGrant,
  CreditTransaction,
  CreditTransactionType,
  ExplainedTransaction,
  Explanation,
} from './ledger.model.ts';
import { BALANCE_PART } from './ledger.store.ts';
import type { LedgerHistoryStore } from './ledger-history.store.ts';
import type { LedgerPageStore } from './ledger-page.store.ts';

/** What the ledger remembers: pages of entries and grants, newest first. */
export class LedgerHistoryService {
  readonly #store: LedgerHistoryStore;
  readonly #pages: LedgerPageStore;
  readonly #clock: Clock;

  constructor(store: LedgerHistoryStore, pages: LedgerPageStore, clock: Clock) {
    this.#store = store;
    this.#pages = pages;
    this.#clock = clock;
  }

  /**
   * A page of an account's entries, of all types or of these. Those of all types are explained along with it as far as
   * `explanation` says, or taken from what was read along with the account. Throws InvalidInput.
   */
  transactions(
    accountId: string,
    types: readonly CreditTransactionType[] | null,
    request: PageRequest,
    {
      explanation = 'entries',
      read,
    }: { explanation?: Explanation; read?: AccountParts | undefined } = {},
  ): Promise<Page<ExplainedTransaction>> {
    if (types !== null) return this.#store.transactions(accountId, types, request);
    return this.#pages.page(accountId, request, explanation, read);
  }

  /** The balance that was read along with an account; undefined: it was not. */
  balanceReadAlong(read: AccountParts | undefined): CreditBalance | undefined {
    return readAlong(read, BALANCE_PART)?.value;
  }

  /** A page of all accounts' entries, of all types or of these, newest first. Throws InvalidInput. */
  everyTransaction(
    types: readonly CreditTransactionType[] | null,
    request: PageRequest,
  ): Promise<Page<CreditTransaction>> {
    return this.#store.everyTransaction(types, request);
  }

  everyTransactionCount(types: readonly CreditTransactionType[] | null): Promise<bigint> {
    return this.#store.everyTransactionCount(types);
  }

  /** One entry of an account; null when it has none with this sequence. */
  transactionAt(accountId: string, sequence: bigint): Promise<CreditTransaction | null> {
    return this.#store.transactionAt(accountId, sequence);
  }

  transactionCount(
    accountId: string,
    types: readonly CreditTransactionType[] | null,
  ): Promise<bigint> {
    return this.#store.transactionCount(accountId, types);
  }

  /** A page of an account's grants, all of them or those that can be spent now. Throws InvalidInput. */
  grants(
    accountId: string,
    spendableOnly: boolean,
    request: PageRequest,
  ): Promise<Page<CreditGrant>> {
    return this.#store.grants(accountId, spendableOnly, request, this.#clock.now());
  }

  grantCount(accountId: string, spendableOnly: boolean): Promise<bigint> {
    return this.#store.grantCount(accountId, spendableOnly, this.#clock.now());
  }

  grantsById(ids: readonly string[]): Promise<CreditGrant[]> {
    return this.#store.grantsById(ids, this.#clock.now());
  }

  allocations(
    entries: readonly { accountId: string; sequence: bigint }[],
  ): Promise<CreditAllocation[]> {
    return this.#store.allocations(entries);
  }
}
