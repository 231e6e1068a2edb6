import type { Clock } from '../../platform/clock.ts';
import type { Transaction } from '../../platform/database/transaction.ts';
import type { LedgerSweepStore, WatchedBalance } from './ledger-sweep.store.ts';

const BATCH = 200;

/** What time does to balances: grants start and expire, holds end. Each leaves its own entry. */
export class LedgerSweepService {
  readonly #store: LedgerSweepStore;
  readonly #clock: Clock;

  constructor(store: LedgerSweepStore, clock: Clock) {
    this.#store = store;
    this.#clock = clock;
  }

  /** Brings every balance with something due up to now. Balances that somebody else has locked are left to them. */
  async sweep(): Promise<void> {
    for (let swept = BATCH; swept > 0; ) swept = await this.#store.sweep(this.#clock.now(), BATCH);
  }

  nextDueAt(after: Date): Promise<Date | null> {
    return this.#store.nextDueAt(after);
  }

  /** Keeps the debits of these accounts waiting until the transaction ends. The accounts' own rows are locked already. */
  async lockBalances(tx: Transaction, accountIds: readonly string[]): Promise<void> {
    if (accountIds.length > 0) await this.#store.lockBalances(tx, accountIds);
  }

  /**
   * Has `recharge-low-balance` told, once, when the balance falls under a mark (null: no more); at once when it is under it
   * already and nothing is owed. Answers the balance as it is now, which stays locked. The account's row is locked already.
   */
  watch(tx: Transaction, accountId: string, lowMarkMicro: bigint | null): Promise<WatchedBalance> {
    return this.#store.watch(tx, accountId, lowMarkMicro, this.#clock.now());
  }

  /**
   * How much of these grants was left when they expired, in micro-credits; what is due to expire by `at`, which a provider's
   * clock may say a little before ours does, expires first. Nothing for a grant that goes on.
   */
  async leftOver(
    tx: Transaction,
    accountId: string,
    grantIds: readonly string[],
    at: Date,
  ): Promise<bigint> {
    const now = this.#clock.now();
    await this.lockBalances(tx, [accountId]);
    await this.#store.settle(tx, accountId, at > now ? at : now);
    return this.#store.expired(tx, accountId, grantIds);
  }
}
