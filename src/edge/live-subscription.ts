import type { Audience, Listener, LiveAudiences, Seat } from './live-audiences.ts';
import type { SharedResult } from './shared-results.ts';

/** What a subscription says, and to whom. */
interface Subscriber {
  /** Sends a result if it has no errors and the network takes it right away; false when it has to be waited for. */
  sendAtOnce(id: string, result: SharedResult): boolean;
  /** Resolves when the network has taken it. */
  sendNext(id: string, result: SharedResult): Promise<void>;
  /** The subscription has ended by itself, or failed. */
  ended(subscription: LiveSubscription, failure: { readonly error: unknown } | null): void;
  readonly audiences: LiveAudiences;
}

/**
 * One subscription of a socket. Its first result comes from a reading of its own, for nobody may be told of a time before he
 * asked; then it listens with all who ask the same. What could not be sent at once it sends in its own time, and comes back.
 * Ten thousand who wait hold on to nothing that one of them holds already.
 */
export class LiveSubscription implements Listener {
  readonly id: string;
  readonly #subscriber: Subscriber;
  /** Null while it does not listen. */
  #audience: Audience | null = null;
  /** The stream that it reads by itself. */
  #own: Seat | null = null;
  #isOver = false;

  constructor(id: string, subscriber: Subscriber) {
    this.id = id;
    this.#subscriber = subscriber;
  }

  /** Whether nobody wants to hear of it any more. */
  get isOver(): boolean {
    return this.#isOver;
  }

  /** Sends the present state, and then every change. */
  async begin(seat: Seat): Promise<void> {
    this.#own = seat;
    try {
      const { value: event, done } = await seat.stream.next();
      if (done || this.#isOver) return this.end();
      await this.#subscriber.sendNext(this.id, await seat.share(event));
    } catch (error) {
      return this.fail(error);
    }
    this.#listen({ ...seat, place: seat.stream.place });
  }

  sendAtOnce(result: SharedResult): boolean {
    return this.#subscriber.sendAtOnce(this.id, result);
  }

  leaveWith(result: SharedResult, seat: Seat): void {
    this.#audience = null;
    this.#subscriber.sendNext(this.id, result).then(
      () => this.#listen(seat),
      (error: unknown) => this.fail(error),
    );
  }

  moveTo(audience: Audience): void {
    this.#audience = audience;
  }

  end(): void {
    if (!this.#isOver) this.#subscriber.ended(this, null);
    this.close();
  }

  fail(error: unknown): void {
    if (!this.#isOver) this.#subscriber.ended(this, { error });
    this.close();
  }

  /** Ends it, and tells nobody. */
  close(): void {
    this.#isOver = true;
    this.#audience?.leave(this);
    this.#audience = null;
    void this.#own?.stream.return();
    this.#own = null;
  }

  #listen(seat: Seat): void {
    if (this.#isOver) return;
    const own = this.#own?.stream ?? null;
    this.#own = null;
    this.#audience = this.#subscriber.audiences.join(this, seat, own);
  }
}
