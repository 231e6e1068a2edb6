import { AsyncLocalStorage } from 'node:async_hooks';

const background = new AsyncLocalStorage<true>();

/**
 * Runs work that nobody waits for, such as a job: its statements may take as long as they need, on connections of their
 * own, so that neither the work nor those who wait for an answer can take the connections of the other.
 */
export function inBackground<Outcome>(work: () => Promise<Outcome>): Promise<Outcome> {
  return background.run(true, work);
}

export function isInBackground(): boolean {
  return background.getStore() === true;
}
