import { isId } from '../platform/ids.ts';

/** What a task may know of its job. */
interface JobContext {
  /** The number of this attempt, from 1. */
  readonly attempt: number;
  readonly maxAttempts: number;
  /** Aborted when the process stops: whoever can end early, does. */
  readonly signal: AbortSignal;
}

/**
 * Does one job; a job that throws is tried again, later each time. It may be done twice (after a crash, or when a lease was
 * lost), so a task makes its effect unique itself.
 */
export type Task = (payload: unknown, context: JobContext) => Promise<void>;

/** Tasks by the names under which jobs are enqueued. */
export type Tasks = Readonly<Record<string, Task>>;

/** A task that is enqueued by the clock on the wall, once for all processes; `pattern` is cron's, in UTC. */
export interface CronEntry {
  readonly pattern: string;
  readonly task: string;
}

/** The id in the payload `{ id }`. Throws when it is another payload. */
export function idIn(payload: unknown): string {
  const { id } = (payload ?? {}) as { id?: unknown };
  if (typeof id !== 'string' || !isId(id)) throw new TypeError('The job has no id.');
  return id;
}

/** The ids in the payload `{ ids }`. Throws when it is another payload. */
export function idsIn(payload: unknown): string[] {
  const { ids } = (payload ?? {}) as { ids?: unknown };
  if (!Array.isArray(ids)) throw new TypeError('The job has no ids.');
  return ids.map((id) => idIn({ id }));
}
