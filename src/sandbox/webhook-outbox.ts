import type { Books } from './books.ts';

const FIRST_RETRY_MS = 500;
const LONGEST_RETRY_MS = 60_000;
const GIVE_UP_MS = 3 * 24 * 60 * 60 * 1000;
const FLOW = 'webhookFlow';

/** How webhooks travel: straight away, kept until released, or lost; some lost, some twice, out of order. */
export interface WebhookFlow {
  readonly mode: 'deliver' | 'hold' | 'drop';
  /** The share of events, 0 to 1, whose webhook is lost. */
  readonly dropShare: number;
  /** Events of these types lose every webhook. */
  readonly dropTypes?: readonly string[];
  /** How many more copies of each webhook are sent; 0.5 sends every second one twice. */
  readonly duplicates: number;
  readonly shuffle: boolean;
}

export interface QueuedDelivery {
  readonly id: number;
  readonly provider: string;
  readonly body: string;
}

const STRAIGHT: WebhookFlow = { mode: 'deliver', dropShare: 0, duplicates: 0, shuffle: false };

/** The webhooks that are to be sent, in the books, so that a restart forgets none. Attempts are timed by the real clock. */
export class WebhookOutbox {
  readonly #books: Books;

  constructor(books: Books) {
    this.#books = books;
  }

  get flow(): WebhookFlow {
    return { ...STRAIGHT, ...(this.#books.setting(FLOW) as Partial<WebhookFlow> | undefined) };
  }

  /** Replaces the whole flow: what is not given goes back to normal. Going back to `deliver` lets the held ones go. */
  setFlow(flow: Partial<WebhookFlow>): void {
    this.#books.transaction(() => {
      this.#books.saveSetting(FLOW, { ...STRAIGHT, ...flow });
      if (this.flow.mode === 'deliver') this.#letGo();
    });
  }

  /** Lets the held webhooks go and delivers again from now on; answers how many there were. */
  release(): number {
    return this.#books.transaction(() => {
      this.#books.saveSetting(FLOW, { ...this.flow, mode: 'deliver' });
      return this.#letGo();
    });
  }

  /** Queues the webhook of an event, in the transaction that made the event. */
  queue(provider: string, eventId: string): void {
    const flow = this.flow;
    const lost =
      flow.mode === 'drop' ||
      Math.random() < flow.dropShare ||
      flow.dropTypes?.includes(this.#typeOf(provider, eventId)) === true;
    const state = lost ? 'dropped' : flow.mode === 'hold' ? 'held' : 'pending';
    const more = lost ? 0 : Math.floor(flow.duplicates + Math.random());
    for (let copy = 0; copy <= more; copy += 1) {
      this.#books.run(
        'INSERT INTO deliveries (event_id, provider, state, queued_at_ms, next_attempt_at_ms) VALUES (?, ?, ?, ?, ?)',
        eventId,
        provider,
        state,
        Date.now(),
        Date.now(),
      );
    }
  }

  /** The next webhook whose time has come, of these providers and not being sent already. */
  next(providers: readonly string[], inFlight: readonly number[]): QueuedDelivery | undefined {
    return this.#books.row<QueuedDelivery>(
      `SELECT d.id, d.provider, e.body FROM deliveries d JOIN events e ON e.id = d.event_id
       WHERE ${waiting(providers, inFlight)} AND next_attempt_at_ms <= ?
       ORDER BY ${this.flow.shuffle ? 'random()' : 'd.id'} LIMIT 1`,
      ...providers,
      ...inFlight,
      Date.now(),
    );
  }

  /** How long until the next attempt is due, in real milliseconds; null when nothing waits. */
  waitMs(providers: readonly string[], inFlight: readonly number[]): number | null {
    const row = this.#books.row<{ at: number | null }>(
      `SELECT min(next_attempt_at_ms) AS at FROM deliveries d WHERE ${waiting(providers, inFlight)}`,
      ...providers,
      ...inFlight,
    );
    return row?.at == null ? null : Math.max(0, row.at - Date.now());
  }

  pending(providers: readonly string[]): number {
    const row = this.#books.row<{ count: number }>(
      `SELECT count(*) AS count FROM deliveries d WHERE ${waiting(providers, [])}`,
      ...providers,
    );
    return row?.count ?? 0;
  }

  markDelivered(id: number): void {
    this.#books.run(
      `UPDATE deliveries SET state = 'delivered', attempts = attempts + 1 WHERE id = ?`,
      id,
    );
  }

  /** After an attempt that failed: half a second, doubling to a minute, given up after three days. */
  postpone(id: number): void {
    this.#books.run(
      `UPDATE deliveries SET attempts = attempts + 1,
         next_attempt_at_ms = ?2 + min(${FIRST_RETRY_MS} << min(attempts, 10), ${LONGEST_RETRY_MS}),
         state = CASE WHEN queued_at_ms < ?2 - ${GIVE_UP_MS} THEN 'abandoned' ELSE state END
       WHERE id = ?1`,
      id,
      Date.now(),
    );
  }

  retryNow(): void {
    this.#books.run(
      `UPDATE deliveries SET next_attempt_at_ms = ? WHERE state = 'pending'`,
      Date.now(),
    );
  }

  #typeOf(provider: string, eventId: string): string {
    const event = this.#books.row<{ type: string }>(
      'SELECT type FROM events WHERE provider = ? AND id = ?',
      provider,
      eventId,
    );
    return event?.type ?? '';
  }

  #letGo(): number {
    return this.#books.run(
      `UPDATE deliveries SET state = 'pending', next_attempt_at_ms = ? WHERE state = 'held'`,
      Date.now(),
    );
  }
}

function waiting(providers: readonly string[], inFlight: readonly number[]): string {
  const marks = (list: readonly unknown[]) => list.map(() => '?').join(', ');
  return `state = 'pending' AND d.provider IN (${marks(providers)}) AND d.id NOT IN (${marks(inFlight)})`;
}
