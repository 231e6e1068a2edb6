import type { GraphQLSchema } from 'graphql';
import { type BuildSchemaOptions, buildSchema } from 'type-graphql';

/** A resolver object, made by the composition root. */
export type ResolverInstance = object;

/** Builds the executable schema from resolvers that are made already. */
export function buildGraphSchema(resolvers: readonly ResolverInstance[]): Promise<GraphQLSchema> {
  const byClass = new Map(resolvers.map((resolver) => [resolver.constructor, resolver]));
  const classes = [...byClass.keys()] as unknown as BuildSchemaOptions['resolvers'];
  return buildSchema({
    resolvers: classes,
    container: { get: (type) => byClass.get(type) },
    validate: false,
    // Every subscription brings its own stream; type-graphql wants this all the same.
    pubSub: { subscribe: () => noStream(), publish: () => undefined },
  });
}

function noStream(): never {
  throw new Error('Subscriptions have their own streams.');
}
