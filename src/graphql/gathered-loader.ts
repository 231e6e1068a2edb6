import DataLoader from 'dataloader';
import { GatheredReads } from '../live/gathered-reads.ts';
import { type GraphContext, perRequest } from './context.ts';

/** The loader of one request. Undefined: there is no such thing. */
export type RequestLoader<Value> = (ctx: GraphContext) => DataLoader<string, Value | undefined>;

const LARGEST_BATCH = 1_000;

/**
 * Makes a loader for each request. Each remembers what it loaded; what they have not loaded yet they read together, so that
 * requests that come at the same time share one statement. A read begins after it was asked for: nobody is shown what was
 * true before.
 */
export function gatheredLoader<Value>(
  read: (keys: readonly string[]) => Promise<ReadonlyMap<string, Value>>,
): RequestLoader<Value> {
  const reads = new GatheredReads<Value>({ read, maxBatch: LARGEST_BATCH });
  return perRequest(
    () => new DataLoader((keys) => Promise.all(keys.map((key) => reads.read(key)))),
  );
}
