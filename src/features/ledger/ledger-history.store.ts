import { GatheredList } from '../../live/gathered-list.ts';
import type { Database } from '../../platform/database/database.ts';
import type { Statement } from '../../platform/database/statement.ts';
import {
  LAST_ID,
  NUMBER_POSITION,
  type Page,
  type PageRequest,
  pageOf,
  pageSize,
  readCursor,
  UUID_POSITION,
} from '../../platform/paging.ts';
import {
  CREDIT_TRANSACTION_TYPES,
  type CreditAllocation,
  type CreditGrant,
  type CreditTransaction,
  type CreditTransactionType,
  EVERY_TRANSACTION_CURSOR,
  GRANT_CURSOR,
  TRANSACTION_CURSOR,
} from './ledger.model.ts';

/** Milliseconds since 1970, the account, the sequence. */
const EVERY_POSITION = /^\d{1,15}\/[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}\/\d{1,18}$/;

const TRANSACTION_COLUMNS = `account_id as "accountId", sequence, type, usage_type as "usageType",
  amount_micro as "amountMicro", balance_after_micro as "balanceAfterMicro", description, metadata,
  idempotency_key as "idempotencyKey", created_at as "createdAt"`;

// What has not started yet is all still there; what is due to start or to expire is taken as if it had.
export const remainingAt = (now: string) =>
  `case when status <> 'CLOSED' and expires_at <= ${now} then held_micro when status = 'PENDING' then amount_micro
    else remaining_micro end`;
const grantColumns = (
  now: string,
) => `id, account_id as "accountId", source, status, amount_micro as "amountMicro",
  ${remainingAt(now)} as "remainingMicro", held_micro as "heldMicro", priority, effective_at as "effectiveAt",
  expires_at as "expiresAt", cause_kind as "causeKind", cause_id as "causeId", created_at as "createdAt"`;

const TRANSACTIONS: Statement = {
  name: 'credit_transactions_page',
  text: `select w.n::int, t.* from unnest($1::uuid[], $2::bigint[], $3::int[]) with ordinality as w (account, before, size, n)
    cross join lateral (
      select ${TRANSACTION_COLUMNS} from credit_transaction
      where account_id = w.account and sequence < coalesce(w.before, 9223372036854775807)
      order by sequence desc limit w.size
    ) t order by w.n, t.sequence desc`,
};
// The newest of each wanted type, from a run of its own in the index `credit_transaction_of_type`. Spends are not in it: they
// are nearly all there is, and are met by going back through all.
const TRANSACTIONS_OF_TYPES: Statement = {
  name: 'credit_transactions_page_of_types',
  text: `select w.n::int, t.*
    from unnest($1::uuid[], $2::bigint[], $3::int[], $4::text[]) with ordinality as w (account, before, size, types, n)
    cross join lateral (
      select * from (
        select found.* from unnest(string_to_array(w.types, ',')) as wanted (type) cross join lateral (
          select ${TRANSACTION_COLUMNS} from credit_transaction e
          where account_id = w.account and e.type <> 'SPEND' and e.type = wanted.type
            and sequence < coalesce(w.before, 9223372036854775807)
          order by sequence desc limit w.size) as found
        union all (
          select ${TRANSACTION_COLUMNS} from credit_transaction
          where 'SPEND' = any (string_to_array(w.types, ',')) and account_id = w.account and type = 'SPEND'
            and sequence < coalesce(w.before, 9223372036854775807)
          order by sequence desc limit w.size)
      ) as either order by sequence desc limit w.size
    ) t order by w.n, t.sequence desc`,
};
// Each type is a run of its own in the index `credit_transaction_all`, read from its end: a page costs a few rows of each
// wanted type, however many entries there are and however rare the type is.
const EVERY_TRANSACTION: Statement = {
  name: 'credit_transactions_all_page',
  text: `select found.* from unnest($1::text[]) as wanted (type) cross join lateral (
      select ${TRANSACTION_COLUMNS} from credit_transaction t
      where t.type = wanted.type and ($2::timestamptz is null or (created_at, account_id, sequence) < ($2, $3::uuid, $4::bigint))
      order by created_at desc, account_id desc, sequence desc limit $5
    ) as found
    order by found."createdAt" desc, found."accountId" desc, found.sequence desc limit $5`,
};
// Sequences have no gap, so that an account has as many entries as its balance says.
const EVERY_COUNT: Statement = {
  name: 'credit_transactions_all_count',
  text: 'select coalesce(sum(sequence), 0)::bigint as count from credit_balance',
};
const TYPES_COUNT: Statement = {
  name: 'credit_transactions_types_count',
  text: 'select count(*) as count from credit_transaction where type = any ($1)',
};
const TRANSACTION_COUNT: Statement = {
  name: 'credit_transactions_count',
  text: `select w.n::int, b.sequence as count
    from unnest($1::uuid[]) with ordinality as w (account, n) join credit_balance b on b.account_id = w.account`,
};
// Only what is no spend is counted: the spends are what the sequence leaves.
const TRANSACTION_COUNT_OF_TYPES: Statement = {
  name: 'credit_transactions_count_of_types',
  text: `select w.n::int, case when 'SPEND' = any (string_to_array(w.types, ',')) then b.sequence - (
        select count(*) from credit_transaction
        where account_id = w.account and type <> 'SPEND' and type <> all (string_to_array(w.types, ',')))
      else (
        select count(*) from credit_transaction
        where account_id = w.account and type <> 'SPEND' and type = any (string_to_array(w.types, ',')))
      end as count
    from unnest($1::uuid[], $2::text[]) with ordinality as w (account, types, n)
    join credit_balance b on b.account_id = w.account`,
};
const TRANSACTION_AT: Statement = {
  name: 'credit_transaction_at',
  text: `select ${TRANSACTION_COLUMNS} from credit_transaction where account_id = $1 and sequence = $2`,
};
const SPANS: Statement = {
  name: 'credit_transactions_spans',
  text: `select w.n, t.* from unnest($1::uuid[], $2::bigint[], $3::bigint[]) with ordinality as w (account, after, last, n)
    cross join lateral (
      select ${TRANSACTION_COLUMNS} from credit_transaction
      where account_id = w.account and sequence > w.after and sequence <= w.last
      order by sequence limit w.last - w.after
    ) t order by w.n, t.sequence`,
};
// Holds that expired have given back, whether or not they were swept yet.
const spendableAt = (now: string) => `(
  status <> 'CLOSED' and effective_at <= ${now} and (expires_at > ${now}) is not false
  and (status = 'PENDING' or remaining_micro > held_micro or remaining_micro > held_micro - (
    select sum(t.amount_micro) from credit_hold h
    join credit_hold_allocation t on t.account_id = h.account_id and t.hold_id = h.id and t.grant_id = credit_grant.id
    where h.account_id = credit_grant.account_id and h.status = 'OPEN' and h.expires_at <= ${now})))`;

