import { isDeepStrictEqual } from 'node:util';
import type { LiveStream, Waiting } from '../live/live-stream.ts';
import { LiveOutbox } from './live-outbox.ts';
import { SharedResult } from './shared-results.ts';

/** Where somebody is who listens: in which stream, and after what. */
export interface Seat {
  readonly name: string;
  readonly stream: LiveStream;
  readonly place: unknown;
  readonly execute: (event: unknown) => SharedResult | Promise<SharedResult>;
  /** The same, once for all of this name who read this event by themselves. */
  readonly share: (event: unknown) => Promise<SharedResult>;
}

export interface Listener {
  /** Sends a result if it has no errors and the network takes it right away; false when it has to be waited for. */
  sendAtOnce(result: SharedResult): boolean;
  /** Gives it a result to send in its own time; it comes back when that is done. */
  leaveWith(result: SharedResult, seat: Seat): void;
  moveTo(audience: Audience): void;
  end(): void;
  fail(error: unknown): void;
}

/** What an audience is sent without a rest. */
const BYTES_PER_MS = 4_096;
/** Nobody who watches tells the difference. */
const LONGEST_REST_MS = 20;

/** How long an audience rests after so many bytes, sent in so many milliseconds; in milliseconds, 0 when it need not. */
export function restAfter(bytes: number, tookMs: number): number {
  const restMs = Math.min(bytes / BYTES_PER_MS, LONGEST_REST_MS) - tookMs;
  return restMs < 1 ? 0 : restMs;
}

/**
 * Those who ask the same and have heard the same listen together: one stream is read, each event executed once, and sent to
 * all of them in one go. Who cannot take a message at once leaves with it, catches up alone and comes back, so that nobody
 * waits for the slow and nothing piles up for them. A change that comes alone is sent at once; after much was sent there is a
 * rest, so that what follows fast upon it, on an account that spends all the time, goes out together.
 */
export class LiveAudiences {
  readonly #byName = new Map<string, Set<Audience>>();
  readonly #outbox = new LiveOutbox();

  /** Lets a listener wait for what comes after its place; `own`: its stream, which ends when another one serves as well. */
  join(listener: Listener, seat: Seat, own: LiveStream | null): Audience {
    const audiences = this.#byName.get(seat.name) ?? new Set<Audience>();
    this.#byName.set(seat.name, audiences);
    for (const audience of audiences) {
      if (!audience.isAt(seat.place)) continue;
      void own?.return();
      audience.add(listener);
      return audience;
    }
    const stream = own ?? seat.stream.reopenAfter(seat.place);
    const closed = () => {
      if (audiences.size === 0 && this.#byName.get(seat.name) === audiences)
        this.#byName.delete(seat.name);
    };
    const audience = new Audience({ ...seat, stream }, audiences, this.#outbox, closed);
    audience.add(listener);
    audience.listen();
    return audience;
  }
}

interface Sending {
  readonly result: SharedResult;
  readonly remaining: Iterator<Listener>;
  readonly bytes: number;
  readonly beganAt: number;
}

/** Listeners at one place of one stream: it is read, and each event executed and sent, until nobody listens any more. */
export class Audience implements Waiting<unknown> {
  readonly #seat: Seat;
  /** All audiences of the same name. */
  readonly #peers: Set<Audience>;
  readonly #outbox: LiveOutbox;
  readonly #closed: () => void;
  readonly #listeners = new Set<Listener>();
  /** Null while there is none that everybody is at. */
  #place: { readonly at: unknown } | null;
  /** What is being sent, and to whom it was not sent yet. */
  #sending: Sending | null = null;

  constructor(seat: Seat, peers: Set<Audience>, outbox: LiveOutbox, closed: () => void) {
    this.#seat = seat;
    this.#peers = peers.add(this);
    this.#outbox = outbox;
    this.#closed = closed;
    this.#place = { at: seat.place };
  }

  isAt(place: unknown): boolean {
    const own = this.#place;
    return own !== null && (own.at === place || isDeepStrictEqual(own.at, place));
  }

  add(listener: Listener): void {
    this.#listeners.add(listener);
  }

  leave(listener: Listener): void {
    if (this.#listeners.delete(listener) && this.#listeners.size === 0) this.#close();
  }

  /** Waits for the next event. */
  listen(): void {
    if (this.#listeners.size > 0) this.#seat.stream.ask(this);
  }

  told(event: unknown): void {
    // Whoever came now would miss this event or hear it twice.
    this.#place = null;
    try {
      const result = this.#seat.execute(event);
      if (result instanceof SharedResult) this.#tell(result);
      else
        result.then(
          (executed) => this.#tell(executed),
          (error: unknown) => this.failed(error),
        );
    } catch (error) {
      this.failed(error);
    }
  }

  ended(): void {
    for (const listener of this.#listeners) listener.end();
    this.#close();
  }

  failed(error: unknown): void {
    this.#sending = null;
    for (const listener of this.#listeners) listener.fail(error);
    this.#listeners.clear();
    this.#close();
  }

  /** Sends to some of those who were not sent to yet; after the last one it waits for the next event. */
  sendSome(most: number): { readonly sent: number; readonly isDone: boolean } {
    let sent = 0;
    try {
      for (; sent < most; sent += 1) if (!this.#sendNext()) return { sent, isDone: true };
    } catch (error) {
      this.failed(error);
    }
    return { sent, isDone: this.#sending === null };
  }

  #tell(result: SharedResult): void {
    const { size } = this.#listeners;
    const bytes = (result.text?.length ?? 0) * size;
    const beganAt = performance.now();
    this.#sending = { result, remaining: this.#listeners.values(), bytes, beganAt };
    this.#outbox.add(this);
  }

  #sendNext(): boolean {
    if (this.#sending === null) return false;
    const { result, remaining } = this.#sending;
    const { value: listener, done } = remaining.next();
    if (done) {
      this.#told(this.#sending);
      return false;
    }
    if (listener.sendAtOnce(result)) return true;
    this.#listeners.delete(listener);
    listener.leaveWith(result, { ...this.#seat, place: this.#seat.stream.place });
    return true;
  }

  #told({ bytes, beganAt }: Sending): void {
    this.#sending = null;
    if (this.#listeners.size === 0) {
      this.#close();
      return;
    }
    this.#place = { at: this.#seat.stream.place };
    this.#welcomePeers();
    const restMs = restAfter(bytes, performance.now() - beganAt);
    if (restMs === 0) this.listen();
    else setTimeout(() => this.listen(), restMs).unref();
  }

  /** Takes in everybody who has come to the same place by another way. */
  #welcomePeers(): void {
    if (this.#place === null || this.#peers.size === 1) return;
    for (const peer of this.#peers) {
      if (peer === this || !peer.isAt(this.#place.at)) continue;
      for (const listener of peer.#listeners) {
        listener.moveTo(this);
        this.#listeners.add(listener);
      }
      peer.#listeners.clear();
      peer.#close();
    }
  }

  #close(): void {
    this.#place = null;
    this.#peers.delete(this);
    this.#closed();
    void this.#seat.stream.return();
  }
}
