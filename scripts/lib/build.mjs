import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { copyFile, mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { dirname, join, relative } from 'node:path';
import { withLock } from './lock.mjs';
import { environmentFor } from './node.mjs';
import { CannotContinue, root, say } from './project.mjs';
import { capture } from './run.mjs';

const SRC = join(root, 'src');
const DIST = join(root, 'dist');
const STAMP = join(DIST, '.built-from');
const COMPILER_STATE = join(DIST, '.tsbuildinfo');

/** Compiles src into dist when src changed since the last time, and copies what is no program, such as schemas. */
export async function ensureBuilt(node) {
  if (await isBuilt()) return;
  await withLock(join(DIST, '.build.lock'), 'compiling', async () => {
    if (await isBuilt()) return;
    await build(node);
  });
}

async function isBuilt() {
  const stamp = await readFile(STAMP, 'utf8').catch(() => '');
  if (stamp === '' || stamp !== (await fingerprint())) return false;
  return (await sources()).every((file) => !outputOf(file) || existsSync(outputOf(file)));
}

/** By content: a checkout or an image build changes every file's time. */
async function fingerprint() {
  const hash = createHash('sha256');
  for (const file of [...(await sources()), 'tsconfig.json', 'tsconfig.build.json']) {
    const path = file.startsWith('tsconfig') ? join(root, file) : join(SRC, file);
    hash
      .update(`${file}\0`)
      .update(await readFile(path))
      .update('\0');
  }
  return hash.digest('hex');
}

async function sources() {
  return (await filesIn(SRC)).sort();
}

async function filesIn(folder) {
  const entries = await readdir(folder, { withFileTypes: true, recursive: true });
  return entries
    .filter((entry) => entry.isFile())
    .map((entry) => relative(folder, join(entry.parentPath ?? entry.path, entry.name)));
}

/** Where a file of src ends up; undefined for those that nothing comes of. */
function outputOf(file) {
  if (/\.(md|d\.ts)$/.test(file)) return undefined;
  return join(DIST, file.replace(/\.ts$/, '.js'));
}

async function build(node) {
  say('compiling ...');
  const startedAt = performance.now();
  const before = await fingerprint();
  const files = await sources();
  // The compiler believes its notes, not the folder: what was deleted by hand would stay away.
  const isComplete = files.every((file) => !outputOf(file) || existsSync(outputOf(file)));
  if (!isComplete) await rm(COMPILER_STATE, { force: true });

  const compiler = join(root, 'node_modules', 'typescript', 'bin', 'tsc');
  const { code, output } = await capture(node, [compiler, '-p', 'tsconfig.build.json'], {
    cwd: root,
    env: environmentFor(node),
  });
  if (code !== 0) throw new CannotContinue(`the program does not compile:\n${output.trim()}`);
  await copyAssets(files);
  await removeStale(files);
  await writeFile(STAMP, before);
  say(`compiled in ${((performance.now() - startedAt) / 1000).toFixed(1)} s`);
}

async function copyAssets(files) {
  for (const file of files.filter((name) => !name.endsWith('.ts') && outputOf(name))) {
    await mkdir(dirname(outputOf(file)), { recursive: true });
    await copyFile(join(SRC, file), outputOf(file));
  }
}

/** A module that was deleted from src must not live on in dist. */
async function removeStale(files) {
  const expected = new Set(
    files.flatMap((file) => (outputOf(file) ? [outputOf(file), `${outputOf(file)}.map`] : [])),
  );
  for (const file of await filesIn(DIST)) {
    const path = join(DIST, file);
    if (/\.(js|js\.map|json)$/.test(file) && file !== 'test-counts.json' && !expected.has(path))
      await rm(path, { force: true });
  }
}
