import type { Clock } from '../../platform/clock.ts';
import type { Transaction } from '../../platform/database/transaction.ts';
import { InvalidInput } from '../../platform/errors.ts';
import type { Account, NewAccount } from '../account/account.model.ts';
import type { AccountService } from '../account/account.service.ts';
import type { Catalogue } from '../catalog/catalog.model.ts';
import type { CatalogService } from '../catalog/catalog.service.ts';
import type { SubscriptionChanged } from '../subscription/subscription.model.ts';
import { isLive } from '../subscription/subscription.policy.ts';
import { firstStatus, statusUnder } from './lifecycle.machine.ts';

interface LifecycleServiceNeeds {
  readonly clock: Clock;
  readonly accounts: AccountService;
  readonly catalog: CatalogService;
  readonly catalogue: Catalogue;
}

/** Moves accounts from status to status. */
export class LifecycleService {
  readonly #needs: LifecycleServiceNeeds;

  constructor(needs: LifecycleServiceNeeds) {
    this.#needs = needs;
  }

  /**
   * Makes an account as the catalogue's mode begins it, with its first master key, which is shown here only.
   * Throws InvalidInput.
   */
  async createAccount(
    input: Pick<NewAccount, 'externalId' | 'name'> & {
      readonly email: string | null;
      readonly timeZone: string | null;
      readonly currency: string | null;
    },
  ): Promise<{ account: Account; masterKey: string }> {
    checkWords(input);
    // Kept in memory from now on: read inside the transaction it would wait for a second connection.
    await this.#needs.catalog.defaultPlan();
    const timeZone = input.timeZone ?? 'UTC';
    const currency = input.currency ?? this.#needs.catalogue.currency;
    return this.#needs.accounts.createAccount({ ...input, timeZone, currency }, (now) =>
      firstStatus(this.#needs.catalogue.lifecycle, now, timeZone),
    );
  }

  /** A subscription's state became known; runs inside the transaction that took it over. */
  async followSubscription(
    tx: Transaction,
    { subscription, previousStatus }: SubscriptionChanged,
  ): Promise<void> {
    const endedBefore = previousStatus !== null && !isLive(previousStatus);
    if (endedBefore && !isLive(subscription.status)) return;
    const account = await this.#needs.accounts.lock(tx, subscription.accountId);
    const status = statusUnder(
      this.#needs.catalogue.lifecycle,
      account.status,
      subscription.status,
    );
    if (status === null) return;
    const blockedAt =
      status === 'SUSPENDED' || status === 'DELETED' ? this.#needs.clock.now() : null;
    await this.#needs.accounts.changeStatus(tx, account, { status, statusEndsAt: null, blockedAt });
  }
}

function checkWords({
  externalId,
  name,
  email,
}: {
  externalId: string;
  name: string;
  email: string | null;
}): void {
  for (const [field, text] of Object.entries({ externalId, name })) {
    if (text.trim() === '') throw new InvalidInput(field, 'must not be empty.');
  }
  for (const [field, text] of Object.entries({ externalId, name, email: email ?? '' })) {
    if (text.length > 255) throw new InvalidInput(field, 'is longer than 255 characters.');
    if (text.includes('\0')) throw new InvalidInput(field, 'contains a NUL character.');
  }
  if (email !== null && !/^[^\s@]+@[^\s@]+$/.test(email))
    throw new InvalidInput('email', 'is not an address.');
}
