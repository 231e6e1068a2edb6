import { GatheredReads } from '../../live/gathered-reads.ts';
import type { LiveHub } from '../../live/hub.ts';
import { LiveStream, type Reading } from '../../live/live-stream.ts';
import { ReadingLine } from '../../live/reading-line.ts';
import { invariant } from '../../platform/assert.ts';
import { NotFound } from '../../platform/errors.ts';
import type { BalanceNews, BalancePlace } from './balance-news.service.ts';
import type { CreditBalance, CreditBalanceEvent, CreditTransaction } from './ledger.model.ts';
import type { LedgerService } from './ledger.service.ts';
import type { BalanceChange, LedgerChangesStore } from './ledger-changes.store.ts';
import type { LedgerHistoryStore } from './ledger-history.store.ts';

/** A subscriber that is further behind than this is not told every entry any more. */
const LONGEST_GAP = 1_000n;
/** While some are sent to, the next ones are read. */
const CHANGES_AT_ONCE = 500;
const CHANGES_AT_FIRST = 100;
const BALANCES_AT_ONCE = 1_000;
/** Each has as many entries as the longest gap at most. */
const SPANS_AT_ONCE = 100;

interface BalanceStreamNeeds {
  readonly ledger: LedgerService;
  readonly changes: LedgerChangesStore;
  readonly history: LedgerHistoryStore;
  readonly hub: LiveHub;
  readonly news: BalanceNews;
}

type BalanceReading = Reading<CreditBalanceEvent, BalancePlace>;

/**
 * Live balances that resume where a subscriber left off. Subscribers who look at the same thing share the reading, and those
 * who look at the same time the statement.
 */
export class BalanceStreamService {
  readonly #hub: LiveHub;
  readonly #news: BalanceNews;
  readonly #readings: GatheredReads<BalanceReading | null>;
  readonly #line = new ReadingLine(2 * CHANGES_AT_ONCE);
  /** The balances in which something is due, as it is reckoned. */
  readonly #dueBalances: GatheredReads<CreditBalance>;
  /** The entries of those who were away. */
  readonly #spans: GatheredReads<readonly CreditTransaction[]>;

  constructor({ ledger, changes, history, hub, news }: BalanceStreamNeeds) {
    this.#hub = hub;
    this.#news = news;
    this.#readings = new GatheredReads<BalanceReading | null>({
      read: async (keys) => {
        const seen = keys.map(seenOf);
        const found = await changes.changes(seen);
        const readings = seen.map((place, n) => this.#readingOf(place, found[n]));
        return new Map(keys.map((key, n) => [key, readings[n] ?? null]));
      },
      maxBatch: CHANGES_AT_ONCE,
      firstBatch: CHANGES_AT_FIRST,
    });
    this.#dueBalances = new GatheredReads({
      read: async (ids) =>
        new Map((await ledger.balances(ids)).map((balance) => [balance.accountId, balance])),
      maxBatch: BALANCES_AT_ONCE,
    });
    this.#spans = new GatheredReads({
      read: (keys) => readSpans(history, keys),
      maxBatch: SPANS_AT_ONCE,
    });
  }

  /**
   * The balance now, then every change in order, each entry exactly once. `after`: the last sequence that the subscriber
   * has; the first event then carries the entries since. Throws NotFound while reading when there is no such balance.
   */
  watchBalance(accountId: string, after: bigint | null): AsyncIterableIterator<CreditBalanceEvent> {
    const read = (seen: BalancePlace | null) =>
      this.#readings.read(`${accountId} ${seen?.sequence ?? ''} ${seen?.version ?? -1n}`);
    const known = (seen: BalancePlace) => {
      const event = this.#news.after(accountId, seen);
      return event === null ? null : readingOf(event);
    };
    const begin = after === null ? null : { sequence: after, version: -1n };
    const of = { hub: this.#hub, topic: 'balance', id: accountId };
    return new LiveStream({ ...of, read, known, line: this.#line }, begin);
  }

  /** One reading for all who saw the same before: what is made of its event is then shared as well. */
  #readingOf(seen: Seen, change: BalanceChange | undefined) {
    if (change === undefined) return Promise.reject(new NotFound('Account'));
    const { balance, isDue, entries } = change;
    if (balance.version <= seen.version) return null;
    const after = seen.sequence ?? balance.sequence;
    const isWhole = BigInt(entries.length) === balance.sequence - after;
    if (isWhole && !isDue) return readingOf({ balance, transactions: entries, lagged: false });
    return this.#readApart(after, isDue, balance);
  }

  async #readApart(after: bigint, isDue: boolean, stored: CreditBalance): Promise<BalanceReading> {
    const reckoned = isDue ? await this.#dueBalances.read(stored.accountId) : stored;
    const balance = reckoned ?? stored;
    const gap = balance.sequence - after;
    const lagged = gap < 0n || gap > LONGEST_GAP;
    if (lagged || gap === 0n) return readingOf({ balance, transactions: [], lagged });
    const key = `${balance.accountId} ${after} ${balance.sequence}`;
    const transactions = (await this.#spans.read(key)) ?? [];
    return readingOf({ balance, transactions, lagged });
  }
}

/** What somebody has of an account: up to which entry (null: none, and he wants none), and which version of the balance. */
interface Seen {
  readonly accountId: string;
  readonly sequence: bigint | null;
  readonly version: bigint;
}

function seenOf(key: string): Seen {
  const [accountId = '', sequence = '', version = ''] = key.split(' ');
  return {
    accountId,
    sequence: sequence === '' ? null : BigInt(sequence),
    version: BigInt(version),
  };
}

async function readSpans(
  history: LedgerHistoryStore,
  keys: readonly string[],
): Promise<ReadonlyMap<string, readonly CreditTransaction[]>> {
  const spans = keys.map((key) => {
    const [accountId = '', after = '', last = ''] = key.split(' ');
    return { accountId, after: BigInt(after), last: BigInt(last) };
  });
  const found = await history.entriesBetween(spans);
  return new Map(
    spans.map(({ accountId, after, last }, n) => {
      const entries = found[n] ?? [];
      invariant(
        BigInt(entries.length) === last - after,
        `the entries of account ${accountId} after ${after} up to ${last} have no gap`,
      );
      return [keys[n] ?? '', entries];
    }),
  );
}

function readingOf(event: CreditBalanceEvent): BalanceReading {
  const { sequence, version } = event.balance;
  return { event, place: { sequence, version } };
}
