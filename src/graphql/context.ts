import type DataLoader from 'dataloader';
import type { Caller } from '../features/account/caller.model.ts';

/** What every resolver of one request shares. */
export interface GraphContext {
  readonly caller: Caller;
  readonly requestId: string;
  /** The resolver objects by their classes: a subscription's stream is opened outside of any of them. */
  readonly resolvers: ReadonlyMap<unknown, object>;
}

/** A loader that lives as long as one request: made at its first use, the same one after that. */
export function perRequest<Key, Value, CacheKey = Key>(
  make: () => DataLoader<Key, Value, CacheKey>,
): (ctx: GraphContext) => DataLoader<Key, Value, CacheKey> {
  const loaders = new WeakMap<GraphContext, DataLoader<Key, Value, CacheKey>>();
  return (ctx) => {
    const known = loaders.get(ctx);
    if (known !== undefined) return known;
    const made = make();
    loaders.set(ctx, made);
    return made;
  };
}

interface SubscribeData {
  readonly context: unknown;
  readonly args: unknown;
}

/** Opens a subscription's stream with a method of the resolver that it stands in. */
export function openedBy<Args, Resolver extends object>(
  type: () => abstract new (...args: never[]) => Resolver,
  open: (resolver: Resolver, ctx: GraphContext, args: Args) => Promise<AsyncIterable<unknown>>,
) {
  return ({ context, args }: SubscribeData): Promise<AsyncIterable<unknown>> => {
    const ctx = context as GraphContext;
    return open(ctx.resolvers.get(type()) as Resolver, ctx, args as Args);
  };
}
