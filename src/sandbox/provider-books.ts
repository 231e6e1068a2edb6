import type { Books, Entry, StoredAnswer } from './books.ts';

export interface Page {
  readonly limit: number;
  readonly startingAfter?: string | undefined;
  readonly endingBefore?: string | undefined;
}

export interface PageOf<T> {
  readonly data: T[];
  readonly hasMore: boolean;
}

/** One condition on a field of the object; the path is written as in SQLite's JSON functions, without its `$.`. */
export type Condition =
  | readonly [path: string, operator: '=' | '<' | '<=' | '>' | '>=', value: string | number]
  | readonly [path: string, operator: 'IN' | 'NOT IN', values: readonly string[]];

export type Where = readonly Condition[];

export interface EventFilter {
  readonly types?: readonly string[] | undefined;
  /** Only those whose webhooks have all arrived, or only those with one that has not. */
  readonly delivered?: boolean | undefined;
  readonly where?: Where;
}

interface PageQuery {
  readonly table: 'objects' | 'events';
  readonly columns: string;
  readonly where: readonly (string | false)[];
  readonly tail: string;
  readonly values: readonly (string | number)[];
}

interface PageRow {
  readonly body: string;
  readonly undelivered?: number;
}

interface ObjectRow {
  readonly body: string;
  readonly hidden: string;
}

/** How many webhooks of the event `t` have not arrived. */
const UNDELIVERED = `(SELECT count(*) FROM deliveries d WHERE d.event_id = t.id AND d.state <> 'delivered')`;

/** The part of the books that one provider's sandbox reads and writes. */
export class ProviderBooks {
  readonly #books: Books;
  readonly #provider: string;

  constructor(books: Books, provider: string) {
    this.#books = books;
    this.#provider = provider;
  }

  transaction<T>(work: () => T): T {
    return this.#books.transaction(work);
  }

