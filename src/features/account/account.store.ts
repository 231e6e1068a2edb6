import type { InferEntity } from '@mikro-orm/postgresql';
import { GatheredReads } from '../../live/gathered-reads.ts';
import type { Database } from '../../platform/database/database.ts';
import type { Statement } from '../../platform/database/statement.ts';
import type { Transaction } from '../../platform/database/transaction.ts';
import {
  LAST_ID,
  type Page,
  type PageRequest,
  pageOf,
  pageSize,
  readCursor,
  UUID_POSITION,
} from '../../platform/paging.ts';
import { AccountSchema } from './account.entity.ts';
import {
  ACCOUNT_CURSOR,
  type Account,
  type AccountChange,
  type AccountFilter,
  type AccountStatus,
  type Standing,
} from './account.model.ts';

type Row = InferEntity<typeof AccountSchema>;

const LARGEST_BATCH = 1_000;

export const ACCOUNT_COLUMNS = `id, external_id as "externalId", name, email, time_zone as "timeZone", currency, status,
  status_since as "statusSince", status_ends_at as "statusEndsAt", blocked_at as "blockedAt", created_at as "createdAt",
  updated_at as "updatedAt"`;
const ACCOUNTS: Statement = {
  name: 'accounts',
  text: `select ${ACCOUNT_COLUMNS} from account where id = any ($1)`,
};
const LOCK: Statement = {
  name: 'account_lock',
  text: `select ${ACCOUNT_COLUMNS} from account where id = $1 for no key update`,
};
const HOLD: Statement = {
  name: 'account_hold',
  text: 'select 1 from account where id = any ($1) order by id for no key update',
};
const NEXT_STATUS_END: Statement = {
  name: 'account_next_status_end',
  text: `select min(status_ends_at) as at from account where status in ('TRIAL', 'READONLY') and status_ends_at > $1`,
};

// As `standingAt` says: what time has ended is not what is stored, also before a job has written that down.
const IS_OVER = `status in ('TRIAL', 'READONLY') and status_ends_at <= $2`;
const NEXT = `case when status = 'TRIAL' and (blocked_at <= $2) is not true then 'READONLY' else 'DELETED' end`;
const STATUS_NOW = `case when ${IS_OVER} then ${NEXT} else status end`;

// Each status is a run of its own in the index `account_page`, and those that are over are few. The run is asked for as a
// range: for an equal status the planner would rather walk through all ids, and past every other status.
const IDS: Statement = {
  name: 'account_page',
  text: `
    select found.id from unnest($1::text[]) as wanted (status) cross join lateral (
      (select id from account
        where (account.status, id) < (wanted.status, coalesce($3, '${LAST_ID}'::uuid)) and account.status >= wanted.status
          and not (${IS_OVER})
        order by account.status desc, id desc limit $4)
      union all
      (select id from account
        where ${IS_OVER} and ${NEXT} = wanted.status and id < coalesce($3, '${LAST_ID}'::uuid)
        order by id desc limit $4)
    ) as found
    order by found.id desc limit $4`,
};
const COUNT: Statement = {
  name: 'account_count',
  text: `select count(*) as count from account where ${STATUS_NOW} = any ($1)`,
};

// Reads accounts until the page is full: for a word that is nowhere, all of them (about two seconds per million).
const MATCHING = `${STATUS_NOW} = any ($1)
  and strpos(lower(concat_ws(chr(10), name, external_id, email)), $3) > 0`;
const SEARCH: Statement = {
  name: 'account_search',
  text: `select id from account where ($4::uuid is null or id < $4) and ${MATCHING} order by id desc limit $5`,
};
const SEARCH_COUNT: Statement = {
  name: 'account_search_count',
  text: `select count(*) as count from account where ${MATCHING}`,
};
const STATUSES: readonly AccountStatus[] = [
  'TRIAL',
  'PROMO',
  'ACTIVE',
  'READONLY',
  'SUSPENDED',
  'DELETED',
];

/** Every query on the table of accounts. */
export class AccountStore {
  readonly #database: Database;
  readonly #reads: GatheredReads<Account>;
  readonly #held = new WeakMap<Transaction, Set<string>>();

