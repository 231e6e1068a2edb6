import { execFile } from 'node:child_process';
import {
  chmod,
  copyFile,
  lstat,
  mkdir,
  mkdtemp,
  readdir,
  readFile,
  rename,
  rm,
  symlink,
} from 'node:fs/promises';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { basename, dirname, join, relative } from 'node:path';
import { promisify } from 'node:util';
import { type ServerUser, serverEnvironment } from './embedded-postgres-system.ts';

const run = promisify(execFile);

export interface Binaries {
  postgres: string;
  initdb: string;
  pgCtl: string;
  majorVersion: string;
}

interface PostgresPackage {
  root: string;
  native: string;
  version: string;
}

/**
 * Finds PostgreSQL's programs for this machine, such that `user` (undefined: ourselves) can run them.
 *
 * They are taken from the platform's npm package where that works, after putting back the library links
 * that its blocked install script would have made. Where the package cannot be read by `user` or lacks the
 * links and is read-only, a copy is made in the first of `copyPlaces` (or a common place) that works.
 * Throws when the platform has no package, or when the programs run nowhere.
 */
export async function findBinaries(
  user: ServerUser | undefined,
  copyPlaces: readonly string[],
): Promise<Binaries> {
  const source = await locatePackage();
  if (await runs(source.native, user)) return binariesIn(source.native, source.version);

  await linkLibraries(source, source.native).catch(() => undefined);
  let failure = await whyNot(source.native, user);
  if (failure === undefined) return binariesIn(source.native, source.version);

  for (const place of [...copyPlaces, ...commonPlaces()]) {
    try {
      const copy = await copyPackage(source, place);
      failure = await whyNot(copy, user);
      if (failure === undefined) return binariesIn(copy, source.version);
    } catch (error) {
      failure = error;
    }
  }
  throw new Error(
    `PostgreSQL from ${source.root} does not run on this machine. Set DATABASE_URL to use a server of your own.`,
    { cause: failure },
  );
}

async function locatePackage(): Promise<PostgresPackage> {
  const platform = process.platform === 'win32' ? 'windows' : process.platform;
  const name = `@embedded-postgres/${platform}-${process.arch}`;
  let entry: string;
  try {
    entry = createRequire(import.meta.url).resolve(name);
  } catch (cause) {
    throw new Error(
      `There is no embedded PostgreSQL for this machine: the package ${name} is not installed. ` +
        'Install the packages with their optional ones, or set DATABASE_URL to use a server of your own.',
      { cause },
    );
  }
  const root = dirname(dirname(entry));
  const manifest: { version: string } = JSON.parse(
    await readFile(join(root, 'package.json'), 'utf8'),
  );
  return { root, native: join(root, 'native'), version: manifest.version };
}

async function runs(native: string, user: ServerUser | undefined): Promise<boolean> {
  return (await whyNot(native, user)) === undefined;
}

/** Tries the programs for real: permissions, mount options and missing libraries all show this way. */
async function whyNot(native: string, user: ServerUser | undefined): Promise<unknown> {
  const { postgres, initdb } = programsIn(native);
  const options = { ...user, cwd: '/', env: serverEnvironment(), windowsHide: true };
  try {
    await run(postgres, ['--version'], options);
    await run(initdb, ['--version'], options);
    return undefined;
  } catch (error) {
    return error;
  }
}

function binariesIn(native: string, version: string): Binaries {
  return { ...programsIn(native), majorVersion: version.slice(0, version.indexOf('.')) };
}

function programsIn(native: string): Omit<Binaries, 'majorVersion'> {
  const program = (name: string) =>
    join(native, 'bin', process.platform === 'win32' ? `${name}.exe` : name);
  return { postgres: program('postgres'), initdb: program('initdb'), pgCtl: program('pg_ctl') };
}

async function linkLibraries(source: PostgresPackage, native: string): Promise<void> {
  const list = await readFile(join(source.native, 'pg-symlinks.json'), 'utf8').catch(() => '[]');
  const links: { source: string; target: string }[] = JSON.parse(list);
  for (const link of links) {
    const target = join(native, relative('native', link.target));
    const from = relative(dirname(link.target), link.source);
    await symlink(from, target).catch((error: NodeJS.ErrnoException) => {
      if (error.code !== 'EEXIST') throw error;
    });
  }
}

/** Places for a copy that outlive a reboot come first: cleaners empty the temporary folder under a running server. */
function commonPlaces(): string[] {
  return process.geteuid?.() === 0 ? ['/var/cache/tollgate', tmpdir()] : [tmpdir()];
}

async function copyPackage(source: PostgresPackage, place: string): Promise<string> {
  const target = join(
    place,
    `tollgate-postgres-${source.version}-${process.geteuid?.() ?? 'shared'}`,
  );
  if (await isOurCopy(target, source)) return target;

  const created = await mkdir(place, { recursive: true });
  if (created !== undefined) await chmod(place, 0o755);
  const building = await mkdtemp(`${target}.`);
  try {
    await copyTree(source.native, building);
    await linkLibraries(source, building);
    await rm(target, { recursive: true, force: true });
    await rename(building, target);
  } catch (error) {
    // Another process may have put the same copy there in the meantime.
    if (!(await isOurCopy(target, source))) throw error;
  } finally {
    await rm(building, { recursive: true, force: true });
  }
  return target;
}

/** A copy counts only when it is complete and nobody else could have written it. */
async function isOurCopy(target: string, source: PostgresPackage): Promise<boolean> {
  const found = await lstat(target).catch(() => undefined);
  const uid = process.geteuid?.();
  if (!found?.isDirectory()) return false;
  if (uid !== undefined && (found.uid !== uid || (found.mode & 0o022) !== 0)) return false;
  return await sameFiles(source.native, target);
}

async function sameFiles(from: string, to: string): Promise<boolean> {
  for (const entry of await readdir(from, { withFileTypes: true, recursive: true })) {
    if (!entry.isFile() || !isNeeded(entry.name)) continue;
    const path = join(entry.parentPath, entry.name);
    const [original, copy] = await Promise.all([
      lstat(path),
      lstat(join(to, relative(from, path))).catch(() => undefined),
    ]);
    if (original.size !== copy?.size) return false;
  }
  return true;
}

async function copyTree(from: string, to: string): Promise<void> {
  await mkdir(to, { recursive: true });
  // Permissions are set outright: the installing user's umask may have hidden the files from everybody else.
  await chmod(to, 0o755);
  for (const entry of await readdir(from, { withFileTypes: true })) {
    const source = join(from, entry.name);
    const target = join(to, entry.name);
    if (entry.isDirectory()) {
      await copyTree(source, target);
    } else if (entry.isFile() && isNeeded(entry.name)) {
      await copyFile(source, target);
      await chmod(target, basename(from) === 'bin' ? 0o755 : 0o644);
    }
  }
}

function isNeeded(file: string): boolean {
  return !file.endsWith('.a');
}
