import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { root } from './project.mjs';

/** Where the numbers of the last run are left for `.ci/run`. */
export const COUNTS = join(root, 'dist', 'test-counts.json');

/** A vitest reporter that says nothing and writes down how many tests passed and failed. */
export default class CountReporter {
  async onTestRunEnd(modules, unhandledErrors) {
    const counts = { passed: 0, failed: unhandledErrors.length };
    for (const module of modules) {
      // A file that cannot be loaded, or a suite whose hook failed, has no failing test to show for it.
      const suites = [module, ...module.children.allSuites()];
      counts.failed += suites.filter((suite) => suite.errors().length > 0).length;
      for (const test of module.children.allTests()) {
        const { state } = test.result();
        if (state === 'passed' || state === 'failed') counts[state] += 1;
      }
    }
    await writeFile(COUNTS, JSON.stringify(counts));
  }
}
