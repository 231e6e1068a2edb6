import type { GraphQLSchema } from 'graphql';
import { type BuildSchemaOptions, buildSchema } from 'type-graphql';

/** The resolver objects, made by the composition root, by their classes. */
export type Resolvers = ReadonlyMap<unknown, object>;

/** Keeps resolver objects by their classes. */
export function resolverMap(resolvers: readonly object[]): Resolvers {
  return new Map(resolvers.map((resolver) => [resolver.constructor, resolver]));
}

/** Builds the executable schema from resolvers that are made already. */
export function buildGraphSchema(resolvers: Resolvers): Promise<GraphQLSchema> {
  return buildSchema({
    resolvers: [...resolvers.keys()] as unknown as BuildSchemaOptions['resolvers'],
    container: { get: (type) => resolvers.get(type) },
    validate: false,
    // Every subscription brings its own stream; type-graphql wants this all the same.
    pubSub: { subscribe: () => noStream(), publish: () => undefined },
  });
}

function noStream(): never {
  throw new Error('Subscriptions have their own streams.');
}
