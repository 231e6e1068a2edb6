import {
  type GraphQLFieldResolver,
  type GraphQLResolveInfo,
  type GraphQLSchema,
  isObjectType,
} from 'graphql';
import { expect } from 'vitest';

// An operation that a test sends is answered in several ways, which all have to answer the same. It must not be done several
// times, though: resolvers run once, and the other ways are given what they answered.

type Answers = Map<string, { readonly value: unknown } | { readonly thrown: unknown }>;

// Properties rather than a WeakMap: Apollo executes with a copy of the context that it is given.
const RECORDED = Symbol('recorded');
const REPLAYED = Symbol('replayed');

interface Context {
  [RECORDED]?: Answers;
  readonly [REPLAYED]?: Answers;
}

/** Makes resolvers remember what they answer to operations with this context, or with copies of it. */
export function record(context: object): void {
  (context as Context)[RECORDED] ??= new Map();
}

/** A context in which everything is answered as it was in this one, and no resolver runs. */
export function replayOf<Recorded extends object>(context: Recorded): Recorded {
  const { [RECORDED]: answers, ...plain } = context as Recorded & Context;
  return { ...plain, [REPLAYED]: answers } as unknown as Recorded;
}

export function isReplay(context: object): boolean {
  return (context as Context)[REPLAYED] !== undefined;
}

const wrapped = new WeakSet<GraphQLSchema>();

/** Lets the resolvers of a schema be recorded and replayed. */
export function recordResolvers(schema: GraphQLSchema): void {
  if (wrapped.has(schema)) return;
  wrapped.add(schema);
  for (const type of Object.values(schema.getTypeMap())) {
    if (!isObjectType(type) || type.name.startsWith('__')) continue;
    for (const field of Object.values(type.getFields())) {
      if (field.resolve !== undefined) field.resolve = recording(field.resolve);
    }
  }
}

function recording(
  resolve: GraphQLFieldResolver<unknown, Context>,
): GraphQLFieldResolver<unknown, Context> {
  return (root, args, context, info) => {
    const path = pathOf(info);
    const replay = context[REPLAYED]?.get(path);
    if (replay !== undefined) {
      if ('thrown' in replay) throw replay.thrown;
      return replay.value;
    }
    expect(isReplay(context), `${path} is resolved by one way and not by the other`).toBe(false);
    const answers = context[RECORDED];
    try {
      const value = resolve(root, args, context, info);
      answers?.set(path, { value });
      return value;
    } catch (thrown) {
      answers?.set(path, { thrown });
      throw thrown;
    }
  };
}

function pathOf({ path }: GraphQLResolveInfo): string {
  const keys: (string | number)[] = [];
  for (let step: typeof path | undefined = path; step !== undefined; step = step.prev)
    keys.unshift(step.key);
  return keys.join('.');
}
