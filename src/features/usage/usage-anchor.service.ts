import { LRUCache } from 'lru-cache';
import type { Clock } from '../../platform/clock.ts';
import type { Database } from '../../platform/database/database.ts';
import type { Transaction } from '../../platform/database/transaction.ts';
import type { AccountCreated, AccountStatusChanged } from '../account/account.model.ts';
import type { AccountService } from '../account/account.service.ts';
import type { SubscriptionChanged } from '../subscription/subscription.model.ts';
import type { UsageAnchor, UsageTerms } from './usage.model.ts';
import { anchorAfterTrial, anchorInZone, anchorUnder, firstAnchor } from './usage-anchor.policy.ts';
import type { UsageAnchorStore } from './usage-anchor.store.ts';

interface UsageAnchorServiceNeeds {
  readonly database: Database;
  readonly clock: Clock;
  readonly accounts: AccountService;
  readonly store: UsageAnchorStore;
}

const ACCOUNTS_KEPT = 50_000;

/** Keeps on what each account's periods are anchored, and tells the terms under which its usage is counted. */
export class UsageAnchorService {
  readonly #needs: UsageAnchorServiceNeeds;
  readonly #kept = new LRUCache<string, UsageTerms>({ max: ACCOUNTS_KEPT });

  constructor(needs: UsageAnchorServiceNeeds) {
    this.#needs = needs;
  }

  /** Gives a new account its first anchor; runs inside the transaction that makes the account. */
  async followNewAccount(tx: Transaction, { account }: AccountCreated): Promise<void> {
    await this.#needs.store.add(tx, account.id, firstAnchor(account), this.#needs.clock.now());
  }

  /** A trial whose limit was passed is over; runs inside the transaction that changes the status. */
  async followStatus(
    tx: Transaction,
    { accountId, from, to }: AccountStatusChanged,
  ): Promise<void> {
    if (from !== 'TRIAL' || to !== 'READONLY') return;
    const { createdAt } = await this.#needs.accounts.lock(tx, accountId);
    await this.#follow(tx, accountId, (anchors, now) => anchorAfterTrial(createdAt, anchors, now));
  }

  /**
   * A subscription's state became known; runs inside the transaction that took it over, after the account's status has
   * followed it.
   */
  async followSubscription(tx: Transaction, { subscription }: SubscriptionChanged): Promise<void> {
    const account = await this.#needs.accounts.lock(tx, subscription.accountId);
    await this.#follow(tx, account.id, (anchors, now) =>
      anchorUnder(subscription, account, anchors, now),
    );
  }

  /** The terms of these accounts as they are now, by account; those that do not exist are left out. */
  async terms(accountIds: readonly string[]): Promise<Map<string, UsageTerms>> {
    const found = await this.#needs.store.terms(accountIds);
    const moved = found.filter((terms) => terms.timeZone !== terms.anchors.at(-1)?.timeZone);
    for (const terms of moved) await this.#followZone(terms);
    const present = moved.length === 0 ? found : await this.#needs.store.terms(accountIds);
    for (const terms of present) this.#kept.set(terms.accountId, terms);
    return new Map(present.map((terms) => [terms.accountId, terms]));
  }

  /** As `terms`, but from memory where they are: whoever writes by them checks their `standing` in the same step. */
  async termsKept(accountIds: readonly string[]): Promise<Map<string, UsageTerms>> {
    const missing = accountIds.filter((id) => !this.#kept.has(id));
    const read = missing.length === 0 ? new Map<string, UsageTerms>() : await this.terms(missing);
    for (const id of accountIds) {
      const kept = read.get(id) ?? this.#kept.get(id);
      if (kept !== undefined) read.set(id, kept);
    }
    return read;
  }

  async #follow(
    tx: Transaction,
    accountId: string,
    next: (anchors: readonly UsageAnchor[], now: Date) => UsageAnchor | null,
  ): Promise<void> {
    const now = this.#needs.clock.now();
    const anchor = next(await this.#needs.store.anchors(tx, accountId), now);
    if (anchor !== null) await this.#needs.store.add(tx, accountId, anchor, now);
    tx.hint('usage', accountId);
  }

  /** The account moved to another zone: the present period keeps its start, and ends by the new one's calendar. */
  async #followZone({ accountId }: UsageTerms): Promise<void> {
    await this.#needs.database.transaction(async (tx) => {
      const { timeZone } = await this.#needs.accounts.lock(tx, accountId);
      await this.#follow(tx, accountId, (anchors, now) =>
        anchors.at(-1)?.timeZone === timeZone ? null : anchorInZone(anchors, timeZone, now),
      );
    });
  }
}
