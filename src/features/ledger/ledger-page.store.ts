import { columnsOf } from '../../live/gathered-list.ts';
import { GatheredReads } from '../../live/gathered-reads.ts';
import { invariant } from '../../platform/assert.ts';
import type { Clock } from '../../platform/clock.ts';
import type { Database } from '../../platform/database/database.ts';
import type { Statement } from '../../platform/database/statement.ts';
import type { Page, PageRequest } from '../../platform/paging.ts';
import { NUMBER_POSITION, pageOf, pageSize, readCursor } from '../../platform/paging.ts';
import type { AccountPart, AccountParts } from '../account/account-parts.model.ts';
import { readAlong } from '../account/account-parts.policy.ts';
import {
  type CreditGrant,
  type CreditTransactionType,
  type ExplainedTransaction,
  type Explanation,
  TRANSACTION_CURSOR,
} from './ledger.model.ts';
import { explanationFor } from './ledger.policy.ts';
import { LEDGER_STAMP } from './ledger.store.ts';
import { remainingAt } from './ledger-history.store.ts';

// Pages of several accounts, each with its own beginning and size. A page comes as one text of JSON, column by column, which
// PostgreSQL writes and Node reads in a fraction of the time that so many rows take. Amounts are texts in it: they are larger
// than the numbers of JSON. What the entries took is read by one walk for the whole page, not by one for each entry.
const page = (of: Record<'account' | 'before' | 'size' | 'explanation' | 'now', string>) => `
  select json_build_array(p.entries, (
    select json_build_array(json_agg(sequence), json_agg(grant_id), json_agg(amount_micro::text))
    from (
      select * from credit_allocation
      where ${of.explanation} <> 'entries' and account_id = ${of.account} and sequence between p.first and p.last
      order by sequence, grant_id
    ) a
  ), (
    select json_agg(json_build_array(id, source, status, amount_micro::text, (${remainingAt(of.now)})::text, held_micro::text,
      priority, effective_at, expires_at, cause_kind, cause_id, created_at))
    from credit_grant where ${of.explanation} = 'grants' and id in (
      select grant_id from credit_allocation where account_id = ${of.account} and sequence between p.first and p.last)
  ))
  from (
    select json_build_array(json_agg(sequence), json_agg(type), json_agg(usage_type), json_agg(amount_micro::text),
        json_agg(balance_after_micro::text), json_agg(description), json_agg(metadata), json_agg(idempotency_key),
        json_agg(created_at)) as entries,
      min(sequence) as first, max(sequence) as last
    from (
      select * from credit_transaction
      where account_id = ${of.account} and sequence < coalesce(${of.before}, 9223372036854775807)
      order by sequence desc limit ${of.size}
    ) t
  ) p`;
const PAGES: Statement = {
  name: 'credit_transactions_explained',
  text: `
    select w.n::int, (${page({ account: 'w.account', before: 'w.before', size: 'w.size', explanation: 'w.explanation', now: '$5' })}) as page
    from unnest($1::uuid[], $2::bigint[], $3::int[], $4::text[]) with ordinality as w (account, before, size, explanation, n)`,
};

