// `npm test`: everything that has to hold. Stops at the first check that does not; the tests come last.
// With arguments (`npm test -- test/platform`) only the tests run, and vitest gets the arguments; with `--checks` only the checks.
import { existsSync, readdirSync } from 'node:fs';
import { mkdir, readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { ensureBuilt } from './lib/build.mjs';
import { COUNTS } from './lib/count-reporter.mjs';
import { ensureInstalled } from './lib/install.mjs';
import { environmentFor, findNode } from './lib/node.mjs';
import { main, root, say } from './lib/project.mjs';
import { capture, takeOver } from './lib/run.mjs';

/** The gateway's settings: the developer's own, real keys above all, have no business in tests. */
const SETTINGS =
  /^(PORT|HOST|DATABASE_URL|DATA_DIR|CATALOGUE|ADMIN_KEY|STRIPE_.*|CREEM_.*|SANDBOX_PORT|REDIRECT_ORIGINS|REDIS_URL|LOG_LEVEL|OTEL_EXPORTER_OTLP_ENDPOINT|TOKEN_SECRET|RECONCILE|STATEMENT_TIMEOUT_MS|ALLOWED_ORIGINS|TRUSTED_PROXIES|RATE_LIMIT_.*|SOCKETS_PER_.*|METRICS_TOKEN)(_FILE)?$/;

const CHECKS = [
  { name: 'format and lint', tool: '@biomejs/biome', args: ['ci', ...lintedPaths()] },
  { name: 'types', tool: 'typescript', bin: 'tsc', args: ['-p', 'tsconfig.json'] },
  {
    name: 'import rules',
    tool: 'dependency-cruiser',
    bin: 'depcruise',
    args: ['--config', '.dependency-cruiser.cjs', 'src'],
  },
  { name: 'unused code', tool: 'knip', args: [] },
  {
    name: 'generated code',
    tool: '@graphql-codegen/cli',
    bin: 'graphql-codegen',
    args: ['--check'],
    needs: 'codegen.ts',
  },
];

/** Given by name, because for `.` biome checks its own configuration's layout as well. */
function lintedPaths() {
  const scripts = readdirSync(root).filter((name) => name.endsWith('.ts'));
  return ['src', 'test', 'bench', ...scripts];
}

await main(async () => {
  await rm(COUNTS, { force: true });
  await ensureInstalled();
  const node = findNode();
  const env = testEnvironment(node);
  await ensureBuilt(node);
  const args = process.argv.slice(2);
  const isCheck = args[0] === '--checks';
  if ((args.length === 0 || isCheck) && !(await checksHold(node, env))) return 1;
  if (isCheck) return 0;
  return await runTests(node, env, args);
});

function testEnvironment(node) {
  const kept = Object.entries(environmentFor(node)).filter(([name]) => !SETTINGS.test(name));
  return { ...Object.fromEntries(kept), NODE_ENV: 'test' };
}

/** Two at a time, told in their order. */
async function checksHold(node, env) {
  const waiting = CHECKS.filter((check) => !check.needs || existsSync(join(root, check.needs)));
  const running = [];
  const startNext = () => {
    const check = waiting.shift();
    if (check) running.push({ check, result: runCheck(node, env, check).finally(startNext) });
  };
  startNext();
  startNext();
  for (let index = 0; index < running.length; index += 1) {
    const { check, result } = running[index];
    const { code, output, seconds } = await result;
    if (code !== 0) {
      waiting.length = 0;
      say(`✗ ${check.name}\n\n${output.trim()}\n`);
      say(`stopped: ${check.name} must hold before the tests run`);
      return false;
    }
    say(`✓ ${check.name} (${seconds} s)`);
  }
  return true;
}

async function runCheck(node, env, { tool, bin, args }) {
  const startedAt = performance.now();
  const colored = process.stderr.isTTY ? { FORCE_COLOR: '1' } : {};
  const result = await capture(node, [await programOf(tool, bin), ...args], {
    cwd: root,
    env: { ...env, ...colored },
  });
  return { ...result, seconds: ((performance.now() - startedAt) / 1000).toFixed(1) };
}

async function runTests(node, env, args) {
  // These outlive a change of configuration, and then let tests pass that should not.
  for (const cache of ['.vitest-cache', '.vite']) {
    await rm(join(root, 'node_modules', cache), { recursive: true, force: true }).catch(
      () => undefined,
    );
  }
  await mkdir(join(root, 'dist'), { recursive: true });
  const reporters = args.some((arg) => arg.startsWith('--reporter'))
    ? []
    : ['--reporter=default', `--reporter=${join(root, 'scripts', 'lib', 'count-reporter.mjs')}`];
  return await takeOver(node, [await programOf('vitest'), 'run', ...reporters, ...args], {
    cwd: root,
    env,
  });
}

/** The file that a package's command starts, to be run on the Node of our choice. */
async function programOf(tool, name) {
  const folder = join(root, 'node_modules', tool);
  const { bin } = JSON.parse(await readFile(join(folder, 'package.json'), 'utf8'));
  return join(folder, typeof bin === 'string' ? bin : (bin[name] ?? Object.values(bin)[0]));
}
