import { setTimeout as delay } from 'node:timers/promises';
import { DomainError } from '../platform/errors.ts';
import type { LiveHub } from './hub.ts';

interface LiveStreamOptions<Event> {
  readonly hub: LiveHub;
  readonly topic: string;
  readonly id: string;
  /** Reads what is new since the last call; null when nothing is. The first call gives the present state. */
  readonly read: () => Promise<Event | null>;
}

const RETRY_FIRST_MS = 100;
const RETRY_FOR_MS = 30_000;

/**
 * The present state of one thing and then its every change, for one subscriber. It reads only when the subscriber asks for
 * the next event and a hint came since the last; hints fold into one, so that a slow subscriber costs no memory.
 * A database that is away is waited for; what was missed meanwhile is read when it is back.
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
      if (!this.#pending) await this.#nextHint();
      if (this.#done) break;
      this.#pending = false;
      const event = await this.#read();
      if (event !== null && !this.#done) return { value: event, done: false };
    }
    return { value: undefined, done: true };
  }

  async return(): Promise<IteratorResult<Event>> {
    this.#done = true;
    this.#unwatch();
    this.#wake?.();
    return { value: undefined, done: true };
  }

  #nextHint(): Promise<void> {
    return new Promise((resolve) => {
      this.#wake = resolve;
    });
  }

  async #read(): Promise<Event | null> {
    const giveUpAt = performance.now() + RETRY_FOR_MS;
    for (let wait = RETRY_FIRST_MS; ; wait *= 2) {
      try {
        return await this.#options.read();
      } catch (error) {
        if (error instanceof DomainError || this.#done || performance.now() + wait > giveUpAt)
          throw error;
        await delay(wait, undefined, { ref: false });
      }
    }
  }
}