/** One column after the other; each is null where there are no rows. */
type EntriesAsJson = readonly [
  sequence: readonly number[] | null,
  type: readonly CreditTransactionType[],
  usageType: readonly (string | null)[],
  amountMicro: readonly string[],
  balanceAfterMicro: readonly string[],
  description: readonly (string | null)[],
  metadata: readonly (Readonly<Record<string, unknown>> | null)[],
  idempotencyKey: readonly (string | null)[],
  createdAt: readonly string[],
];
type AllocationsAsJson = readonly [
  sequence: readonly number[] | null,
  grantId: readonly string[],
  amountMicro: readonly string[],
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

type PageAsJson = readonly [
  entries: EntriesAsJson,
  allocations: AllocationsAsJson,
  /** Null: there are none. */
  grants: readonly GrantAsJson[] | null,
];

/** Which page: after which sequence it begins (empty: with the last entry), how many rows, and how far they are explained. */
type Place = readonly [before: string | null, size: number, explanation: Explanation];

const MOST_AT_ONCE = 100;

/** The page of the last entries, to be read along with its account. */
export const ENTRIES_PART: AccountPart<readonly ExplainedTransaction[]> = {
  name: 'entries',
  fields: ['creditTransactions'],
  argumentOf: (field) => {
    if (field.args.types) return null;
    try {
      return JSON.stringify(placeOf(field.args, explanationFor(field)));
    } catch {
      return null;
    }
  },
  sql: (argument) =>
    page({
      account: 'w.account',
      before: `(${argument}::json->>0)::bigint`,
      size: `(${argument}::json->>1)::int`,
      explanation: `(${argument}::json->>2)`,
      now: 'w.now',
    }),
  stamp: () => LEDGER_STAMP,
  valueOf: (json, accountId, argument) => {
    const [, , explanation] = JSON.parse(argument) as Place;
    return toEntries(json as PageAsJson, accountId, explanation);
  },
};

/** Pages of accounts' entries, explained as far as somebody wants to know. Those who ask at the same time share one statement. */
export class LedgerPageStore {
  readonly #pages: GatheredReads<PageAsJson>;

  constructor(database: Database, clock: Clock) {
    this.#pages = new GatheredReads<PageAsJson>({
      read: async (places) => {
        const values = [...columnsOf(places), clock.now()];
        const rows = await database.query<{ n: number; page: PageAsJson }>(PAGES, values);
        return new Map(rows.map((row) => [places[row.n - 1] ?? '', row.page]));
      },
      maxBatch: MOST_AT_ONCE,
    });
  }

  /** A page of an account's entries, newest first. `read`: what was read along with the account. Throws InvalidInput. */
  async page(
    accountId: string,
    request: PageRequest,
    explanation: Explanation,
    read?: AccountParts,
  ): Promise<Page<ExplainedTransaction>> {
    const place = placeOf(request, explanation);
    const along = readAlong(read, ENTRIES_PART, JSON.stringify(place));
    const entries = along?.value ?? (await this.#read(accountId, place));
    return pageOf(entries, pageSize(request), place[0] === null);
  }

  async #read(accountId: string, place: Place): Promise<readonly ExplainedTransaction[]> {
    const found = await this.#pages.read(JSON.stringify([accountId, ...place]));
    invariant(found !== undefined, 'a page that was asked for is answered');
    return toEntries(found, accountId, place[2]);
  }
}

/** Throws InvalidInput. */
function placeOf(request: PageRequest, explanation: Explanation): Place {
  const before = readCursor(TRANSACTION_CURSOR, request, NUMBER_POSITION);
  return [before, pageSize(request) + 1, explanation];
}

function toEntries(
  [entries, allocations, grants]: PageAsJson,
  accountId: string,
  explanation: Explanation,
): ExplainedTransaction[] {
  const known = new Map(grants?.map((grant) => [grant[0], toGrant(accountId, grant)]));
  const touched = Map.groupBy((allocations[0] ?? []).keys(), (n) => allocations[0]?.[n]);
  const [sequences, types, usageTypes, amounts, balances, descriptions, metadata, keys, instants] =
    entries;
  return (sequences ?? []).map((sequence, n) => {
    const ownSequence = BigInt(sequence);
    const parts = explanation === 'entries' ? undefined : (touched.get(sequence) ?? []);
    return {
      accountId,
      sequence: ownSequence,
      type: types[n] as CreditTransactionType,
      usageType: usageTypes[n] ?? null,
      amountMicro: BigInt(amounts[n] as string),
      balanceAfterMicro: BigInt(balances[n] as string),
      description: descriptions[n] ?? null,
      metadata: metadata[n] ?? null,
      idempotencyKey: keys[n] ?? null,
      createdAt: new Date(instants[n] as string),
      allocations: parts?.map((part) => {
        const grantId = allocations[1][part] as string;
        const amountMicro = BigInt(allocations[2][part] as string);
        return {
          accountId,
          sequence: ownSequence,
          grantId,
          amountMicro,
          grant: known.get(grantId),
        };
      }),
    };
  });
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
