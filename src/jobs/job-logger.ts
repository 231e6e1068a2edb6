import { Logger as JobLogger } from 'graphile-worker';
import type { Logger } from '../platform/logger.ts';

interface JobFailure {
  readonly failure: true;
  readonly error: unknown;
  readonly job: {
    readonly id: string;
    readonly task_identifier: string;
    readonly attempts: number;
    readonly max_attempts: number;
  };
}

const LEVELS = { error: 'error', warning: 'warn', info: 'debug', debug: 'debug' } as const;

/** The queue's words in our log: a failed job is a warning while it has attempts left; what goes well is for debugging. */
export function createJobLogger(logger: Logger): JobLogger {
  return new JobLogger(() => (level, message, meta) => {
    if (isFailure(meta)) {
      logFailure(logger, meta);
      return;
    }
    logger[LEVELS[level]]({ err: meta?.error }, message);
  });
}

function logFailure(logger: Logger, { job, error }: JobFailure): void {
  const about = {
    task: job.task_identifier,
    jobId: job.id,
    attempt: job.attempts,
    maxAttempts: job.max_attempts,
    err: error,
  };
  if (job.attempts < job.max_attempts) logger.warn(about, 'a job failed and will be tried again');
  else logger.error(about, 'a job failed for the last time');
}

function isFailure(meta: unknown): meta is JobFailure {
  return (meta as { failure?: unknown } | undefined)?.failure === true;
}
