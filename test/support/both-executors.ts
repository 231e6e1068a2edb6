import { type ExecutionResult, execute, type GraphQLSchema } from 'graphql';
import { afterAll, expect, vi } from 'vitest';
import type { Execution } from '../../src/edge/compiled-operations.ts';
import { DomainError } from '../../src/platform/errors.ts';
import { isReplay, record, recordResolvers, replayOf } from './recorded-resolvers.ts';

// Whatever operation any test sends is executed as a compiled function and by graphql-js: both have to answer the same.

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
        const context = execution.contextValue as object;
        if (isReplay(context)) return super.execute(execution);
        record(context);
        const compiled = await super.execute(execution);
        const contextValue = replayOf(context);
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
