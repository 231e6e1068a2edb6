import { type GraphQLSchema, lexicographicSortSchema, printSchema } from 'graphql';
import { type BuildSchemaOptions, buildSchema } from 'type-graphql';
import { callMethodsDirectly, readFieldsDirectly } from './direct-resolvers.ts';

/** The resolver objects, made by the composition root, by their classes. */
export type Resolvers = ReadonlyMap<unknown, object>;

/** Keeps resolver objects by their classes. */
export function resolverMap(resolvers: readonly object[]): Resolvers {
  return new Map(resolvers.map((resolver) => [resolver.constructor, resolver]));
}

/** Builds the executable schema from resolvers that are made already. */
export async function buildGraphSchema(resolvers: Resolvers): Promise<GraphQLSchema> {
  readFieldsDirectly();
  const schema = await buildSchema({
    resolvers: [...resolvers.keys()] as unknown as BuildSchemaOptions['resolvers'],
    container: { get: (type) => resolvers.get(type) },
    validate: false,
    // Every subscription brings its own stream; type-graphql wants this all the same.
    pubSub: { subscribe: () => noStream(), publish: () => undefined },
  });
  callMethodsDirectly(schema, resolvers);
  return schema;
}

/** The schema as text, in an order that does not depend on who imports whom: `schema.graphql`. */
export function printGraphSchema(schema: GraphQLSchema): string {
  return `${printSchema(lexicographicSortSchema(schema))}\n`;
}

function noStream(): never {
  throw new Error('Subscriptions have their own streams.');
}
