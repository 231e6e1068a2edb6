import { isDeepStrictEqual } from 'node:util';
import { invariant } from '../platform/assert.ts';
import { isPassing } from '../platform/database/database-away.ts';
import type { LiveHub } from './hub.ts';
import type { ReadingLine } from './reading-line.ts';

/** What was read, and the place up to which everything is known now. */
export interface Reading<Event, Place> {
  readonly event: Event;
  readonly place: Place;
}

interface LiveStreamOptions<Event, Place> {
  readonly hub: LiveHub;
  readonly topic: string;
  readonly id: string;
  /** Reads what is new after a place, or finds that nothing is; after null, the present state. */
  readonly read: (after: Place | null) => Promise<Reading<Event, Place> | null | undefined>;
  /** What this process knows to follow a place without reading; null when it is not sure. */
  readonly known?: (after: Place) => Reading<Event, Place> | null;
  /** Not given: everybody reads as soon as there may be something. */
  readonly line?: ReadingLine;
}

/** Whoever waits for the next event: he is told of it, or that there will be none. */
export interface Waiting<Event> {
  told(event: Event): void;
  ended(): void;
  failed(error: unknown): void;
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
  #waiting: Waiting<Event> | null = null;
  /** Grows with every event: what was read for one that was told sooner is let go. */
  #turn = 0;
  /** The turn for which it reads. */
  #readsFor = -1;

  constructor(options: LiveStreamOptions<Event, Place>, after: Place | null = null) {
    this.#options = options;
    this.#place = after;
    this.#unwatch = options.hub.watch(options.topic, options.id, (from) => {
      if (from === 'here') this.#isNewsHere = true;
      else this.#pending = true;
      if (this.#waiting === null) return;
      // Whoever says that there are news has work of his own to finish first.
      if (from === 'here') queueMicrotask(() => this.#look());
      else this.#look();
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

  next(): Promise<IteratorResult<Event>> {
    return new Promise((resolve, reject) => {
      this.ask({
        told: (value) => resolve({ value, done: false }),
        ended: () => resolve({ value: undefined, done: true }),
        failed: reject,
      });
    });
  }

  /**
   * The same, for one of thousands that may be woken by one hint: whoever asks again and again needs no promise for each event.
   */
  ask(waiting: Waiting<Event>): void {
    invariant(this.#waiting === null, 'one event is asked for after the other');
    this.#waiting = waiting;
    this.#look();
  }

  /** It stood in line, and may read now. */
  takeTurn(): void {
    this.#look();
  }

  async return(): Promise<IteratorResult<Event>> {
    this.#end();
    return { value: undefined, done: true };
  }

  #end(): void {
    this.#done = true;
    this.#unwatch();
    this.#options.line?.forget(this);
    this.#look();
  }

  /** Tells whoever waits what is known already, or reads for him if there may be something. */
  #look(): void {
    if (this.#waiting === null) return;
    if (this.#done) {
      this.#letGo()?.ended();
      return;
    }
    const isReading = this.#readsFor === this.#turn;
    const news = this.#news();
    // News are no answer to a hint, which may tell of something newer: what it told of is read again.
    if (news !== null && isReading) this.#pending = true;
    if (news !== null || !isReading) this.#isNewsHere = false;
    if (news !== null) this.#tell(news);
    else if (this.#pending && !isReading) this.#readInTurn();
  }

  #readInTurn(): void {
    const { line } = this.#options;
    if (line?.isFull) line.wait(this);
    else this.#read(RETRY_FIRST_MS);
  }

  #news(): Reading<Event, Place> | null {
    if (!this.#isNewsHere || this.#place === null) return null;
    return this.#options.known?.(this.#place) ?? null;
  }

  #tell({ event, place }: Reading<Event, Place>): void {
    this.#place = place;
    this.#letGo()?.told(event);
  }

  #letGo(): Waiting<Event> | null {
    const waiting = this.#waiting;
    this.#waiting = null;
    this.#turn += 1;
    return waiting;
  }

  #read(retryAfterMs: number): void {
    const turn = this.#turn;
    // Before reading: a hint that comes while it reads may tell of something newer.
    this.#pending = false;
    this.#readsFor = turn;
    const { read, line } = this.#options;
    line?.began();
    read(this.#place).then(
      (reading) => {
        line?.ended();
        if (this.#turn !== turn) return;
        this.#readsFor = -1;
        if (reading) this.#tell(reading);
        else this.#look();
      },
      (error: unknown) => {
        line?.ended();
        if (this.#turn === turn) this.#failed(error, retryAfterMs);
      },
    );
  }

  #failed(error: unknown, retryAfterMs: number): void {
    const turn = this.#turn;
    if (isPassing(error)) {
      const again = () => {
        if (this.#turn === turn) this.#read(Math.min(retryAfterMs * 2, RETRY_LAST_MS));
      };
      setTimeout(again, retryAfterMs).unref();
      return;
    }
    const waiting = this.#letGo();
    // Whoever iterates does not close what failed by itself.
    this.#end();
    waiting?.failed(error);
  }
}

/**
 * Reads of a whole state, as a stream wants them. The place is up to which hint it was heard: what is told may be made of
 * more than the state, so that an equal state is not the same place. `mark`: see LiveHub.markOf.
 */
export function everyState<State>(read: () => Promise<State>, mark: () => number) {
  return async (): Promise<Reading<State, number>> => {
    const place = mark();
    return { event: await read(), place };
  };
}

/** Reads of a whole state, which is the place, and nothing as long as nothing in the state changes. */
export function changesOnly<State>(read: () => Promise<State>) {
  return async (after: State | null): Promise<Reading<State, State> | null> => {
    const state = await read();
    return after !== null && isDeepStrictEqual(state, after)
      ? null
      : { event: state, place: state };
  };
}
