import { EventEmitter } from 'node:events';
import { setTimeout as delay } from 'node:timers/promises';
import { type Runner, run, type TaskList, type WorkerEvents } from 'graphile-worker';
import { createConnectionPool, endConnectionPool } from '../platform/database/connection-pool.ts';
import type { Database } from '../platform/database/database.ts';
import type { Logger } from '../platform/logger.ts';
import { createJobLogger } from './job-logger.ts';
import { JobQueueStore, VOUCH } from './job-queue.store.ts';
import type { CronEntry, Task, Tasks } from './task.ts';

interface JobRunnerOptions {
  /** Where the queue is, as the role that the gateway serves as; the runner has connections of its own. */
  readonly url: string;
  readonly database: Database;
  readonly logger: Logger;
  readonly tasks: Tasks;
  readonly crontab: readonly CronEntry[];
  /** How many jobs run at once in this process. */
  readonly concurrency?: number;
  /** How often to look for jobs that became due; new ones are told of at once. */
  readonly pollIntervalMs?: number;
  /** How long after a job was taken its worker may be found dead. */
  readonly abandonedAfterMs?: number;
}

type ConnectionPool = ReturnType<typeof createConnectionPool>;

const DEFAULTS = { concurrency: 8, pollIntervalMs: 1_000, abandonedAfterMs: 5_000 };
/**
 * Ends of jobs are reported in batches, of one turn of the event loop. Reported singly, nobody would wait for the report: a
 * lost connection would end the process by an unhandled rejection, and a stop would leave jobs taken.
 */
const REPORTED_TOGETHER = { completeJobBatchDelay: 0, failJobBatchDelay: 0 };
const RETRY_FIRST_MS = 50;
const RETRY_LAST_MS = 2_000;
const END_WITHIN_MS = 1_000;
const ABORT_AFTER_MS = 3_000;
const GIVE_UP_AFTER_MS = 4_000;
const LOOK_EVERY_MS = 10;

/**
 * Runs jobs in this process, beside any number of other processes. Comes back by itself when the database was away, and
 * gives back the jobs of processes that died with them.
 */
export class JobRunner {
  readonly #options: JobRunnerOptions & typeof DEFAULTS;
  readonly #queue: JobQueueStore;
  #pool: ConnectionPool | null = null;
  #runner: Runner | null = null;
  #workerId: string | null = null;
  #sweep: NodeJS.Timeout | null = null;
  #stopping = new AbortController();
  #begunCount = 0;

  constructor(options: JobRunnerOptions) {
    this.#options = { ...DEFAULTS, ...options };
    this.#queue = new JobQueueStore(options.database);
  }