  insert(
    kind: string,
    object: { readonly id: string },
    hidden: Record<string, unknown> = {},
  ): void {
    this.#books.run(
      'INSERT INTO objects (provider, kind, id, body, hidden) VALUES (?, ?, ?, ?, ?)',
      this.#provider,
      kind,
      object.id,
      JSON.stringify(object),
      JSON.stringify(hidden),
    );
  }

  update(object: { readonly id: string }): void {
    this.#books.run(
      'UPDATE objects SET body = ? WHERE provider = ? AND id = ?',
      JSON.stringify(object),
      this.#provider,
      object.id,
    );
  }

  /** Takes an object out of the books. */
  remove(kind: string, id: string): void {
    this.#books.run(
      'DELETE FROM objects WHERE provider = ? AND kind = ? AND id = ?',
      this.#provider,
      kind,
      id,
    );
  }

  /** Says when something will happen to the object by itself (Unix seconds, domain time), or that nothing will. */
  setDue(id: string, dueAt: number | null): void {
    this.#books.run(
      'UPDATE objects SET due_at = ? WHERE provider = ? AND id = ?',
      dueAt,
      this.#provider,
      id,
    );
  }

  find<T>(kind: string, id: string): Entry<T> | undefined {
    const row = this.#books.row<ObjectRow>(
      'SELECT body, hidden FROM objects WHERE provider = ? AND kind = ? AND id = ?',
      this.#provider,
      kind,
      id,
    );
    return row && { object: JSON.parse(row.body), hidden: JSON.parse(row.hidden) };
  }

  /** The object with this id, whatever it is. */
  findAny(id: string): unknown {
    const row = this.#books.row<ObjectRow>(
      'SELECT body, hidden FROM objects WHERE provider = ? AND id = ?',
      this.#provider,
      id,
    );
    return row && JSON.parse(row.body);
  }

  /** All that match, the newest first. */
  all<T>(kind: string, where: Where = []): T[] {
    const { sql, values } = conditions(where);
    const rows = this.#books.rows<{ body: string }>(
      `SELECT body FROM objects WHERE provider = ? AND kind = ?${sql} ORDER BY seq DESC`,
      this.#provider,
      kind,
      ...values,
    );
    return rows.map((row) => JSON.parse(row.body));
  }

  /** A page of those that match, the newest first; null when its cursor does not exist. */
  list<T>(kind: string, where: Where, page: Page): PageOf<T> | null {
    const { sql, values } = conditions(where);
    const found = this.#page(
      {
        table: 'objects',
        columns: 'body',
        where: ['provider = ?', 'kind = ?'],
        tail: sql,
        values: [this.#provider, kind, ...values],
      },
      page,
    );
    return found && { data: found.data.map((row) => JSON.parse(row.body)), hasMore: found.hasMore };
  }

  /** Every object by its kind, the oldest first. */
  everything(): Record<string, unknown[]> {
    const rows = this.#books.rows<{ kind: string; body: string }>(
      'SELECT kind, body FROM objects WHERE provider = ? ORDER BY seq',
      this.#provider,
    );
    const kinds: Record<string, unknown[]> = {};
    for (const row of rows) {
      kinds[row.kind] ??= [];
      kinds[row.kind]?.push(JSON.parse(row.body));
    }
    return kinds;
  }

  /** Keeps an event as its webhook will say it, made at `created` (Unix seconds); the webhook is queued apart. */
  insertEvent(event: { readonly id: string }, type: string, created: number): void {
    this.#books.run(
      'INSERT INTO events (provider, id, type, created, body) VALUES (?, ?, ?, ?, ?)',
      this.#provider,
      event.id,
      type,
      created,
      JSON.stringify(event),
    );
  }

  event<T>(id: string): { event: T; undelivered: number } | undefined {
    const row = this.#books.row<{ body: string; undelivered: number }>(
      `SELECT body, ${UNDELIVERED} AS undelivered FROM events t WHERE provider = ? AND id = ?`,
      this.#provider,
      id,
    );
    return row && { event: JSON.parse(row.body), undelivered: row.undelivered };
  }

  /** Every event, the oldest first. */
  everyEvent(): unknown[] {
    return this.#books
      .rows<{ body: string }>(
        'SELECT body FROM events WHERE provider = ? ORDER BY seq',
        this.#provider,
      )
      .map((row) => JSON.parse(row.body));
  }

  /** A page of events, the newest first, each with how many of its webhooks have not arrived. */
  listEvents<T>(filter: EventFilter, page: Page): PageOf<{ event: T; undelivered: number }> | null {
    const types = filter.types ?? [];
    const { sql, values } = conditions(filter.where ?? []);
    const found = this.#page(
      {
        table: 'events',
        columns: `body, ${UNDELIVERED} AS undelivered`,
        where: [
          'provider = ?',
          types.length > 0 && `type IN (${types.map(() => '?').join(', ')})`,
          filter.delivered !== undefined && `${UNDELIVERED} ${filter.delivered ? '=' : '>'} 0`,
        ],
        tail: sql,
        values: [this.#provider, ...types, ...values],
      },
      page,
    );
    return (
      found && {
        data: found.data.map((row) => ({
          event: JSON.parse(row.body) as T,
          undelivered: row.undelivered ?? 0,
        })),
        hasMore: found.hasMore,
      }
    );
  }

  answer(key: string): StoredAnswer | undefined {
    return this.#books.row<StoredAnswer>(
      'SELECT fingerprint, status, body, created FROM answers WHERE provider = ? AND key = ?',
      this.#provider,
      key,
    );
  }

  keepAnswer(key: string, answer: StoredAnswer): void {
    this.#books.run(
      'INSERT OR REPLACE INTO answers (provider, key, fingerprint, status, body, created) VALUES (?, ?, ?, ?, ?, ?)',
      this.#provider,
      key,
      answer.fingerprint,
      answer.status,
      answer.body,
      answer.created,
    );
  }

  #page(query: PageQuery, page: Page): PageOf<PageRow> | null {
    const cursor = page.startingAfter ?? page.endingBefore;
    const backwards = page.startingAfter === undefined && cursor !== undefined;
    const at = cursor === undefined ? undefined : this.#position(query.table, cursor);
    if (cursor !== undefined && at === undefined) return null;
    const conditions = query.where.filter((condition) => condition !== false).join(' AND ');
    const rows = this.#books.rows<PageRow>(
      `SELECT ${query.columns} FROM ${query.table} t WHERE ${conditions}${query.tail}
       ${at === undefined ? '' : `AND seq ${backwards ? '>' : '<'} ?`}
       ORDER BY seq ${backwards ? 'ASC' : 'DESC'} LIMIT ?`,
      ...query.values,
      ...(at === undefined ? [] : [at]),
      page.limit + 1,
    );
    const data = rows.slice(0, page.limit);
    return { data: backwards ? data.reverse() : data, hasMore: rows.length > page.limit };
  }

  #position(table: 'objects' | 'events', id: string): number | undefined {
    return this.#books.row<{ seq: number }>(
      `SELECT seq FROM ${table} WHERE provider = ? AND id = ?`,
      this.#provider,
      id,
    )?.seq;
  }
}

function conditions(where: Where): { sql: string; values: (string | number)[] } {
  const parts = where.map(([path, operator, value]) => {
    const values = typeof value === 'object' ? [...value] : [value];
    const right = typeof value === 'object' ? `(${values.map(() => '?').join(', ')})` : '?';
    return { sql: ` AND json_extract(body, '$.${path}') ${operator} ${right}`, values };
  });
  return {
    sql: parts.map((part) => part.sql).join(''),
    values: parts.flatMap((part) => part.values),
  };
}
