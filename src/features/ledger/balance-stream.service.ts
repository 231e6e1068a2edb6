import type { LiveHub } from '../../live/hub.ts';
import { LiveStream } from '../../live/live-stream.ts';
import type { CreditBalance, CreditTransaction } from './ledger.model.ts';
import type { LedgerService } from './ledger.service.ts';
import type { LedgerHistoryStore } from './ledger-history.store.ts';

/** A balance, and the entries since the event before. `lagged`: too far behind for entries, this is a fresh start. */
export interface CreditBalanceEvent {
  readonly balance: CreditBalance;
  readonly transactions: readonly CreditTransaction[];
  readonly lagged: boolean;
}

/** A subscriber that is further behind than this is not told every entry any more. */
const LONGEST_GAP = 1_000n;

/** Live balances that resume where a subscriber left off. */
export class BalanceStreamService {
  readonly #ledger: LedgerService;
  readonly #history: LedgerHistoryStore;
  readonly #hub: LiveHub;

  constructor(ledger: LedgerService, history: LedgerHistoryStore, hub: LiveHub) {
    this.#ledger = ledger;
    this.#history = history;
    this.#hub = hub;
  }

  /**
   * The balance now, then every change in order, each entry exactly once. `after`: the last sequence that the subscriber
   * has; the first event then carries the entries since.
   */
  watchBalance(accountId: string, after: bigint | null): AsyncIterableIterator<CreditBalanceEvent> {
    let seen: { sequence: bigint; version: bigint } | null =
      after === null ? null : { sequence: after, version: -1n };
    const read = async () => {
      const balance = await this.#ledger.balance(accountId);
      if (seen !== null && balance.version === seen.version) return null;
      const event = await this.#eventSince(seen?.sequence ?? balance.sequence, balance);
      seen = balance;
      return event;
    };
    return new LiveStream({ hub: this.#hub, topic: 'balance', id: accountId, read });
  }

  async #eventSince(sequence: bigint, balance: CreditBalance): Promise<CreditBalanceEvent> {
    const gap = balance.sequence - sequence;
    if (gap < 0n || gap > LONGEST_GAP) return { balance, transactions: [], lagged: true };
    const transactions = gap === 0n ? [] : await this.#history.entriesBetween(sequence, balance);
    return { balance, transactions, lagged: false };
  }
}
