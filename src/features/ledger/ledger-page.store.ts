import { columnsOf } from '../../live/gathered-list.ts';
import { GatheredReads } from '../../live/gathered-reads.ts';
import type { Database } from '../../platform/database/database.ts';
import type { Statement } from '../../platform/database/statement.ts';
import type { Page, PageRequest } from '../../platform/paging.ts';
import { NUMBER_POSITION, pageOf, pageSize, readCursor } from '../../platform/paging.ts';
import {
  type CreditGrant,
  type CreditTransactionType,
  type ExplainedTransaction,
  TRANSACTION_CURSOR,
} from './ledger.model.ts';

/** How far entries are explained: not at all, by what they took from which grant, or with these grants themselves. */
export type Explanation = 'entries' | 'allocations' | 'grants';

// Pages of several accounts, each with its own beginning and size. A page comes as one text of JSON, which PostgreSQL writes
// and Node reads in a fraction of the time that so many rows of so many columns take. Amounts are texts in it: they are
// larger than the numbers of JSON.
const PAGES: Statement = {
  name: 'credit_transactions_explained',
  text: `
    select w.n::int, p.entries, g.grants
    from unnest($1::uuid[], $2::bigint[], $3::int[], $4::text[], $5::timestamptz[]) with ordinality
      as w (account, before, size, explanation, now, n)
    cross join lateral (
      select json_agg(json_build_array(sequence, type, usage_type, amount_micro::text, balance_after_micro::text, description,
          metadata, idempotency_key, created_at, case when w.explanation <> 'entries' then (
            select json_agg(json_build_array(a.grant_id, a.amount_micro::text) order by a.grant_id)
            from credit_allocation a where a.account_id = w.account and a.sequence = t.sequence) end)
          order by sequence desc) as entries,
        min(sequence) as first, max(sequence) as last
      from (
        select * from credit_transaction
        where account_id = w.account and sequence < coalesce(w.before, 9223372036854775807)
        order by sequence desc limit w.size
      ) t
    ) p
    left join lateral (
      select json_agg(json_build_array(id, source, status, amount_micro::text, (${remainingAt('w.now')})::text, held_micro::text,
        priority, effective_at, expires_at, cause_kind, cause_id, created_at)) as grants
      from credit_grant where w.explanation = 'grants' and id in (
        select grant_id from credit_allocation where account_id = w.account and sequence between p.first and p.last)
    ) g on true`,
};

type EntryAsJson = readonly [
  sequence: number,
  type: CreditTransactionType,
  usageType: string | null,
  amountMicro: string,
  balanceAfterMicro: string,
  description: string | null,
  metadata: Readonly<Record<string, unknown>> | null,
  idempotencyKey: string | null,
  createdAt: string,
  allocations: readonly (readonly [grantId: string, amountMicro: string])[] | null,
];
type GrantAsJson = readonly [
  id: string,
  source: CreditGrant['source'],
  status: CreditGrant['status'],
  amountMicro: string,
  remainingMicro: string,
  heldMicro: string,
  priority: number,
  effectiveAt: string,
  expiresAt: string | null,
  causeKind: string,
  causeId: string,
  createdAt: string,
];

interface PageRow {
  readonly n: number;
  /** Null: there are none. */
  readonly entries: readonly EntryAsJson[] | null;
  readonly grants: readonly GrantAsJson[] | null;
}

const MOST_AT_ONCE = 100;

/** Pages of accounts' entries, explained as far as somebody wants to know. Those who ask at the same time share one statement. */
export class LedgerPageStore {
  readonly #pages: GatheredReads<PageRow>;

  constructor(database: Database) {
    this.#pages = new GatheredReads<PageRow>({
      read: async (places) => {
        const rows = await database.query<PageRow>(PAGES, columnsOf(places));
        return new Map(rows.map((row) => [places[row.n - 1] ?? '', row]));
      },
      maxBatch: MOST_AT_ONCE,
    });
  }

  /** A page of an account's entries, newest first. Throws InvalidInput. */
  async page(
    accountId: string,
    request: PageRequest,
    explanation: Explanation,
    now: Date,
  ): Promise<Page<ExplainedTransaction>> {
    const size = pageSize(request);
    const before = readCursor(TRANSACTION_CURSOR, request, NUMBER_POSITION);
    const at = explanation === 'grants' ? now : null;
    const place = JSON.stringify([accountId, before, size + 1, explanation, at]);
    const row = await this.#pages.read(place);
    const grants = new Map(row?.grants?.map((grant) => [grant[0], toGrant(accountId, grant)]));
    const entries = row?.entries?.map((entry) => toEntry(accountId, entry, grants)) ?? [];
    return pageOf(entries, size, before === null);
  }
}

function toEntry(
  accountId: string,
  entry: EntryAsJson,
  grants: ReadonlyMap<string, CreditGrant>,
): ExplainedTransaction {
  const sequence = BigInt(entry[0]);
  return {
    accountId,
    sequence,
    type: entry[1],
    usageType: entry[2],
    amountMicro: BigInt(entry[3]),
    balanceAfterMicro: BigInt(entry[4]),
    description: entry[5],
    metadata: entry[6],
    idempotencyKey: entry[7],
    createdAt: new Date(entry[8]),
    allocations: entry[9]?.map(([grantId, amountMicro]) => ({
      accountId,
      sequence,
      grantId,
      amountMicro: BigInt(amountMicro),
      grant: grants.get(grantId),
    })),
  };
}

function toGrant(accountId: string, grant: GrantAsJson): CreditGrant {
  return {
    id: grant[0],
    accountId,
    source: grant[1],
    status: grant[2],
    amountMicro: BigInt(grant[3]),
    remainingMicro: BigInt(grant[4]),
    heldMicro: BigInt(grant[5]),
    priority: grant[6],
    effectiveAt: new Date(grant[7]),
    expiresAt: grant[8] === null ? null : new Date(grant[8]),
    causeKind: grant[9],
    causeId: grant[10],
    createdAt: new Date(grant[11]),
  };
}
