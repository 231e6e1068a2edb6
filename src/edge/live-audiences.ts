import { setImmediate as turn } from 'node:timers/promises';
import { isDeepStrictEqual } from 'node:util';
import type { ExecutionResult } from 'graphql';
import type { LiveStream } from '../live/live-stream.ts';

type Execute = (event: unknown) => Promise<ExecutionResult>;

/** Where somebody is who listens: in which stream, and after what. */
export interface Seat {
  readonly name: string;
  readonly stream: LiveStream;
  readonly place: unknown;
  readonly execute: Execute;
}

export interface Listener {
  /** Sends a result without errors if the network takes it right away; false when it has to be waited for. */
  sendAtOnce(result: ExecutionResult): boolean;
  /** Gives it a result to send in its own time; it comes back when that is done. */
  leaveWith(result: ExecutionResult, seat: Seat): void;
  moveTo(audience: Audience): void;
  end(): void;
  fail(error: unknown): void;
}

/** How many are sent to before others get their turn. */
const SENT_TOGETHER = 256;

/**
 * Those who ask the same and have heard the same listen together: one stream is read, each event executed once, and sent to
 * all of them in one go. Who cannot take a message at once leaves with it, catches up alone and comes back, so that nobody
 * waits for the slow and nothing piles up for them.
 */
export class LiveAudiences {
  readonly #byName = new Map<string, Set<Audience>>();

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
    const audience = new Audience({ ...seat, stream }, audiences, () => {
      if (audiences.size === 0 && this.#byName.get(seat.name) === audiences)
        this.#byName.delete(seat.name);
    });
    audience.add(listener);
    void audience.run();
    return audience;
  }
}

/** Listeners at one place of one stream. */
export class Audience {
  readonly #seat: Seat;
  /** All audiences of the same name. */
  readonly #peers: Set<Audience>;
  readonly #closed: () => void;
  readonly #listeners = new Set<Listener>();
  /** Null while there is none that everybody is at. */
  #place: { readonly at: unknown } | null;

  constructor(seat: Seat, peers: Set<Audience>, closed: () => void) {
    this.#seat = seat;
    this.#peers = peers.add(this);
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

  /** Reads, executes and sends, until nobody listens any more. */
  async run(): Promise<void> {
    const { stream, execute } = this.#seat;
    try {
      while (this.#listeners.size > 0) {
        const { value: event, done } = await stream.next();
        if (done) break;
        await this.#tell(await execute(event));
        this.#welcomePeers();
      }
    } catch (error) {
      for (const listener of this.#listeners) listener.fail(error);
      this.#listeners.clear();
    }
    for (const listener of this.#listeners) listener.end();
    this.#close();
  }

  async #tell(result: ExecutionResult): Promise<void> {
    const { stream } = this.#seat;
    const { place } = stream;
    const isPlain = result.errors === undefined;
    // Whoever came now would miss this event or hear it twice.
    this.#place = null;
    let sent = 0;
    for (const listener of this.#listeners) {
      if (!(isPlain && listener.sendAtOnce(result))) {
        this.#listeners.delete(listener);
        listener.leaveWith(result, { ...this.#seat, place });
      }
      sent += 1;
      if (sent % SENT_TOGETHER === 0) await turn();
    }
    if (this.#listeners.size === 0) this.#close();
    else this.#place = { at: place };
  }

  /** Takes in everybody who has come to the same place by another way. */
  #welcomePeers(): void {
    if (this.#place === null) return;
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
