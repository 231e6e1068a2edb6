import { defineConfig } from 'vitest/config';
import { BaseSequencer, type TestSpecification } from 'vitest/node';

/** What takes longest, so that nobody waits for it alone at the end. */
const LONG = ['permutations', 'unknown-outcomes', 'due-rows', 'embedded-postgres', 'test/process/'];

class LongestFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const { long = [], short = [] } = Object.groupBy(await super.sort(files), ({ moduleId }) =>
      LONG.some((part) => moduleId.includes(part)) ? 'long' : 'short',
    );
    return [...long, ...short];
  }
}

export default defineConfig({
  resolve: {
    // Some packages load graphql as CommonJS and some as ESM; two copies refuse each other's objects.
    alias: [{ find: /^graphql$/, replacement: 'graphql/index.js' }],
  },
  test: {
    include: ['test/**/*.test.ts'],
    setupFiles: [
      'reflect-metadata',
      'test/support/both-executors.ts',
      'test/support/both-ways.ts',
      'test/support/kept-and-made.ts',
    ],
    globalSetup: ['test/support/global-setup.ts'],
    pool: 'forks',
    // Many tests wait for a time to pass: more files at once than there are cores.
    maxWorkers: 3,
    sequence: { sequencer: LongestFirst },
    testTimeout: 30_000,
    hookTimeout: 60_000,
    teardownTimeout: 30_000,
  },
});
