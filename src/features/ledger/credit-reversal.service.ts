import type { Clock } from '../../platform/clock.ts';
import type { Transaction } from '../../platform/database/transaction.ts';
import type { GrantReversal } from './credit-reversal.model.ts';
import type { CreditReversalStore } from './credit-reversal.store.ts';

/** Taking credits back whose payment went back, holding those that are contested, and giving them back again. */
export class CreditReversalService {
  readonly #store: CreditReversalStore;
  readonly #clock: Clock;

  constructor(store: CreditReversalStore, clock: Clock) {
    this.#store = store;
    this.#clock = clock;
  }

  /**
   * Brings every grant of a cause to the share that its payment's reversal says, floor(grant × part / paid): what is left is
   * taken back, what was spent is owed, what is contested is held, and what is no longer reversed is given back. Figures are
   * absolute, so that the same ones again change nothing. Does nothing when the cause has granted nothing yet. The account's
   * row is locked. Source: docs/decisions/0008-reversals-are-absolute.md.
   */
  async reverse(tx: Transaction, reversal: GrantReversal): Promise<void> {
    await this.#store.reverse(tx, reversal, this.#clock.now());
  }
}
