import { DomainError } from '../../platform/errors.ts';
import type { UsageCounter } from './usage.model.ts';

/** The event would pass a HARD limit: it was refused whole, and not counted. */
export class UsageLimitExceeded extends DomainError {
  readonly code = 'USAGE_LIMIT_EXCEEDED';
  readonly metric: string;
  /** What the count would have become. */
  readonly current: bigint;
  readonly limit: bigint;
  readonly resetsAt: Date | null;

  constructor({ metric, resetsAt }: UsageCounter, current: bigint, limit: bigint) {
    const hope = resetsAt === null ? '' : ` It starts anew at ${resetsAt.toISOString()}.`;
    super(`${metric} would become ${current}, and its limit is ${limit}.${hope}`);
    this.metric = metric;
    this.current = current;
    this.limit = limit;
    this.resetsAt = resetsAt;
  }
}
