import type { Database } from '../database/database.ts';
import type { Statement } from '../database/statement.ts';

/** What one process counted of a subject and has not told yet. */
export interface CountedRequests {
  readonly subject: string;
  readonly count: number;
}

/** What all processes together counted. */
export interface SharedCount {
  readonly subject: string;
  /** In this window. */
  readonly count: number;
  /** In the window before it. */
  readonly before: number;
}

/** In the order of the subjects: two processes that share at once wait for each other, not in a circle. */
const SHARE: Statement = {
  name: 'rate_window_share',
  text: `with shared as (
      insert into rate_window (subject, started_at, request_count)
      select counted.subject, $2::timestamptz, counted.request_count
        from unnest($1::text[], $4::bigint[]) as counted (subject, request_count) order by counted.subject
      on conflict (subject, started_at) do update
        set request_count = rate_window.request_count + excluded.request_count
      returning subject, request_count)
    select shared.subject, shared.request_count as count, coalesce(earlier.request_count, 0) as before
      from shared left join rate_window earlier on earlier.subject = shared.subject and earlier.started_at = $3`,
};

const FORGET: Statement = {
  name: 'rate_window_forget',
  text: 'delete from rate_window where started_at < $1',
};

/** Every query on the table of windows. */
export class RateWindowStore {
  readonly #database: Database;

  constructor(database: Database) {
    this.#database = database;
  }

  /** Adds what this process counted in the window that began at `startedAt`, and answers what everybody did. */
  async share(
    counted: readonly CountedRequests[],
    startedAt: Date,
    earlier: Date,
  ): Promise<SharedCount[]> {
    const subjects = counted.map(({ subject }) => subject);
    const counts = counted.map(({ count }) => count);
    const rows = await this.#database.query<{ subject: string; count: bigint; before: bigint }>(
      SHARE,
      [subjects, startedAt, earlier, counts],
    );
    return rows.map(({ subject, count, before }) => ({
      subject,
      count: Number(count),
      before: Number(before),
    }));
  }

  /** Deletes the windows that began before this. */
  async forget(before: Date): Promise<void> {
    await this.#database.query(FORGET, [before]);
  }
}
