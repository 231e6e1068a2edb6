import { AsyncLocalStorage } from 'node:async_hooks';

/** Finds out whether something is still as it was. */
type Holds = () => boolean | Promise<boolean>;

const present = new AsyncLocalStorage<Grounds | null>();

/**
 * On what an answer rests: what was read while it was made, each with a way to find out whether it is still so. Whatever a
 * process can look at (its database, the clock, what it keeps in memory of either) says so here; what says nothing more than
 * that it was looked at may be otherwise the next moment. An answer is as good as a new one only while all its grounds hold.
 */
export class Grounds {
  #all: Holds[] = [];
  #isUnknown = false;
  #failure: { readonly cause: unknown } | null = null;

  /** Does the work, and gathers on what its outcome rests. */
  gatherFor<Outcome>(work: () => Promise<Outcome>): Promise<Outcome> {
    return present.run(this, work);
  }

  /** Does the work as if all that it would look at failed of this: whoever has waited for it in vain is not to wait again. */
  static failing<Outcome>(cause: unknown, work: () => Promise<Outcome>): Promise<Outcome> {
    const grounds = new Grounds();
    grounds.#failure = { cause };
    return present.run(grounds, work);
  }

  /** Whether there is something on which it rests, and all of that can be asked whether it is still so. */
  get areKnown(): boolean {
    return !this.#isUnknown && this.#all.length > 0;
  }

  /** Looks whether everything is still as it was, after it was asked to. Rejects when it cannot be looked at. */
  async hold(): Promise<boolean> {
    if (!this.areKnown) return false;
    const found = await Promise.all(this.#all.map((holds) => holds()));
    return found.every((isStillSo) => isStillSo);
  }

  add(holds: Holds): void {
    if (!this.#isUnknown) this.#all.push(holds);
  }

  addUnknown(): void {
    this.failIfFailing();
    this.#isUnknown = true;
    this.#all = [];
  }

  /** Throws what all looking is to fail of. */
  failIfFailing(): void {
    if (this.#failure !== null) throw this.#failure.cause;
  }
}

/** What is being done rests on something that can be looked at again; `holds` is asked whether it is still so. */
export function restOn(holds: Holds): void {
  present.getStore()?.add(holds);
}

/** What is being done rests on something that may be otherwise the next moment. */
export function restOnUnknown(): void {
  present.getStore()?.addUnknown();
}

/** Whether anybody wants to know on what it rests. */
export function areGroundsGathered(): boolean {
  return (present.getStore() ?? null) !== null;
}

/** Does something of which the caller says by itself on what it rests. */
export function apart<Outcome>(work: () => Outcome): Outcome {
  const grounds = present.getStore() ?? null;
  if (grounds === null) return work();
  grounds.failIfFailing();
  return present.run(null, work);
}
