import type { EntityManager } from '@mikro-orm/postgresql';
import { CompiledQuery } from 'kysely';
import { preparedText, type Statement } from './statement.ts';

/** A notification holds less than 8,000 bytes. */
const MOST_IDS_IN_A_HINT = 200;

const NOTIFY: Statement = {
  name: 'transaction_hints',
  text: `select pg_notify('tollgate', hint) from unnest($1::text[]) as h (hint)`,
};

/** An open transaction. Whoever takes one neither opens nor commits it. */
export class Transaction {
  /** Entities of this transaction; call `flush()` before reading by SQL what was written by entity. */
  readonly em: EntityManager;
  readonly #hints = new Map<string, Set<string>>();

  constructor(em: EntityManager) {
    this.em = em;
  }

  /**
   * Runs SQL with `$1` placeholders in this transaction; a statement with a name is parsed and planned once per connection.
   * int8 comes back as bigint, timestamptz as Date.
   */
  async query<Row>(sql: string | Statement, values: readonly unknown[] = []): Promise<Row[]> {
    const text = typeof sql === 'string' ? sql : preparedText(sql);
    const result = await this.em.getKysely().executeQuery(CompiledQuery.raw(text, [...values]));
    return result.rows as Row[];
  }

  /** Tells every gateway process, at commit, to look again at one thing (`order`, `account`, `key`, …). */
  hint(topic: string, id: string): void {
    this.hintAll(topic, [id]);
  }

  /** Tells them to look again at several things of one kind. */
  hintAll(topic: string, ids: readonly string[]): void {
    const told = this.#hints.get(topic) ?? new Set();
    this.#hints.set(topic, told);
    for (const id of ids) told.add(id);
  }

  /** Sends what was hinted at: the last thing before the commit. */
  async sendHints(): Promise<void> {
    const hints = [...this.#hints].filter(([, ids]) => ids.size > 0).map(hintText);
    this.#hints.clear();
    if (hints.length > 0) await this.query(NOTIFY, [hints]);
  }

  /** Puts a job on the queue when, and only when, this transaction commits. */
  async enqueue(task: string, payload: object, options: JobOptions = {}): Promise<void> {
    await this.query(
      'select graphile_worker.add_job($1, payload := $2::json, run_at := $3::timestamptz, max_attempts := $4, job_key := $5)',
      [
        task,
        JSON.stringify(payload),
        options.runAt ?? null,
        options.maxAttempts ?? 25,
        options.jobKey ?? null,
      ],
    );
  }
}

export interface JobOptions {
  /** Real time, not domain time. */
  readonly runAt?: Date;
  readonly maxAttempts?: number;
  /** A second job with the same key replaces the first one. */
  readonly jobKey?: string;
}

function hintText([topic, ids]: readonly [string, ReadonlySet<string>]): string {
  return `${topic}:${ids.size > MOST_IDS_IN_A_HINT ? '*' : [...ids].join(',')}`;
}
