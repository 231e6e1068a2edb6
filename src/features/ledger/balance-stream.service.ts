import { GatheredReads } from '../../live/gathered-reads.ts';
import type { LiveHub } from '../../live/hub.ts';
import { LiveStream } from '../../live/live-stream.ts';
import { invariant } from '../../platform/assert.ts';
import { NotFound } from '../../platform/errors.ts';
import type { BalanceNews, BalancePlace } from './balance-news.service.ts';
import type { CreditBalance, CreditBalanceEvent, CreditTransaction } from './ledger.model.ts';
import type { LedgerService } from './ledger.service.ts';
import type { LedgerHistoryStore } from './ledger-history.store.ts';

/** A subscriber that is further behind than this is not told every entry any more. */
const LONGEST_GAP = 1_000n;
const BALANCES_AT_ONCE = 1_000;
/** Each has as many entries as the longest gap at most. */
const SPANS_AT_ONCE = 100;

interface BalanceStreamNeeds {
  readonly ledger: LedgerService;
  readonly history: LedgerHistoryStore;
  readonly hub: LiveHub;
  readonly news: BalanceNews;
}

/** Live balances that resume where a subscriber left off. Subscribers who look at the same thing share the reading. */
export class BalanceStreamService {
  readonly #hub: LiveHub;
  readonly #news: BalanceNews;
  readonly #balances: GatheredReads<CreditBalance>;
  readonly #spans: GatheredReads<readonly CreditTransaction[]>;
  readonly #events = new WeakMap<CreditBalance, Map<bigint, Promise<CreditBalanceEvent>>>();

  constructor({ ledger, history, hub, news }: BalanceStreamNeeds) {
    this.#hub = hub;
    this.#news = news;
    this.#balances = new GatheredReads({
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
    const read = async (seen: BalancePlace | null) => {
      const balance = await this.#balances.read(accountId);
      if (balance === undefined) throw new NotFound('Account');
      if (seen !== null && balance.version <= seen.version) return null;
      const event = await this.#eventSince(seen?.sequence ?? balance.sequence, balance);
      return { event, place: placeOf(event) };
    };
    const known = (seen: BalancePlace) => {
      const event = this.#news.after(accountId, seen);
      return event === null ? null : { event, place: placeOf(event) };
    };
    const begin = after === null ? null : { sequence: after, version: -1n };
    return new LiveStream({ hub: this.#hub, topic: 'balance', id: accountId, read, known }, begin);
  }

  /** One event for all who saw the same before: what is made of it is then shared as well. */
  #eventSince(sequence: bigint, balance: CreditBalance): Promise<CreditBalanceEvent> {
    const events = this.#events.get(balance) ?? new Map<bigint, Promise<CreditBalanceEvent>>();
    this.#events.set(balance, events);
    const event = events.get(sequence) ?? this.#readEvent(sequence, balance);
    events.set(sequence, event);
    return event;
  }

  async #readEvent(sequence: bigint, balance: CreditBalance): Promise<CreditBalanceEvent> {
    const gap = balance.sequence - sequence;
    if (gap < 0n || gap > LONGEST_GAP) return { balance, transactions: [], lagged: true };
    if (gap === 0n) return { balance, transactions: [], lagged: false };
    const key = `${balance.accountId} ${sequence} ${balance.sequence}`;
    return { balance, transactions: (await this.#spans.read(key)) ?? [], lagged: false };
  }
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

function placeOf({ balance: { sequence, version } }: CreditBalanceEvent): BalancePlace {
  return { sequence, version };
}