const GRANTS: Statement = {
  name: 'credit_grants_page',
  text: `select w.n::int, g.*
    from unnest($1::uuid[], $2::uuid[], $3::int[], $4::timestamptz[], $5::boolean[]) with ordinality
      as w (account, before, size, now, spendable_only, n)
    cross join lateral (
      select ${grantColumns('w.now')} from credit_grant
      where account_id = w.account and id < coalesce(w.before, '${LAST_ID}'::uuid)
        and (not w.spendable_only or ${spendableAt('w.now')})
      order by id desc limit w.size
    ) g order by w.n, g.id desc`,
};
const GRANT_COUNT: Statement = {
  name: 'credit_grants_count',
  text: `select w.n::int, (select count(*) from credit_grant
      where account_id = w.account and (not w.spendable_only or ${spendableAt('w.now')})) as count
    from unnest($1::uuid[], $2::timestamptz[], $3::boolean[]) with ordinality as w (account, now, spendable_only, n)`,
};
const GRANTS_BY_ID: Statement = {
  name: 'credit_grants_by_id',
  text: `select ${grantColumns('$2')} from credit_grant where id = any ($1)`,
};
const ALLOCATIONS: Statement = {
  name: 'credit_allocations',
  text: `select a.account_id as "accountId", a.sequence, a.grant_id as "grantId", a.amount_micro as "amountMicro"
    from unnest($1::uuid[], $2::bigint[]) as entry (account_id, sequence)
    join credit_allocation a on a.account_id = entry.account_id and a.sequence = entry.sequence
    order by a.account_id, a.sequence, a.grant_id`,
};

/** Entries of one account: after which sequence, and up to which. */
interface Span {
  readonly accountId: string;
  readonly after: bigint;
  readonly last: bigint;
}

/** What the ledger can tell of the past: entries, the grants they touched, pages of both. */
export class LedgerHistoryStore {
  readonly #database: Database;
  readonly #transactions: GatheredList<CreditTransaction>;
  readonly #transactionsOfTypes: GatheredList<CreditTransaction>;
  readonly #grants: GatheredList<CreditGrant>;

