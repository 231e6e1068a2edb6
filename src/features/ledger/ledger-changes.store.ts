import type { Clock } from '../../platform/clock.ts';
import type { Database } from '../../platform/database/database.ts';
import type { Statement } from '../../platform/database/statement.ts';
import type { CreditBalance, CreditTransaction, CreditTransactionType } from './ledger.model.ts';

/** More entries than this are read apart: one who was away is not to keep the others waiting. */
const ENTRIES_READ_ALONG = 16;

// All numbers of a row come as one text, which is read in a fraction of the time that so many columns take. JSON of all of it
// would cost PostgreSQL more than it spares Node.
const CHANGES: Statement = {
  name: 'credit_balances_changed',
  text: `select w.n::int, coalesce(b.next_due_at <= $3, false) as "isDue",
      array[b.sequence, b.version, b.total_micro, b.plan_micro, b.purchased_micro, b.held_micro, b.owed_micro,
        t.sequence, t.amount_micro, t.balance_after_micro, (extract(epoch from t.created_at) * 1000)::bigint]::text as numbers,
      t.type, t.usage_type as "usageType", t.description, t.metadata, t.idempotency_key as "idempotencyKey"
    from unnest($1::uuid[], $2::bigint[]) with ordinality as w (account, after, n)
    join credit_balance b on b.account_id = w.account
    left join lateral (
      select * from credit_transaction
      where account_id = w.account and sequence > w.after and sequence <= b.sequence
        and b.sequence - w.after <= ${ENTRIES_READ_ALONG}
    ) t on true`,
};

interface ChangeRow {
  readonly n: number;
  readonly isDue: boolean;
  /** `{1,2,…}`; of the balance, and then of the entry where there is one. */
  readonly numbers: string;
  /** Null: there is no entry. */
  readonly type: CreditTransactionType | null;
  readonly usageType: string | null;
  readonly description: string | null;
  readonly metadata: Readonly<Record<string, unknown>> | null;
  readonly idempotencyKey: string | null;
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
    const rows = await this.#database.query<ChangeRow>(CHANGES, [
      arrayOf(seen.map(({ accountId }) => accountId)),
      arrayOf(seen.map(({ sequence }) => sequence ?? 'null')),
      this.#clock.now(),
    ]);
    const found: (Change | undefined)[] = new Array(seen.length).fill(undefined);
    for (const row of rows) {
      const accountId = seen[row.n - 1]?.accountId ?? '';
      const numbers = row.numbers.slice(1, -1).split(',');
      const change = found[row.n - 1] ?? toChange(accountId, row.isDue, numbers);
      found[row.n - 1] = change;
      const { type } = row;
      if (type !== null) change.entries.push(toEntry(accountId, { ...row, type }, numbers));
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

function toChange(accountId: string, isDue: boolean, numbers: readonly string[]): Change {
  const balance = {
    accountId,
    sequence: BigInt(numbers[0] ?? 0),
    version: BigInt(numbers[1] ?? 0),
    totalMicro: BigInt(numbers[2] ?? 0),
    planMicro: BigInt(numbers[3] ?? 0),
    purchasedMicro: BigInt(numbers[4] ?? 0),
    heldMicro: BigInt(numbers[5] ?? 0),
    owedMicro: BigInt(numbers[6] ?? 0),
  };
  return { balance, isDue, entries: [] };
}

function toEntry(
  accountId: string,
  row: ChangeRow & { readonly type: CreditTransactionType },
  numbers: readonly string[],
): CreditTransaction {
  return {
    accountId,
    sequence: BigInt(numbers[7] ?? 0),
    type: row.type,
    usageType: row.usageType,
    amountMicro: BigInt(numbers[8] ?? 0),
    balanceAfterMicro: BigInt(numbers[9] ?? 0),
    description: row.description,
    metadata: row.metadata,
    idempotencyKey: row.idempotencyKey,
    createdAt: new Date(Number(numbers[10])),
  };
}

function bySequence(a: CreditTransaction, b: CreditTransaction): number {
  return Number(a.sequence - b.sequence);
}
