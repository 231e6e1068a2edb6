import { setTimeout as delay } from 'node:timers/promises';
import { isDeepStrictEqual } from 'node:util';
import { isPassing } from '../platform/database/database-away.ts';
import type { LiveHub } from './hub.ts';

/** What was read, and the place up to which everything is known now. */
interface Reading<Event, Place> {
  readonly event: Event;
  readonly place: Place;
}

interface LiveStreamOptions<Event, Place> {
  readonly hub: LiveHub;
  readonly topic: string;
  readonly id: string;
  /** Reads what is new after a place, null when nothing is; after null, the present state. */
  readonly read: (after: Place | null) => Promise<Reading<Event, Place> | null>;
  /** What this process knows to follow a place without reading; null when it is not sure. */
  readonly known?: (after: Place) => Reading<Event, Place> | null;
}

const RETRY_FIRST_MS = 100;
const RETRY_LAST_MS = 2_000;

/**
 * The present state of one thing and then its every change. It reads only when somebody asks for the next event and a hint
 * came since the last; hints fold into one, so that a slow subscriber costs no memory. Two streams of the same thing that
 * are at the same place go on the same way: where one follows, the other may end.
 * A database that is away is waited for; what was missed meanwhile is read when it is back. Any other failure ends the
 * stream.
 */
export class LiveStream<Event = unknown, Place = unknown> implements AsyncIterableIterator<Event> {
  readonly #options: LiveStreamOptions<Event, Place>;
  readonly #unwatch: () => void;
  #place: Place | null;
  #pending = true;
  #isNewsHere = false;
  #done = false;
  #wake: (() => void) | null = null;

  constructor(options: LiveStreamOptions<Event, Place>, after: Place | null = null) {
    this.#options = options;
    this.#place = after;
    this.#unwatch = options.hub.watch(options.topic, options.id, (from) => {
      if (from === 'here') this.#isNewsHere = true;
      else this.#pending = true;
      this.#wake?.();
    });
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  /** Up to where its events have told. */
  get place(): Place | null {
    return this.#place;
  }

  /** A stream of the same thing that goes on after a place at which this one was. */
  reopenAfter(place: Place | null): LiveStream<Event, Place> {
    return new LiveStream(this.#options, place);
  }

  async next(): Promise<IteratorResult<Event>> {
    while (!this.#done) {
      const known = this.#takeNews();
      if (known !== null) return { value: known, done: false };
      if (!this.#pending) {
        await this.#nextHint();
        continue;
      }
      // Before reading: a hint that comes while it reads may tell of something newer.
      this.#pending = false;
      const reading = await this.#readUnlessTold();
      if (reading === null || this.#done) continue;
      this.#place = reading.place;
      return { value: reading.event, done: false };
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

  /** News are no answer to a hint, which may tell of something newer. */
  #takeNews(): Event | null {
    const reading = this.#news();
    this.#isNewsHere = false;
    if (reading !== null) this.#place = reading.place;
    return reading?.event ?? null;
  }

  #news(): Reading<Event, Place> | null {
    if (!this.#isNewsHere || this.#place === null) return null;
    return this.#options.known?.(this.#place) ?? null;
  }

  /** What is read; null, and to be read again, when this process knows sooner what follows. */
  async #readUnlessTold(): Promise<Reading<Event, Place> | null> {
    const reading = this.#read();
    const told = new Promise<null>((resolve) => {
      this.#wake = () => {
        if (this.#news() === null) return;
        this.#pending = true;
        resolve(null);
      };
    });
    try {
      return await Promise.race([reading, told]);
    } catch (error) {
      // Whoever iterates does not close what failed by itself.
      this.#end();
      throw error;
    } finally {
      this.#wake = null;
    }
  }

  #nextHint(): Promise<void> {
    return new Promise((resolve) => {
      this.#wake = resolve;
    });
  }

  async #read(): Promise<Reading<Event, Place> | null> {
    for (let wait = RETRY_FIRST_MS; !this.#done; wait = Math.min(wait * 2, RETRY_LAST_MS)) {
      try {
        return await this.#options.read(this.#place);
      } catch (error) {
        if (!isPassing(error)) throw error;
        await delay(wait, undefined, { ref: false });
      }
    }
    return null;
  }
}

/** Reads of a whole state, as a stream wants them: the state is the place. */
export function everyState<State>(read: () => Promise<State>) {
  return async (): Promise<Reading<State, State>> => {
    const state = await read();
    return { event: state, place: state };
  };
}

/** The same, and nothing as long as nothing in the state changes. */
export function changesOnly<State>(read: () => Promise<State>) {
  return async (after: State | null): Promise<Reading<State, State> | null> => {
    const state = await read();
    return after !== null && isDeepStrictEqual(state, after)
      ? null
      : { event: state, place: state };
  };
}