  /** Resolves when jobs are being looked for; rejects when the queue cannot be reached. */
  async start(): Promise<void> {
    this.#stopping = new AbortController();
    void this.#keepRunning(await this.#run());
    await this.#releaseAbandoned();
    this.#sweep = setInterval(
      () => void this.#releaseAbandoned(),
      this.#options.abandonedAfterMs,
    ).unref();
  }

  /**
   * Takes no more jobs and waits for those that run: after 3 seconds they are asked to end, after 4 seconds they are given
   * back to the queue, and this resolves.
   */
  async stop(): Promise<void> {
    this.#stopping.abort();
    if (this.#sweep !== null) clearInterval(this.#sweep);
    if (this.#pool === null || this.#runner === null) return;
    await this.#end(this.#runner);
    await this.#leavePool();
    this.#runner = null;
  }

  /**
   * Resolves when none of this runner's tasks is running or could run now, in any process. A job that waits for its next
   * attempt does not count. Rejects after `timeoutMs`.
   */
  async whenIdle(timeoutMs = 30_000): Promise<void> {
    const until = performance.now() + timeoutMs;
    while (await this.isBusy()) {
      if (performance.now() > until) throw new Error(`There are jobs left after ${timeoutMs} ms.`);
      await delay(LOOK_EVERY_MS);
    }
  }

  /** How many jobs this runner has begun: whether there was anything to do between two looks. */
  get begunCount(): number {
    return this.#begunCount;
  }

  /** Whether one of this runner's tasks is running or could run now, in any process. */
  isBusy(): Promise<boolean> {
    return this.#queue.isBusy(Object.keys(this.#options.tasks));
  }

  #connect(): ConnectionPool {
    const { url, concurrency, logger } = this.#options;
    return createConnectionPool({
      url,
      // One connection listens, one is for the rest.
      size: concurrency + 2,
      isWaitedFor: false,
      onError: (error) =>
        logger.warn({ reason: error.message }, 'the job runner lost a connection'),
    });
  }

  /** A runner with connections of its own: one that is stuck may keep its own for ever. */
  async #run(): Promise<Runner> {
    const pool = this.#connect();
    try {
      this.#runner = await this.#runWith(pool);
    } catch (error) {
      await endConnectionPool(pool);
      throw error;
    }
    this.#pool = pool;
    return this.#runner;
  }

  async #leavePool(): Promise<void> {
    const pool = this.#pool;
    this.#pool = null;
    if (pool !== null) await endConnectionPool(pool);
  }

  #runWith(pool: ConnectionPool): Promise<Runner> {
    const { logger, tasks, crontab, concurrency, pollIntervalMs } = this.#options;
    return run({
      pgPool: pool,
      logger: createJobLogger(logger),
      taskList: toTaskList(tasks, () => {
        this.#begunCount += 1;
      }),
      crontab: crontab.map(toCrontabLine).join('\n'),
      concurrency,
      pollInterval: pollIntervalMs,
      gracefulShutdownAbortTimeout: ABORT_AFTER_MS,
      noHandleSignals: true,
      preset: { worker: REPORTED_TOGETHER },
      events: this.#vouching(),
    });
  }

  /** As long as the listening connection lives, so does this process: it holds the lock that vouches for its jobs. */
  #vouching(): WorkerEvents {
    const events: WorkerEvents = new EventEmitter();
    events.on('pool:listen:success', ({ workerPool, client }) => {
      this.#workerId = workerPool.id;
      // A connection takes one query at a time: this one waits for LISTEN. When it fails the connection is gone, and the
      // next one asks again.
      client.once('drain', () => void client.query(VOUCH, [workerPool.id]).catch(() => undefined));
    });
    return events;
  }

  async #keepRunning(first: Runner): Promise<void> {
    const { signal } = this.#stopping;
    for (let runner: Runner | null = first; runner !== null; ) {
      const reason = await endOf(runner);
      if (signal.aborted) return;
      // One that has ended says so; one that is stuck at least enqueues nothing any more.
      void runner.stop().catch(() => undefined);
      void this.#leavePool();
      this.#options.logger.warn({ err: reason }, 'the job runner ended and starts again');
      runner = await this.#runAgain(signal);
    }
  }

  async #runAgain(signal: AbortSignal): Promise<Runner | null> {
    for (let wait = RETRY_FIRST_MS; !signal.aborted; wait = Math.min(wait * 2, RETRY_LAST_MS)) {
      try {
        const runner = await this.#run();
        if (!signal.aborted) return runner;
        await runner.stop();
        await this.#leavePool();
      } catch (error) {
        this.#options.logger.warn({ err: error }, 'the job runner cannot start');
        await delay(wait, undefined, { signal, ref: false }).catch(() => undefined);
      }
    }
    return null;
  }

  async #releaseAbandoned(): Promise<void> {
    const { logger, abandonedAfterMs } = this.#options;
    try {
      const workers = await this.#queue.releaseAbandoned(abandonedAfterMs);
      if (workers.length > 0) logger.warn({ workers }, 'jobs of dead workers were given back');
    } catch (error) {
      logger.warn({ err: error }, 'the queue could not be searched for abandoned jobs');
    }
  }

  async #end(runner: Runner): Promise<void> {
    const stopped = runner.stop().then(
      () => true,
      () => true,
    );
    const late = new AbortController();
    const timeout = delay(GIVE_UP_AFTER_MS, false, { signal: late.signal }).catch(() => false);
    if (!(await Promise.race([stopped, timeout]))) await this.#giveUp();
    late.abort();
  }

  async #giveUp(): Promise<void> {
    this.#options.logger.warn('jobs did not end in time and are given back');
    if (this.#workerId === null) return;
    await this.#queue
      .release(this.#workerId)
      .catch((error: unknown) =>
        this.#options.logger.warn({ err: error }, 'the jobs could not be given back'),
      );
  }
}

/**
 * Why a runner ended by itself. One that lost its database in the middle of a job says that it stops, and may never be
 * done with that: it waits for reports that it has given up.
 */
function endOf(runner: Runner): Promise<unknown> {
  const ended = runner.promise.then(
    () => undefined,
    (error: unknown) => error,
  );
  const stuck = new Promise((resolve) => {
    runner.events.once('pool:gracefulShutdown', ({ message }) => {
      setTimeout(() => resolve(message), END_WITHIN_MS).unref();
    });
  });
  return Promise.race([ended, stuck]);
}

function toTaskList(tasks: Tasks, onBegin: () => void): TaskList {
  return Object.fromEntries(
    Object.entries(tasks).map(([name, task]) => [name, adapt(task, onBegin)]),
  );
}

function adapt(task: Task, onBegin: () => void): TaskList[string] {
  return (payload, { job, abortSignal }) => {
    onBegin();
    return task(payload, {
      attempt: job.attempts,
      maxAttempts: job.max_attempts,
      signal: abortSignal,
    });
  };
}

/** One attempt: the next minute brings the next one, under the same key. */
function toCrontabLine({ pattern, task }: CronEntry): string {
  return `${pattern} ${task} ?max=1&jobKey=cron:${task}&jobKeyMode=replace`;
}
