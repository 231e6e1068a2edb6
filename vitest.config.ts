import { defineConfig } from 'vitest/config';

export default defineConfig({
  resolve: {
    // Some packages load graphql as CommonJS and some as ESM; two copies refuse each other's objects.
    alias: [{ find: /^graphql$/, replacement: 'graphql/index.js' }],
  },
  test: {
    include: ['test/**/*.test.ts'],
    setupFiles: ['reflect-metadata', 'test/support/both-executors.ts', 'test/support/both-ways.ts'],
    globalSetup: ['test/support/global-setup.ts'],
    pool: 'forks',
    maxWorkers: 2,
    testTimeout: 30_000,
    hookTimeout: 60_000,
    teardownTimeout: 30_000,
  },
});
