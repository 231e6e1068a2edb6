import { invariant } from '../../platform/assert.ts';
import type { Clock } from '../../platform/clock.ts';
import type { Database } from '../../platform/database/database.ts';
import type { Transaction } from '../../platform/database/transaction.ts';
import { NotFound } from '../../platform/errors.ts';
import { isId, newId } from '../../platform/ids.ts';
import { addDays, localDay } from '../../platform/time.ts';
import { AccountBlocked, NotAllowedNow } from '../account/account.errors.ts';
import type { Account } from '../account/account.model.ts';
import type { AccountService } from '../account/account.service.ts';
import type { Catalogue, CheckInSettings } from '../catalog/catalog.model.ts';
import type { LedgerReceipt } from '../ledger/ledger.model.ts';
import type { LedgerService } from '../ledger/ledger.service.ts';
import type { LedgerHistoryService } from '../ledger/ledger-history.service.ts';
import { AlreadyCheckedIn } from './check-in.errors.ts';
import type { CheckIn, CheckInConfigChange, CheckInStatus } from './check-in.model.ts';
import { canCheckIn, changedSettings, checkInStatus, creditsFor } from './check-in.policy.ts';
import type { CheckInStore } from './check-in.store.ts';

interface CheckInServiceNeeds {
  readonly database: Database;
  readonly clock: Clock;
  readonly store: CheckInStore;
  readonly accounts: AccountService;
  readonly ledger: LedgerService;
  readonly history: LedgerHistoryService;
  readonly catalogue: Catalogue;
}

/** A check-in as it was done: its entry, the balance now, and where the account stands. */
export interface CheckInReceipt extends LedgerReceipt {
  readonly status: CheckInStatus;
}

/** Credits for coming back every day. */
export class CheckInService {
  readonly #needs: CheckInServiceNeeds;

  constructor(needs: CheckInServiceNeeds) {
    this.#needs = needs;
  }

  /**
   * Checks an account in for its local day: once a day, whatever comes at once. Gives the daily credits, and the bonus on
   * the day on which the streak reaches it. Throws AlreadyCheckedIn, NotAllowedNow (check-in is switched off),
   * AccountBlocked, NotFound.
   */
  async checkIn(accountId: string): Promise<CheckInReceipt> {
    if (!isId(accountId)) throw new NotFound('Account');
    const { database, history, ledger } = this.#needs;
    const done = await database.transaction((tx) => this.#checkIn(tx, accountId));
    const [transaction, balance] = await Promise.all([
      history.transactionAt(accountId, done.sequence),
      ledger.balance(accountId),
    ]);
    invariant(transaction !== null, `entry ${done.sequence} of account ${accountId} exists`);
    return { transaction, balance, status: done.status };
  }

  /** Where an account stands, by its last check-in: see `latest`. */
  statusOf(account: Pick<Account, 'timeZone'>, last: CheckIn | null): CheckInStatus {
    return checkInStatus(last, this.#needs.clock.now(), account.timeZone);
  }

  /** The last check-in of each of these accounts, in no order; accounts without one are left out. */
  latest(accountIds: readonly string[]): Promise<CheckIn[]> {
    return this.#needs.store.latest(accountIds);
  }

  /**
   * What is in force: what an administrator has set, else what the catalogue file says.
   * Source: docs/decisions/0007-who-sets-check-in.md.
   */
  async settings(): Promise<CheckInSettings> {
    return (await this.#needs.store.config()) ?? this.#needs.catalogue.checkIn;
  }

  /** Changes the settings for every check-in from now on; what is not named stays. Throws InvalidInput. */
  async changeSettings(change: CheckInConfigChange): Promise<CheckInSettings> {
    const { catalogue, clock, database, store } = this.#needs;
    return database.transaction(async (tx) => {
      await store.lockConfig(tx);
      const settings = (await store.configIn(tx)) ?? catalogue.checkIn;
      const changed = changedSettings(settings, change);
      await store.saveConfig(tx, changed, clock.now());
      return changed;
    });
  }

  async #checkIn(tx: Transaction, accountId: string) {
    const { accounts, catalogue, clock, store } = this.#needs;
    // The lock makes those who come at once come one after the other.
    const account = await accounts.lock(tx, accountId);
    const now = clock.now();
    if (!canCheckIn(account, now)) throw new AccountBlocked(account.status);
    const settings = (await store.configIn(tx)) ?? catalogue.checkIn;
    if (!settings.enabled) throw new NotAllowedNow('Check-in is switched off.');
    const before = checkInStatus(await store.latestIn(tx, accountId), now, account.timeZone);
    if (before.checkedInToday) throw new AlreadyCheckedIn(before.nextAt);

    const streak = before.streak + 1;
    const checkIn = {
      id: newId(),
      accountId,
      localDate: localDay(now, account.timeZone).date,
      streak,
      creditsMicro: creditsFor(settings, streak),
      createdAt: now,
    };
    await store.insert(tx, checkIn);
    tx.hint('account', accountId);
    const sequence = await this.#grant(tx, checkIn, settings, account);
    return { sequence, status: checkInStatus(checkIn, now, account.timeZone) };
  }

  async #grant(
    tx: Transaction,
    checkIn: CheckIn,
    { expiresAfterDays }: CheckInSettings,
    { timeZone }: Account,
  ): Promise<bigint> {
    const { sequence } = await this.#needs.ledger.grantCredits(tx, {
      accountId: checkIn.accountId,
      source: 'CHECK_IN',
      amountMicro: checkIn.creditsMicro,
      effectiveAt: checkIn.createdAt,
      expiresAt:
        expiresAfterDays === null ? null : addDays(checkIn.createdAt, expiresAfterDays, timeZone),
      cause: { kind: 'check-in', id: checkIn.id },
      description:
        checkIn.streak === 1 ? 'Check-in.' : `Check-in, ${checkIn.streak} days in a row.`,
    });
    invariant(sequence !== null, `check-in ${checkIn.id} grants at once`);
    return sequence;
  }
}