  constructor(database: Database) {
    this.#database = database;
    const entries = { database, cursorKind: TRANSACTION_CURSOR, position: NUMBER_POSITION };
    this.#transactions = new GatheredList({
      ...entries,
      page: TRANSACTIONS,
      count: TRANSACTION_COUNT,
    });
    this.#transactionsOfTypes = new GatheredList({
      ...entries,
      page: TRANSACTIONS_OF_TYPES,
      count: TRANSACTION_COUNT_OF_TYPES,
    });
    this.#grants = new GatheredList({
      database,
      page: GRANTS,
      count: GRANT_COUNT,
      cursorKind: GRANT_CURSOR,
      position: UUID_POSITION,
    });
  }

  transactions(
    accountId: string,
    types: readonly CreditTransactionType[] | null,
    request: PageRequest,
  ): Promise<Page<CreditTransaction>> {
    if (types === null) return this.#transactions.page(accountId, request);
    return this.#transactionsOfTypes.page(accountId, request, wantedOf(types));
  }

  transactionCount(
    accountId: string,
    types: readonly CreditTransactionType[] | null,
  ): Promise<bigint> {
    if (types === null) return this.#transactions.count(accountId);
    return this.#transactionsOfTypes.count(accountId, wantedOf(types));
  }

  /** A page of all accounts' entries, newest first. Throws InvalidInput. */
  async everyTransaction(
    types: readonly CreditTransactionType[] | null,
    request: PageRequest,
  ): Promise<Page<CreditTransaction>> {
    const size = pageSize(request);
    const before = readCursor(EVERY_TRANSACTION_CURSOR, request, EVERY_POSITION);
    const [at, accountId, sequence] = before?.split('/') ?? [];
    const rows = await this.#database.query<CreditTransaction>(EVERY_TRANSACTION, [
      types === null ? CREDIT_TRANSACTION_TYPES : [...new Set(types)],
      at === undefined ? null : new Date(Number(at)),
      accountId ?? null,
      sequence ?? null,
      size + 1,
    ]);
    return pageOf(rows, size, before === null);
  }

  everyTransactionCount(types: readonly CreditTransactionType[] | null): Promise<bigint> {
    return types === null ? this.#count(EVERY_COUNT, []) : this.#count(TYPES_COUNT, [types]);
  }

  async transactionAt(accountId: string, sequence: bigint): Promise<CreditTransaction | null> {
    const [row] = await this.#database.query<CreditTransaction>(TRANSACTION_AT, [
      accountId,
      sequence,
    ]);
    return row ?? null;
  }

  /** Of each account the entries after one and up to another, in order. */
  async entriesBetween(spans: readonly Span[]): Promise<readonly CreditTransaction[][]> {
    const rows = await this.#database.query<CreditTransaction & { n: bigint }>(SPANS, [
      spans.map(({ accountId }) => accountId),
      spans.map(({ after }) => after),
      spans.map(({ last }) => last),
    ]);
    const found = Map.groupBy(rows, ({ n }) => Number(n) - 1);
    return spans.map((_, n) => found.get(n) ?? []);
  }

  grants(
    accountId: string,
    spendableOnly: boolean,
    request: PageRequest,
    now: Date,
  ): Promise<Page<CreditGrant>> {
    return this.#grants.page(accountId, request, now.toISOString(), `${spendableOnly}`);
  }

  grantCount(accountId: string, spendableOnly: boolean, now: Date): Promise<bigint> {
    return this.#grants.count(accountId, now.toISOString(), `${spendableOnly}`);
  }

  grantsById(ids: readonly string[], now: Date): Promise<CreditGrant[]> {
    return this.#database.query<CreditGrant>(GRANTS_BY_ID, [[...ids], now]);
  }

  allocations(
    entries: readonly { accountId: string; sequence: bigint }[],
  ): Promise<CreditAllocation[]> {
    const accountIds = entries.map((entry) => entry.accountId);
    const sequences = entries.map((entry) => entry.sequence.toString());
    return this.#database.query<CreditAllocation>(ALLOCATIONS, [accountIds, sequences]);
  }

  async #count(statement: Statement, values: readonly unknown[]): Promise<bigint> {
    const [row] = await this.#database.query<{ count: bigint }>(statement, values);
    return row?.count ?? 0n;
  }
}

/** Each once: a type that is asked for twice has its entries once. */
function wantedOf(types: readonly CreditTransactionType[]): string {
  return [...new Set(types)].sort().join();
}
