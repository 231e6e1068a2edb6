import type { EntityManager } from '@mikro-orm/postgresql';
import { CompiledQuery } from 'kysely';

/** A notification holds less than 8,000 bytes. */
const MOST_IDS_IN_A_HINT = 200;

/** An open transaction. Whoever takes one neither opens nor commits it. */
export class Transaction {
  /** Entities of this transaction; call `flush()` before reading by SQL what was written by entity. */
  readonly em: EntityManager;

  constructor(em: EntityManager) {
    this.em = em;
  }

  /** Runs SQL with `$1` placeholders in this transaction. int8 comes back as bigint, timestamptz as Date. */
  async query<Row>(text: string, values: readonly unknown[] = []): Promise<Row[]> {
    const result = await this.em.getKysely().executeQuery(CompiledQuery.raw(text, [...values]));
    return result.rows as Row[];
  }

  /** Tells every gateway process, at commit, to look again at one thing (`order`, `account`, `key`, …). */
  async hint(topic: string, id: string): Promise<void> {
    await this.query(`select pg_notify('tollgate', $1)`, [`${topic}:${id}`]);
  }

  /** Tells them to look again at several things of one kind. */
  async hintAll(topic: string, ids: readonly string[]): Promise<void> {
    if (ids.length === 0) return;
    const list = ids.length > MOST_IDS_IN_A_HINT ? '*' : ids.join(',');
    await this.query(`select pg_notify('tollgate', $1)`, [`${topic}:${list}`]);
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
