import { DatabaseSync, type SQLInputValue, type StatementSync } from 'node:sqlite';

/** A row of the books: the object as the provider shows it, and what only the sandbox itself needs to remember. */
export interface Entry<T> {
  readonly object: T;
  readonly hidden: Readonly<Record<string, unknown>>;
}

export interface DueEntry {
  readonly provider: string;
  readonly kind: string;
  readonly id: string;
  /** Domain time, in Unix seconds. */
  readonly dueAt: number;
}

export interface StoredAnswer {
  readonly fingerprint: string;
  readonly status: number;
  readonly body: string;
  /** Domain time, in Unix seconds. */
  readonly created: number;
}

const SCHEMA = `
  PRAGMA journal_mode = WAL;
  PRAGMA synchronous = NORMAL;
  PRAGMA busy_timeout = 5000;
  CREATE TABLE IF NOT EXISTS objects (
    seq INTEGER PRIMARY KEY AUTOINCREMENT, provider TEXT NOT NULL, kind TEXT NOT NULL, id TEXT NOT NULL,
    due_at INTEGER, body TEXT NOT NULL, hidden TEXT NOT NULL, UNIQUE (provider, id));
  CREATE INDEX IF NOT EXISTS objects_by_kind ON objects (provider, kind, seq);
  CREATE INDEX IF NOT EXISTS objects_by_customer ON objects (provider, kind, json_extract(body, '$.customer'));
  CREATE INDEX IF NOT EXISTS objects_by_invoice ON objects (provider, kind, json_extract(body, '$.invoice'));
  CREATE INDEX IF NOT EXISTS objects_by_code ON objects (provider, kind, json_extract(body, '$.code'));
  CREATE INDEX IF NOT EXISTS objects_by_charge ON objects (provider, kind, json_extract(body, '$.charge'));
  CREATE INDEX IF NOT EXISTS objects_by_subscription
    ON objects (provider, kind, json_extract(body, '$.parent.subscription_details.subscription'));
  CREATE INDEX IF NOT EXISTS objects_due ON objects (due_at) WHERE due_at IS NOT NULL;
  CREATE TABLE IF NOT EXISTS events (
    seq INTEGER PRIMARY KEY AUTOINCREMENT, provider TEXT NOT NULL, id TEXT NOT NULL UNIQUE, type TEXT NOT NULL,
    created INTEGER NOT NULL, body TEXT NOT NULL);
  CREATE TABLE IF NOT EXISTS deliveries (
    id INTEGER PRIMARY KEY AUTOINCREMENT, event_id TEXT NOT NULL REFERENCES events (id), provider TEXT NOT NULL,
    state TEXT NOT NULL CHECK (state IN ('pending', 'held', 'delivered', 'dropped', 'abandoned')),
    attempts INTEGER NOT NULL DEFAULT 0, queued_at_ms INTEGER NOT NULL, next_attempt_at_ms INTEGER NOT NULL);
  DROP INDEX IF EXISTS deliveries_open;
  CREATE INDEX IF NOT EXISTS deliveries_pending ON deliveries (next_attempt_at_ms) WHERE state = 'pending';
  CREATE INDEX IF NOT EXISTS deliveries_held ON deliveries (id) WHERE state = 'held';
  CREATE INDEX IF NOT EXISTS deliveries_by_event ON deliveries (event_id);
  CREATE TABLE IF NOT EXISTS answers (
    provider TEXT NOT NULL, key TEXT NOT NULL, fingerprint TEXT NOT NULL, status INTEGER NOT NULL,
    body TEXT NOT NULL, created INTEGER NOT NULL, PRIMARY KEY (provider, key));
  CREATE TABLE IF NOT EXISTS settings (name TEXT PRIMARY KEY, value TEXT NOT NULL);
`;

/**
 * What the sandbox knows, in one SQLite file: the truth that a gateway's own records can be compared with.
 * Everything is synchronous, so a request is one transaction and a killed process leaves no half of one.
 */
export class Books {
  readonly #database: DatabaseSync;
  readonly #statements = new Map<string, StatementSync>();
  #depth = 0;

  /** `file` is a path, created when missing, or `:memory:`. */
  constructor(file: string) {
    this.#database = new DatabaseSync(file);
    this.#database.exec(SCHEMA);
  }

  /**
   * Runs `work` as one transaction; inside another one as a part of it that can fail alone.
   * Undoes it and rethrows when it throws.
   */
  transaction<T>(work: () => T): T {
    const [begin, commit, undo] =
      this.#depth === 0
        ? ['BEGIN IMMEDIATE', 'COMMIT', 'ROLLBACK']
        : ['SAVEPOINT part', 'RELEASE part', 'ROLLBACK TO part; RELEASE part'];
    this.#database.exec(begin);
    this.#depth += 1;
    try {
      const result = work();
      this.#database.exec(commit);
      return result;
    } catch (error) {
      this.#database.exec(undo);
      throw error;
    } finally {
      this.#depth -= 1;
    }
  }

  /** Runs one statement; answers how many rows it changed. */
  run(sql: string, ...values: SQLInputValue[]): number {
    return Number(this.#prepare(sql).run(...values).changes);
  }

  rows<Row>(sql: string, ...values: SQLInputValue[]): Row[] {
    return this.#prepare(sql).all(...values) as Row[];
  }

  row<Row>(sql: string, ...values: SQLInputValue[]): Row | undefined {
    return this.#prepare(sql).get(...values) as Row | undefined;
  }

  // The plus keeps SQLite from looking through all that a provider has: few of its objects have a time to come.

  /** The first object of these providers whose time has come by `now` (Unix seconds, domain time). */
  firstDueBy(now: number, providers: readonly string[]): DueEntry | undefined {
    return this.row<DueEntry>(
      `SELECT provider, kind, id, due_at AS dueAt FROM objects
       WHERE due_at <= ? AND +provider IN (${marks(providers)}) ORDER BY due_at, seq LIMIT 1`,
      now,
      ...providers,
    );
  }

  /** When the next object of these providers falls due, in Unix seconds of domain time; null when none will. */
  nextDueAt(providers: readonly string[]): number | null {
    const row = this.row<{ at: number | null }>(
      `SELECT min(due_at) AS at FROM objects WHERE due_at IS NOT NULL AND +provider IN (${marks(providers)})`,
      ...providers,
    );
    return row?.at ?? null;
  }

  setting(name: string): unknown {
    const row = this.row<{ value: string }>('SELECT value FROM settings WHERE name = ?', name);
    return row === undefined ? undefined : JSON.parse(row.value);
  }

  saveSetting(name: string, value: unknown): void {
    this.run(
      'INSERT OR REPLACE INTO settings (name, value) VALUES (?, ?)',
      name,
      JSON.stringify(value),
    );
  }

  /** The pages of a sandbox that listens elsewhere than the last time: the addresses in its objects follow. */
  moveOrigin(origin: string): void {
    const before = this.setting('origin');
    if (typeof before === 'string' && before !== origin) {
      this.run('UPDATE objects SET body = replace(body, ?, ?)', `"${before}/`, `"${origin}/`);
    }
    this.saveSetting('origin', origin);
  }

  close(): void {
    this.#database.close();
  }

  #prepare(sql: string): StatementSync {
    const known = this.#statements.get(sql);
    if (known !== undefined) return known;
    const statement = this.#database.prepare(sql);
    this.#statements.set(sql, statement);
    return statement;
  }
}

function marks(list: readonly unknown[]): string {
  return list.map(() => '?').join(', ');
}
