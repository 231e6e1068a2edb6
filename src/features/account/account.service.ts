import type { Clock } from '../../platform/clock.ts';
import type { Database } from '../../platform/database/database.ts';
import type { Transaction } from '../../platform/database/transaction.ts';
import type { DomainEvents } from '../../platform/domain-events.ts';
import { InvalidInput, NotFound } from '../../platform/errors.ts';
import { isId, newId } from '../../platform/ids.ts';
import type {
  Account,
  AccountCreated,
  AccountStatus,
  AccountStatusChanged,
  FirstStatus,
  NewAccount,
} from './account.model.ts';
import type { AccountStore } from './account.store.ts';
import type { ApiKeyService } from './api-key.service.ts';

interface AccountServiceNeeds {
  readonly database: Database;
  readonly clock: Clock;
  readonly events: DomainEvents;
  readonly store: AccountStore;
  readonly apiKeys: ApiKeyService;
}

/** The accounts themselves: made, found, and given the status that the lifecycle decided. */
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
    return account;
  }

  /** The accounts with these ids, in no order; those that do not exist are left out. */
  accounts(ids: readonly string[]): Promise<Account[]> {
    return this.#needs.store.byIds(ids);
  }

  findByExternalId(externalId: string): Promise<Account | null> {
    // PostgreSQL refuses to look for what it could not keep.
    return externalId.includes('\0')
      ? Promise.resolve(null)
      : this.#needs.store.byExternalId(externalId);
  }

  /** The account, locked until the transaction ends; throws NotFound. */
  async lock(tx: Transaction, id: string): Promise<Account> {
    const account = await this.#needs.store.lock(tx, id);
    if (account === null) throw new NotFound('Account');
    return account;
  }

  /**
   * Gives a locked account another status. Debits read the status under the lock of the balance row, so the caller
   * holds that lock too. Does nothing when the account has the status already.
   */
  async changeStatus(
    tx: Transaction,
    account: Account,
    next: { status: AccountStatus; statusEndsAt: Date | null; blockedAt: Date | null },
  ): Promise<void> {
    if (account.status === next.status) return;
    const now = this.#needs.clock.now();
    await this.#needs.store.update(tx, account.id, { ...next, statusSince: now, updatedAt: now });
    const changed: AccountStatusChanged = {
      type: 'account.status-changed',
      accountId: account.id,
      from: account.status,
      to: next.status,
    };
    await this.#needs.events.publish(tx, changed);
    await tx.hint('account', account.id);
  }
}

function isTaken(error: unknown): boolean {
  return (error as { constraint?: string }).constraint === 'account_external_id_unique';
}
