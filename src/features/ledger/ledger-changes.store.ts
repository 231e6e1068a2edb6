import type { Clock } from '../../platform/clock.ts';
import type { Database } from '../../platform/database/database.ts';
import type { Statement } from '../../platform/database/statement.ts';
import type { CreditBalance, CreditTransaction, CreditTransactionType } from './ledger.model.ts';

/** More entries than this are read apart: one who was away is not to keep the others waiting. */
const ENTRIES_READ_ALONG = 16;

// Everything comes in one row: the numbers of all as one text, line by line, and of what else entries say a column of JSON
// each, which is read in a fraction of the time that so many rows and columns take. Where there is no entry, its numbers are
// missing, and its place in the columns is null.
const CHANGES: Statement = {
  name: 'credit_balances_changed',
  text: `select string_agg(concat_ws(',', w.n, coalesce(b.next_due_at <= $3, false)::int, b.sequence, b.version, b.total_micro,
        b.plan_micro, b.purchased_micro, b.held_micro, b.owed_micro,
        t.sequence, t.amount_micro, t.balance_after_micro, (extract(epoch from t.created_at) * 1000)::bigint), E'\\n') as numbers,
      json_agg(t.type) as types, json_agg(t.usage_type) as "usageTypes", json_agg(t.description) as descriptions,
      json_agg(t.metadata) as metadata, json_agg(t.idempotency_key) as "idempotencyKeys"
    from unnest($1::uuid[], $2::bigint[]) with ordinality as w (account, after, n)
    join credit_balance b on b.account_id = w.account
    left join lateral (
      select * from credit_transaction
      where account_id = w.account and sequence > w.after and sequence <= b.sequence
        and b.sequence - w.after <= ${ENTRIES_READ_ALONG}
    ) t on true`,
};

/** Of each balance a line for every entry, or one without an entry; all null when there is no balance. */
interface ChangeRows {
  readonly numbers: string | null;
  readonly types: readonly (CreditTransactionType | null)[];
  readonly usageTypes: readonly (string | null)[];
  readonly descriptions: readonly (string | null)[];
  readonly metadata: readonly (Readonly<Record<string, unknown>> | null)[];
  readonly idempotencyKeys: readonly (string | null)[];
}

/** An account, and the last of its entries that somebody has; null: he has none, and wants none. */
interface Seen {
  readonly accountId: string;
  readonly sequence: bigint | null;
}

/** What became of a balance since somebody saw it. */
export interface BalanceChange {
  readonly balance: CreditBalance;
  /** Whether something has to be reckoned in that is not written down yet. */
  readonly isDue: boolean;
  /** The entries since, in order; none when they were more than are read along. */
  readonly entries: readonly CreditTransaction[];
}

/** What is new of many balances at once, by one statement. */
export class LedgerChangesStore {
  readonly #database: Database;
  readonly #clock: Clock;

  constructor(database: Database, clock: Clock) {
    this.#database = database;
    this.#clock = clock;
  }

  /** In the order of what was seen; undefined: there is no such balance. */
  async changes(seen: readonly Seen[]): Promise<readonly (BalanceChange | undefined)[]> {
    const [rows] = await this.#database.query<ChangeRows>(CHANGES, [
      arrayOf(seen.map(({ accountId }) => accountId)),
      arrayOf(seen.map(({ sequence }) => sequence ?? 'null')),
      this.#clock.now(),
    ]);
    const found: (Change | undefined)[] = new Array(seen.length).fill(undefined);
    if (!rows?.numbers) return found;
    for (const [line, text] of rows.numbers.split('\n').entries()) {
      const numbers = text.split(',');
      const place = Number(numbers[0]) - 1;
      const accountId = seen[place]?.accountId ?? '';
      const change = found[place] ?? toChange(accountId, numbers);
      found[place] = change;
      const entry = toEntry(accountId, numbers, rows, line);
      if (entry !== null) change.entries.push(entry);
    }
    for (const change of found)
      if (change !== undefined && change.entries.length > 1) change.entries.sort(bySequence);
    return found;
  }
}

/** As PostgreSQL reads it; made from an array, each of its items would be quoted. */
function arrayOf(items: readonly (string | bigint)[]): string {
  return `{${items.join()}}`;
}

interface Change extends BalanceChange {
  readonly entries: CreditTransaction[];
}

function toChange(accountId: string, numbers: readonly string[]): Change {
  const balance = {
    accountId,
    sequence: BigInt(numbers[2] ?? 0),
    version: BigInt(numbers[3] ?? 0),
    totalMicro: BigInt(numbers[4] ?? 0),
    planMicro: BigInt(numbers[5] ?? 0),
    purchasedMicro: BigInt(numbers[6] ?? 0),
    heldMicro: BigInt(numbers[7] ?? 0),
    owedMicro: BigInt(numbers[8] ?? 0),
  };
  return { balance, isDue: numbers[1] === '1', entries: [] };
}

/** Null: this line has none. */
function toEntry(
  accountId: string,
  numbers: readonly string[],
  rows: ChangeRows,
  line: number,
): CreditTransaction | null {
  const type = rows.types[line] ?? null;
  if (type === null) return null;
  return {
    accountId,
    sequence: BigInt(numbers[9] ?? 0),
    type,
    usageType: rows.usageTypes[line] ?? null,
    amountMicro: BigInt(numbers[10] ?? 0),
    balanceAfterMicro: BigInt(numbers[11] ?? 0),
    description: rows.descriptions[line] ?? null,
    metadata: rows.metadata[line] ?? null,
    idempotencyKey: rows.idempotencyKeys[line] ?? null,
    createdAt: new Date(Number(numbers[12])),
  };
}

function bySequence(a: CreditTransaction, b: CreditTransaction): number {
  return Number(a.sequence - b.sequence);
}
