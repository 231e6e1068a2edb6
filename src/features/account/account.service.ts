import type { Clock } from '../../platform/clock.ts';
import { concerns } from '../../platform/database/companion.ts';
import type { Database } from '../../platform/database/database.ts';
import type { Transaction } from '../../platform/database/transaction.ts';
import type { DomainEvents } from '../../platform/domain-events.ts';
import { InvalidInput, NotFound } from '../../platform/errors.ts';
import { isId, newId } from '../../platform/ids.ts';
import type { Page, PageRequest } from '../../platform/paging.ts';
import type {
  Account,
  AccountChange,
  AccountCreated,
  AccountFilter,
  AccountStatusChanged,
  FirstStatus,
  NewAccount,
  Standing,
} from './account.model.ts';
import { standingAt } from './account.policy.ts';
import type { AccountStore } from './account.store.ts';
import { checkAccountName, checkEmail, checkSearch } from './account-details.policy.ts';
import type { ApiKeyService } from './api-key.service.ts';

interface AccountServiceNeeds {
  readonly database: Database;
  readonly clock: Clock;
  readonly events: DomainEvents;
  readonly store: AccountStore;
  readonly apiKeys: ApiKeyService;
}

/**
 * The accounts themselves: made, found, and given the status that the lifecycle decided. Whoever reads one sees the status
 * that it has now, also when its time was over a moment ago and no job has written that down.
 */
export class AccountService {
  readonly #needs: AccountServiceNeeds;

  constructor(needs: AccountServiceNeeds) {
    this.#needs = needs;
  }

  /**
   * Makes an account and its first master key, whose secret is shown here only. Throws InvalidInput when the
   * external id is taken.
   */
  async createAccount(
    input: NewAccount,
    firstStatus: (now: Date) => FirstStatus,
  ): Promise<{ account: Account; masterKey: string }> {
    const now = this.#needs.clock.now();
    const account: Account = {
      id: newId(),
      ...input,
      ...firstStatus(now),
      statusSince: now,
      createdAt: now,
      updatedAt: now,
    };
    return this.#needs.database
      .transaction(async (tx) => {
        await this.#needs.store.insert(tx, account);
        concerns(account.id);
        const { secret } = await this.#needs.apiKeys.createIn(tx, {
          kind: 'MASTER',
          accountId: account.id,
          name: 'First master key',
          scopes: [],
          agentId: null,
        });
        const created: AccountCreated = { type: 'account.created', account };
        await this.#needs.events.publish(tx, created);
        return { account, masterKey: secret };
      })
      .catch((error: unknown) => {
        if (isTaken(error))
          throw new InvalidInput(
            'externalId',
            `"${input.externalId}" is taken by another account.`,
          );
        throw error;
      });
  }

  /** The account; throws NotFound. */
  async account(id: string): Promise<Account> {
    const account = isId(id) ? await this.#needs.store.byId(id) : null;
    if (account === null) throw new NotFound('Account');
    return this.#asOfNow(account);
  }

  /** The accounts with these ids, in no order; those that do not exist are left out. */
  async accounts(ids: readonly string[]): Promise<Account[]> {
    const found = await this.#needs.store.byIds(ids);
    return found.map((account) => this.#asOfNow(account));
  }

  async findByExternalId(externalId: string): Promise<Account | null> {
    // PostgreSQL refuses to look for what it could not keep.
    if (externalId.includes('\0')) return null;
    const found = await this.#needs.store.byExternalId(externalId);
    return found === null ? null : this.#asOfNow(found);
  }

  /** A page of accounts, newest first. Throws InvalidInput. */
  async list(filter: AccountFilter, request: PageRequest): Promise<Page<Account>> {
    if (filter.search !== null) checkSearch(filter.search);
    const page = await this.#needs.store.list(filter, request, this.#needs.clock.now());
    return { ...page, items: page.items.map((account) => this.#asOfNow(account)) };
  }

  async count(filter: AccountFilter): Promise<bigint> {
    if (filter.search !== null) checkSearch(filter.search);
    return this.#needs.store.count(filter, this.#needs.clock.now());
  }

  /** Changes what an account is called, and where its days begin. Throws InvalidInput and NotFound. */
  async updateAccount(id: string, change: AccountChange): Promise<Account> {
    if (change.name !== undefined) checkAccountName(change.name);
    if (change.email) checkEmail(change.email);
    if (change.email === '') throw new InvalidInput('email', 'is not an address.');
    if (!isId(id)) throw new NotFound('Account');
    return this.#needs.database.transaction(async (tx) => {
      await this.lock(tx, id);
      await this.#needs.store.update(tx, id, change, this.#needs.clock.now());
      tx.hintAll('account', [id]);
      tx.hint('usage', id);
      return this.lock(tx, id);
    });
  }

  /** The account, locked until the transaction ends; throws NotFound. */
  async lock(tx: Transaction, id: string): Promise<Account> {
    return this.#asOfNow(await this.lockAsStored(tx, id));
  }

  /** The same with the status that was written down last, for whoever writes down the next one. Throws NotFound. */
  async lockAsStored(tx: Transaction, id: string): Promise<Account> {
    const account = await this.#needs.store.lock(tx, id);
    if (account === null) throw new NotFound('Account');
    return account;
  }

  /** Locks accounts, in the order of their ids, for all that this transaction does. */
  holdAll(tx: Transaction, ids: readonly string[]): Promise<void> {
    return this.#needs.store.hold(tx, ids);
  }

  /** Locks the account, unless this transaction has done so already. */
  hold(tx: Transaction, id: string): Promise<void> {
    return this.#needs.store.hold(tx, [id]);
  }

  /** The accounts with these ids, whose rows are locked; in no order. */
  async lockedAccounts(tx: Transaction, ids: readonly string[]): Promise<Account[]> {
    const found = await this.#needs.store.inTransaction(tx, ids);
    return found.map((account) => this.#asOfNow(account));
  }

  /**
   * At most so many accounts whose status has ended by time, as stored, locked until the transaction ends. Those that
   * somebody else has locked are left to them.
   */
  lockDue(tx: Transaction, now: Date, limit: number): Promise<Account[]> {
    return this.#needs.store.lockDue(tx, now, limit);
  }

  /** When the next status ends by time, after this instant; null when none does. */
  nextStatusEnd(after: Date): Promise<Date | null> {
    return this.#needs.store.nextStatusEnd(after);
  }

  /**
   * Gives locked accounts another standing, and tells of those whose status changes. Debits read the status under the lock
   * of the balance row, so the caller holds those locks too.
   */
  async changeStandings(
    tx: Transaction,
    changes: readonly { readonly account: Account; readonly standing: Standing }[],
  ): Promise<void> {
    if (changes.length === 0) return;
    await this.#needs.store.updateStandings(tx, changes, this.#needs.clock.now());
    for (const { account, standing } of changes) {
      if (account.status === standing.status) continue;
      const changed: AccountStatusChanged = {
        type: 'account.status-changed',
        accountId: account.id,
        from: account.status,
        to: standing.status,
      };
      await this.#needs.events.publish(tx, changed);
    }
    tx.hintAll(
      'account',
      changes.map(({ account }) => account.id),
    );
  }

  #asOfNow(account: Account): Account {
    return standingAt(account, this.#needs.clock.now());
  }
}

function isTaken(error: unknown): boolean {
  return (error as { constraint?: string }).constraint === 'account_external_id_unique';
}
