import {
  type ExecutionResult,
  execute,
  type GraphQLFieldResolver,
  type GraphQLResolveInfo,
  type GraphQLSchema,
  isObjectType,
} from 'graphql';
import { afterAll, expect, vi } from 'vitest';
import type { Execution } from '../../src/edge/compiled-operations.ts';
import { DomainError } from '../../src/platform/errors.ts';

// Whatever operation any test sends is executed as a compiled function and by graphql-js: both have to answer the same. It
// must not happen twice, though: resolvers run in the compiled function, and graphql-js is given what they answered.

type Answers = Map<string, { readonly value: unknown } | { readonly thrown: unknown }>;

const recorded = new WeakMap<object, Answers>();
const replayed = new WeakMap<object, Answers>();
const differences: unknown[] = [];

vi.mock('../../src/edge/compiled-operations.ts', async (importOriginal) => {
  const original = await importOriginal<typeof import('../../src/edge/compiled-operations.ts')>();
  return {
    ...original,
    CompiledOperations: class extends original.CompiledOperations {
      readonly #schema: GraphQLSchema;

      constructor(schema: GraphQLSchema) {
        super(schema, 0);
        this.#schema = schema;
        recordResolvers(schema);
      }

      override async execute(execution: Execution): Promise<ExecutionResult> {
        const answers: Answers = new Map();
        recorded.set(execution.contextValue as object, answers);
        const compiled = await super.execute(execution);
        const contextValue = { ...(execution.contextValue as object) };
        replayed.set(contextValue, answers);
        const interpreted = await execute({ ...execution, contextValue, schema: this.#schema });
        if (shown(compiled) !== shown(interpreted))
          differences.push({ query: execution.document.loc?.source.body, compiled, interpreted });
        return compiled;
      }
    },
  };
});

afterAll(() => {
  expect(differences, 'operations that answer otherwise when compiled').toEqual([]);
});

const wrapped = new WeakSet<GraphQLSchema>();

function recordResolvers(schema: GraphQLSchema): void {
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
  resolve: GraphQLFieldResolver<unknown, object>,
): GraphQLFieldResolver<unknown, object> {
  return (root, args, context, info) => {
    const path = pathOf(info);
    const replay = replayed.get(context)?.get(path);
    if (replay !== undefined) {
      if ('thrown' in replay) throw replay.thrown;
      return replay.value;
    }
    expect(replayed.has(context), `${path} is resolved by both executors`).toBe(false);
    const answers = recorded.get(context);
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

/**
 * Everything that a client can see of it. Where several fields failed below one that became null, each executor may name
 * another of them: the specification leaves that open, so the place counts.
 */
function shown({ data, errors }: ExecutionResult): string {
  const seen = errors?.map((error) => {
    const place = nulledPlace(data, error.path ?? []);
    if (place !== null) return `below ${place}`;
    const { message, path, locations, originalError } = error;
    return JSON.stringify({ message, path, locations, cause: codeOf(originalError) });
  });
  return JSON.stringify({ data, errors: [...new Set(seen)].sort() });
}

/** A value that its scalar refuses has no cause when compiled; what clients are told depends on refusals only. */
function codeOf(cause: unknown): string | null {
  return cause instanceof DomainError ? cause.code : null;
}

/** The field above this one that became null because of it; null when it is the field itself. */
function nulledPlace(data: unknown, path: readonly (string | number)[]): string | null {
  let at: unknown = data;
  for (const [depth, key] of path.entries()) {
    if (at === null || at === undefined) return path.slice(0, depth).join('.');
    at = (at as Record<string | number, unknown>)[key];
  }
  return null;
}
