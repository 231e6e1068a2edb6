import { setTimeout as delay } from 'node:timers/promises';
import { isDeepStrictEqual } from 'node:util';
import { isPassing } from '../platform/database/database-away.ts';
import type { LiveHub } from './hub.ts';

interface LiveStreamOptions<Event> {
  readonly hub: LiveHub;
  readonly topic: string;
  readonly id: string;
  /** Reads what is new since the last call; null when nothing is. The first call gives the present state. */
  readonly read: () => Promise<Event | null>;
}

const RETRY_FIRST_MS = 100;
const RETRY_LAST_MS = 2_000;

/**
 * The present state of one thing and then its every change, for one subscriber. It reads only when the subscriber asks for
 * the next event and a hint came since the last; hints fold into one, so that a slow subscriber costs no memory.
 * A database that is away is waited for; what was missed meanwhile is read when it is back. Any other failure ends the
 * stream.
 */
export class LiveStream<Event> implements AsyncIterableIterator<Event> {
  readonly #options: LiveStreamOptions<Event>;
  readonly #unwatch: () => void;
  #pending = true;
  #done = false;
  #wake: (() => void) | null = null;

  constructor(options: LiveStreamOptions<Event>) {
    this.#options = options;
    this.#unwatch = options.hub.watch(options.topic, options.id, () => {
      this.#pending = true;
      this.#wake?.();
    });
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  async next(): Promise<IteratorResult<Event>> {
    while (!this.#done) {
      if (!this.#pending) {
        await this.#nextHint();
        continue;
      }
      // Before reading: a hint that comes while it reads may tell of something newer.
      this.#pending = false;
      const event = await this.#read();
      if (event !== null && !this.#done) return { value: event, done: false };
    }
    return { value: undefined, done: true };
  }

  async return(): Promise<IteratorResult<Event>> {
    this.#end();
    return { value: undefined, done: true };
  }

  #end(): void {
    this.#done = true;
    this.#unwatch();
    this.#wake?.();
  }

  #nextHint(): Promise<void> {
    return new Promise((resolve) => {
      this.#wake = resolve;
    });
  }

  async #read(): Promise<Event | null> {
    for (let wait = RETRY_FIRST_MS; !this.#done; wait = Math.min(wait * 2, RETRY_LAST_MS)) {
      try {
        return await this.#options.read();
      } catch (error) {
        if (!isPassing(error)) {
          // Whoever iterates does not close what failed by itself.
          this.#end();
          throw error;
        }
        await delay(wait, undefined, { ref: false });
      }
    }
    return null;
  }
}

/** Reads of a whole state, as a stream wants them: null as long as nothing in it changes. */
export function changesOnly<State>(read: () => Promise<State>): () => Promise<State | null> {
  let seen: { readonly state: State } | null = null;
  return async () => {
    const state = await read();
    if (seen !== null && isDeepStrictEqual(state, seen.state)) return null;
    seen = { state };
    return state;
  };
}
