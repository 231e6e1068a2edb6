import { readFile } from 'node:fs/promises';
import { describe, expect, it } from 'vitest';
import { composeResolvers } from '../../src/app/resolvers.ts';
import type { Services } from '../../src/app/services.ts';
import { buildGraphSchema, printGraphSchema } from '../../src/graphql/schema.ts';

describe('schema.graphql', () => {
  it('is what the types declare (npm run schema prints it anew)', async () => {
    const schema = await buildGraphSchema(composeResolvers({} as Services));
    const committed = await readFile(new URL('../../schema.graphql', import.meta.url), 'utf8');
    expect(printGraphSchema(schema)).toBe(committed);
  });
});