  constructor(database: Database) {
    this.#database = database;
    this.#reads = new GatheredReads({
      read: async (ids) => new Map((await this.byIds(ids)).map((account) => [account.id, account])),
      maxBatch: LARGEST_BATCH,
    });
  }

  async insert(tx: Transaction, account: Account): Promise<void> {
    await tx.em.insert(AccountSchema, { ...account });
  }

  /** Those who ask at the same time share one statement. */
  async byId(id: string): Promise<Account | null> {
    return (await this.#reads.read(id)) ?? null;
  }

  byIds(ids: readonly string[]): Promise<Account[]> {
    return this.#database.query<Account>(ACCOUNTS, [[...ids]]);
  }

  async byExternalId(externalId: string): Promise<Account | null> {
    return toAccount(await this.#database.read().findOne(AccountSchema, { externalId }));
  }

  /** A page of accounts, newest first, by the status that they have at `now`. Throws InvalidInput. */
  async list(filter: AccountFilter, request: PageRequest, now: Date): Promise<Page<Account>> {
    const size = pageSize(request);
    const before = readCursor(ACCOUNT_CURSOR, request, UUID_POSITION);
    const statement = filter.search === null ? IDS : SEARCH;
    const values = [...valuesOf(filter, now), before, size + 1];
    const ids = await this.#database.query<{ id: string }>(statement, values);
    const found = await this.byIds(ids.map(({ id }) => id));
    const newestFirst = found.toSorted((one, other) => (one.id < other.id ? 1 : -1));
    return pageOf(newestFirst, size, before === null);
  }

  async count(filter: AccountFilter, now: Date): Promise<bigint> {
    const statement = filter.search === null ? COUNT : SEARCH_COUNT;
    const values = valuesOf(filter, now);
    const [row] = await this.#database.query<{ count: bigint }>(statement, values);
    return row?.count ?? 0n;
  }

  async update(tx: Transaction, id: string, change: AccountChange, now: Date): Promise<void> {
    const { name, email, timeZone } = change;
    await tx.query(
      `update account set name = coalesce($2, name), email = case when $3 then $4 else email end,
          time_zone = coalesce($5, time_zone), updated_at = $6
        where id = $1`,
      [id, name ?? null, email !== undefined, email ?? null, timeZone ?? null, now],
    );
  }

  /**
   * The account, locked until the transaction ends: before its balance, and several in the order of their ids. As `update`
   * would lock it and no harder: rows that refer to the account may be written meanwhile, by whoever holds its balance.
   */
  async lock(tx: Transaction, id: string): Promise<Account | null> {
    const [account] = await tx.query<Account>(LOCK, [id]);
    return account ?? null;
  }

  /** Locks accounts without reading them: those that this transaction has not held so far, in the order of their ids. */
  async hold(tx: Transaction, ids: readonly string[]): Promise<void> {
    const held = this.#held.get(tx) ?? new Set();
    this.#held.set(tx, held);
    const others = ids.filter((id) => !held.has(id));
    if (others.length === 0) return;
    await tx.query(HOLD, [others]);
    for (const id of others) held.add(id);
  }

  async lockDue(tx: Transaction, now: Date, limit: number): Promise<Account[]> {
    const due = await tx.query<{ id: string }>(
      `select id from account where status in ('TRIAL', 'READONLY') and status_ends_at <= $1
        order by status_ends_at, id limit $2 for no key update skip locked`,
      [now, limit],
    );
    return this.inTransaction(
      tx,
      due.map(({ id }) => id),
    );
  }

  async inTransaction(tx: Transaction, ids: readonly string[]): Promise<Account[]> {
    const where = { id: { $in: [...ids] } };
    const rows = await tx.em.find(AccountSchema, where, { refresh: true });
    return rows.flatMap((row) => toAccount(row) ?? []);
  }

  async nextStatusEnd(after: Date): Promise<Date | null> {
    const [row] = await this.#database.query<{ at: Date | null }>(NEXT_STATUS_END, [after]);
    return row?.at ?? null;
  }

  async updateStandings(
    tx: Transaction,
    changes: readonly { readonly account: Account; readonly standing: Standing }[],
    now: Date,
  ): Promise<void> {
    const standings = changes.map(({ standing }) => standing);
    await tx.query(
      `update account set status = c.status, status_since = c.since, status_ends_at = c.ends_at, blocked_at = c.blocked_at,
          updated_at = $6
        from unnest($1::uuid[], $2::text[], $3::timestamptz[], $4::timestamptz[], $5::timestamptz[])
          as c (id, status, since, ends_at, blocked_at)
        where account.id = c.id`,
      [
        changes.map(({ account }) => account.id),
        standings.map(({ status }) => status),
        standings.map(({ statusSince }) => statusSince),
        standings.map(({ statusEndsAt }) => statusEndsAt),
        standings.map(({ blockedAt }) => blockedAt),
        now,
      ],
    );
  }
}

/** A copy: the entity itself would change under its reader when it is read again in the same transaction. */
function toAccount(row: Row | null): Account | null {
  if (row === null) return null;
  const { id, externalId, name, email, timeZone, currency, createdAt, updatedAt } = row;
  const { status, statusSince, statusEndsAt, blockedAt } = row;
  const standing = {
    status,
    statusSince,
    statusEndsAt: statusEndsAt ?? null,
    blockedAt: blockedAt ?? null,
  };
  return {
    ...standing,
    id,
    externalId,
    name,
    email: email ?? null,
    timeZone,
    currency,
    createdAt,
    updatedAt,
  };
}

function valuesOf({ status, search }: AccountFilter, now: Date): unknown[] {
  const statuses = status === null ? STATUSES : [status];
  return search === null ? [statuses, now] : [statuses, now, search.toLowerCase()];
}
