import type { Database } from '../platform/database/database.ts';
import type { Statement } from '../platform/database/statement.ts';

const RELEASE_ABANDONED: Statement = {
  name: 'jobs_release_abandoned',
  text: `
    with abandoned as materialized (
      select array_agg(locked_by) as workers
      from (
        select distinct locked_by from graphile_worker.jobs
        where locked_at < now() - $1 * interval '1 millisecond'
      ) as workers
      where pg_try_advisory_xact_lock(hashtextextended(locked_by, 0))
    )
    select workers, graphile_worker.force_unlock_workers(workers)::text from abandoned where workers is not null`,
};

const RELEASE: Statement = {
  name: 'jobs_release',
  text: 'select graphile_worker.force_unlock_workers(array[$1])::text',
};

const IS_BUSY: Statement = {
  name: 'jobs_is_busy',
  text: `
    select exists (
      select 1 from graphile_worker.jobs
      where task_identifier = any ($1)
        and (locked_at is not null or (run_at <= now() and attempts < max_attempts))
    ) as busy`,
};

const DUE: Statement = {
  name: 'jobs_due',
  text: `
    select count(*) as count, coalesce(extract(epoch from now() - min(run_at)), 0)::float8 as "oldestSeconds"
    from graphile_worker.jobs where locked_at is null and run_at <= now() and attempts < max_attempts`,
};

/** A session that holds this lock vouches for the jobs that its worker has taken. */
export const VOUCH = 'select pg_advisory_lock_shared(hashtextextended($1, 0))';

/** What we ask the queue's tables beyond what graphile-worker asks itself. */
export class JobQueueStore {
  readonly #database: Database;

  constructor(database: Database) {
    this.#database = database;
  }

  /** Gives back jobs that were taken more than `afterMs` ago by workers that nobody vouches for; answers with those workers. */
  async releaseAbandoned(afterMs: number): Promise<string[]> {
    const [row] = await this.#database.query<{ workers: string[] }>(RELEASE_ABANDONED, [afterMs]);
    return row?.workers ?? [];
  }

  /** Gives back all jobs that a worker has taken. */
  async release(workerId: string): Promise<void> {
    await this.#database.query(RELEASE, [workerId]);
  }

  /** How many jobs could run and do not, and how long the oldest of them waits. */
  async due(): Promise<{ count: number; oldestSeconds: number }> {
    const [row] = await this.#database.query<{ count: bigint; oldestSeconds: number }>(DUE, []);
    return { count: Number(row?.count ?? 0n), oldestSeconds: row?.oldestSeconds ?? 0 };
  }

  /** Whether a job of these tasks is running or could run now. */
  async isBusy(tasks: readonly string[]): Promise<boolean> {
    const [row] = await this.#database.query<{ busy: boolean }>(IS_BUSY, [[...tasks]]);
    return row?.busy ?? false;
  }
}
