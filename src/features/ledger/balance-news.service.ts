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

const MOST_ENTRIES = 64;
const MOST_ACCOUNTS = 1_000;

/**
 * What this process has just committed, for the subscribers who stand right before it: they are told without waiting for the
 * hint and without reading. Whatever else changes comes by hints, and who stands elsewhere reads.
 */
export class BalanceNews {
  readonly #hub: LiveHub;
  readonly #byAccount = new Map<string, News>();

  constructor(hub: LiveHub) {
    this.#hub = hub;
  }

  /** Tells of committed entries, in the order in which they were applied. */
  tell(applied: readonly AppliedEntry[]): void {
    const watched = applied.filter(({ balance }) =>
      this.#hub.isWatched('balance', balance.accountId),
    );
    for (const news of watched) this.#keep(news);
    for (const accountId of new Set(watched.map(({ balance }) => balance.accountId)))
      this.#hub.tellHere('balance', accountId);
  }

  /** What followed a place; null when nothing is known to, or not everything. */
  after(accountId: string, { sequence, version }: BalancePlace): CreditBalanceEvent | null {
    const news = this.#byAccount.get(accountId);
    const first = news?.entries[0];
    if (news === undefined || first === undefined || version < 0n) return null;
    if (news.balance.version <= version || sequence + 1n < first.sequence) return null;
    const known = news.events.get(sequence);
    if (known !== undefined) return known;
    const transactions = news.entries.filter((entry) => entry.sequence > sequence);
    const event = { balance: news.balance, transactions, lagged: false };
    news.events.set(sequence, event);
    return event;
  }

  #keep({ entry, balance }: AppliedEntry): void {
    const { accountId } = balance;
    const before = this.#byAccount.get(accountId);
    if (before !== undefined && before.balance.version > balance.version) return;
    const isNext = before?.balance.sequence === entry.sequence - 1n;
    const entries = isNext ? [...before.entries.slice(1 - MOST_ENTRIES), entry] : [entry];
    // Forgotten in the order in which they were last told of.
    this.#byAccount.delete(accountId);
    this.#byAccount.set(accountId, { balance, entries, events: new Map() });
    const [oldest] = this.#byAccount.keys();
    if (this.#byAccount.size > MOST_ACCOUNTS && oldest !== undefined)
      this.#byAccount.delete(oldest);
  }
}
