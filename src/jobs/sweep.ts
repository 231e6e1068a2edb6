import type { CronEntry, Tasks } from './task.ts';

/**
 * What time does in one part of the domain. Its due instants are rows, in domain time; the sweep acts on those whose instant
 * has come. Any number of processes may sweep at once, and one that dies leaves its rows due.
 */
export interface Sweep {
  /** The job's name, such as `end-statuses`. */
  readonly name: string;
  /** The earliest due instant after this one; null when there is none. */
  nextDueAt(after: Date): Promise<Date | null>;
  /** Acts on every row that is due by now. */
  sweep(): Promise<void>;
}

/** The tasks that sweep. */
export function sweepTasks(sweeps: readonly Sweep[]): Tasks {
  return Object.fromEntries(sweeps.map((part) => [part.name, () => part.sweep()]));
}

/** Every sweep, every minute. */
export function sweepCrontab(sweeps: readonly Sweep[]): CronEntry[] {
  return sweeps.map(({ name }) => ({ pattern: '* * * * *', task: name }));
}
