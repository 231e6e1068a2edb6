import type { LiveHub } from '../../live/hub.ts';
import type { CreditBalance, CreditBalanceEvent, CreditTransaction } from './ledger.model.ts';

/** An entry that was committed, and the balance right after it. */
export interface AppliedEntry {
  readonly entry: CreditTransaction;
  readonly balance: CreditBalance;
}

/** Up to where a subscriber was told. */
export interface BalancePlace {
  readonly sequence: bigint;
  readonly version: bigint;
}

interface News {
  readonly balance: CreditBalance;
  /** The last ones, without a gap; the balance is the one after them. */
  readonly entries: readonly CreditTransaction[];
  /** By the sequence that subscribers have: those who have the same are told the same. */
  readonly events: Map<bigint, CreditBalanceEvent>;
}

/** Of one account: as many as are committed while its subscribers rest (`edge/live-audiences.ts`), and more. */
const MOST_ENTRIES = 512;
/** Of all accounts together. */
const MOST_KEPT = 20_000;

/**
 * What this process has just committed, for the subscribers who stand right before it: they are told without waiting for the
 * hint and without reading. Whatever else changes comes by hints, and who stands elsewhere reads.
 */
export class BalanceNews {
  readonly #hub: LiveHub;
  /** Those that were told of last are the last. */
  readonly #byAccount = new Map<string, News>();
  #kept = 0;

  constructor(hub: LiveHub) {
    this.#hub = hub;
  }

  /** Tells of committed entries, in the order in which they were applied. */
  tell(applied: readonly AppliedEntry[]): void {
    const watched = applied.filter(({ balance }) =>
      this.#hub.isWatched('balance', balance.accountId),
    );
    const byAccount = Map.groupBy(watched, ({ balance }) => balance.accountId);
    for (const [accountId, news] of byAccount) this.#keep(accountId, news);
    for (const accountId of byAccount.keys()) this.#hub.tellHere('balance', accountId);
  }

  /** What followed a place; null when nothing is known to, or not everything. */
  after(accountId: string, { sequence, version }: BalancePlace): CreditBalanceEvent | null {
    const news = this.#byAccount.get(accountId);
    const first = news?.entries[0];
    if (news === undefined || first === undefined || version < 0n) return null;
    if (news.balance.version <= version || sequence + 1n < first.sequence) return null;
    const known = news.events.get(sequence);
    if (known !== undefined) return known;
    const transactions = news.entries.slice(Number(sequence + 1n - first.sequence));
    const event = { balance: news.balance, transactions, lagged: false };
    news.events.set(sequence, event);
    return event;
  }

  #keep(accountId: string, applied: readonly AppliedEntry[]): void {
    const before = this.#byAccount.get(accountId);
    let balance = before?.balance;
    let entries = [...(before?.entries ?? [])];
    for (const next of applied) {
      if (balance !== undefined && balance.version > next.balance.version) continue;
      // Somebody else wrote in between: nothing before is without a gap.
      if (balance?.sequence !== next.entry.sequence - 1n) entries = [];
      entries.push(next.entry);
      balance = next.balance;
    }
    this.#forget(accountId);
    if (balance === undefined) return;
    const last = entries.slice(-MOST_ENTRIES);
    this.#byAccount.set(accountId, { balance, entries: last, events: new Map() });
    this.#kept += last.length;
    for (const oldest of this.#byAccount.keys()) {
      if (this.#kept <= MOST_KEPT) break;
      this.#forget(oldest);
    }
  }

  #forget(accountId: string): void {
    this.#kept -= this.#byAccount.get(accountId)?.entries.length ?? 0;
    this.#byAccount.delete(accountId);
  }
}
