import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { delimiter, dirname, join } from 'node:path';
import { CannotContinue, root } from './project.mjs';

const MAJOR = 24;

/**
 * What the gateway's Node is told. Young objects have 64 MiB instead of 16: most of them are an answer's, and gone before these are
 * full, so that the collector has less to copy while somebody waits. None of them is made old from the start: where V8 guesses that
 * what a line of code makes will live long, it keeps all of an answer, and whatever that points to, until the next thorough collection.
 */
export const nodeFlags = JSON.parse(readFileSync(new URL('node-flags.json', import.meta.url), 'utf8'));

/** The Node that Tollgate runs on: our own when it is new enough, else the one among the packages. */
export function findNode() {
  if (majorOf(process.versions.node) >= MAJOR) return process.execPath;
  const isWindows = process.platform === 'win32';
  const name = `node-${isWindows ? 'win' : process.platform}-${process.arch}`;
  const path = join(root, 'node_modules', name, 'bin', isWindows ? 'node.exe' : 'node');
  if (!existsSync(path)) {
    throw new CannotContinue(
      `Tollgate runs on Node ${MAJOR}, which cannot be installed by itself on ${process.platform} ${process.arch}; ` +
        'install it from https://nodejs.org',
    );
  }
  const version = versionOf(path);
  if (majorOf(version) < MAJOR) {
    throw new CannotContinue(
      `${path} is Node ${version}, not ${MAJOR}; remove node_modules and start again`,
    );
  }
  return path;
}

/** An environment in which programs that say `node` get this one. */
export function environmentFor(node) {
  const name = Object.keys(process.env).find((key) => key.toUpperCase() === 'PATH') ?? 'PATH';
  return { ...process.env, [name]: [dirname(node), process.env[name]].join(delimiter) };
}

function majorOf(version) {
  return Number(version.split('.')[0]);
}

function versionOf(node) {
  try {
    return execFileSync(node, ['--version'], { encoding: 'utf8' }).trim().replace('v', '');
  } catch (error) {
    throw new CannotContinue(`${node} does not run on this machine: ${error.message}`);
  }
}
