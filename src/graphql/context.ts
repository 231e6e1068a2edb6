import type DataLoader from 'dataloader';
import type { Caller } from '../features/account/caller.model.ts';

/** What every resolver of one request shares. */
export interface GraphContext {
  readonly caller: Caller;
  readonly requestId: string;
}

/** A loader that lives as long as one request: made at its first use, the same one after that. */
export function perRequest<Key, Value>(
  make: () => DataLoader<Key, Value, string>,
): (ctx: GraphContext) => DataLoader<Key, Value, string> {
  const loaders = new WeakMap<GraphContext, DataLoader<Key, Value, string>>();
  return (ctx) => {
    const known = loaders.get(ctx);
    if (known !== undefined) return known;
    const made = make();
    loaders.set(ctx, made);
    return made;
  };
}
