import { setTimeout as delay } from 'node:timers/promises';
import { Client } from 'pg';

interface ListenerOptions {
  readonly url: string;
  readonly channel: string;
  readonly onMessage: (payload: string) => void;
  /** The connection is (back) up: whatever was told meanwhile was not heard. */
  readonly onListening: () => void;
  readonly onLost: (error: Error) => void;
}

const CHECK_EVERY_MS = 5_000;
const RETRY_FIRST_MS = 50;
const RETRY_LAST_MS = 2_000;
const ANSWER_WITHIN_MS = 3_000;
const END_WITHIN_MS = 500;

/** Listens to a PostgreSQL channel on a connection of its own, and comes back when the connection is lost. */
export class Listener {
  readonly #options: ListenerOptions;
  #client: Client | null = null;
  #check: NodeJS.Timeout | null = null;
  #closed = false;

  constructor(options: ListenerOptions) {
    this.#options = options;
  }

  /** Resolves when it listens for the first time; rejects when it cannot. */
  async start(): Promise<void> {
    await this.#connect();
  }

  /** Asks something on the connection that listens. Rejects when it is lost, or does not answer in time. */
  async ask<Row>(text: string): Promise<Row[]> {
    if (this.#client === null) throw new Error('The connection was lost.');
    return (await this.#client.query(text)).rows as Row[];
  }

  async close(): Promise<void> {
    this.#closed = true;
    await this.#drop();
  }

  async #connect(): Promise<void> {
    const client = new Client({
      connectionString: this.#options.url,
      application_name: 'tollgate listener',
      keepAlive: true,
      connectionTimeoutMillis: ANSWER_WITHIN_MS,
      query_timeout: ANSWER_WITHIN_MS,
    });
    let lost = false;
    const onGone = (error?: Error) => {
      if (lost || this.#client !== client) return;
      lost = true;
      void this.#reconnect(error ?? new Error('The connection was closed.'));
    };
    client.on('error', onGone);
    client.on('end', () => onGone());
    client.on('notification', (message) => this.#options.onMessage(message.payload ?? ''));
    try {
      await client.connect();
      await client.query(`listen ${client.escapeIdentifier(this.#options.channel)}`);
    } catch (error) {
      await end(client);
      throw error;
    }
    if (this.#closed) return end(client);
    this.#client = client;
    this.#check = setInterval(() => this.#prove(client, onGone), CHECK_EVERY_MS).unref();
    this.#options.onListening();
  }

  /** A connection can be dead without saying so: ask it something now and then. */
  #prove(client: Client, onGone: (error: Error) => void): void {
    client.query('select 1').catch(onGone);
  }

  async #reconnect(error: Error): Promise<void> {
    this.#options.onLost(error);
    await this.#drop();
    for (let wait = RETRY_FIRST_MS; !this.#closed; wait = Math.min(wait * 2, RETRY_LAST_MS)) {
      try {
        await this.#connect();
        return;
      } catch {
        // It was told already that the connection is lost; now only its return is news.
        await delay(wait, undefined, { ref: false });
      }
    }
  }

  async #drop(): Promise<void> {
    const client = this.#client;
    this.#client = null;
    if (this.#check !== null) clearInterval(this.#check);
    if (client === null) return;
    await end(client);
  }
}

/** A connection that is dead would keep its end waiting. */
async function end(client: Client): Promise<void> {
  client.on('error', () => undefined);
  await Promise.race([
    client.end().catch(() => undefined),
    delay(END_WITHIN_MS, undefined, { ref: false }),
  ]);
}
