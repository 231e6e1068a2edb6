import { fileURLToPath } from 'node:url';

/** The project's folder. */
export const root = fileURLToPath(new URL('../..', import.meta.url));

/** A reason to stop that the reader can do something about: shown as one message, without a stack. */
export class CannotContinue extends Error {}

/** One line about what is going on, on standard error: standard output belongs to the program that is started. */
export function say(line) {
  process.stderr.write(`tollgate: ${line}\n`);
}

/** Runs a script's main function; its return value is the exit code. */
export async function main(run) {
  try {
    assertNode();
    process.exitCode = await run();
  } catch (error) {
    if (!(error instanceof CannotContinue)) throw error;
    say(error.message);
    process.exitCode = 1;
  }
}

function assertNode() {
  const major = Number(process.versions.node.split('.')[0]);
  if (major < 20) {
    throw new CannotContinue(
      `this is Node ${process.versions.node}; install Node 20 or newer from https://nodejs.org`,
    );
  }
}
