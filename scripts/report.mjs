// Prints the numbers of the last `npm test` as one line. Exit code 1 when no test ran.
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { root } from './lib/project.mjs';

const report = await readFile(join(root, 'dist', 'test-report.json'), 'utf8').then(
  JSON.parse,
  () => undefined,
);
const passed = report?.numPassedTests ?? 0;
// A file that cannot even be loaded has no tests to count.
const unloadable = report?.testResults.filter(
  (file) => file.status === 'failed' && file.assertionResults.length === 0,
);
const failed = (report?.numFailedTests ?? 0) + (unloadable?.length ?? 0);
process.stdout.write(`${passed} passed, ${failed} failed\n`);
process.exitCode = passed + failed === 0 ? 1 : 0;
