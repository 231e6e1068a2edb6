import { setTimeout as delay } from 'node:timers/promises';
import { createClient } from '@redis/client';

interface RedisLinkOptions {
  readonly url: string;
  readonly channel: string;
  readonly onMessage: (message: string) => void;
  /** Redis is away or refuses: told with every attempt that fails. */
  readonly onLost: (error: Error) => void;
}

const CONNECT_WITHIN_MS = 3_000;
const RETRY_LAST_MS = 1_000;
const PING_EVERY_MS = 1_000;
/** A connection that says nothing for so long, pings unanswered, is dead. */
const SILENT_AT_MOST_MS = 5_000;
/** Of a Redis that does not answer; what is not published by then is lost, and noticed. */
const MOST_UNANSWERED = 10_000;

/** One connection to Redis that hears a channel and speaks on it, and comes back by itself when it is lost. */
export class RedisLink {
  readonly #options: RedisLinkOptions;
  readonly #client: ReturnType<typeof clientFor>;
  #hears = false;

  constructor(options: RedisLinkOptions) {
    this.#options = options;
    this.#client = clientFor(options.url);
    this.#client.on('error', (error: Error) => options.onLost(error));
  }

  /** Begins to connect, and goes on trying; nothing waits for it. */
  open(): void {
    this.#client
      .connect()
      .then(() => this.#subscribe())
      // Whatever went wrong was told already; only closing ends the attempts.
      .catch(() => undefined);
  }

  /** Whether it hears the channel now, as far as it knows. */
  get isReady(): boolean {
    return this.#hears && this.#client.isReady;
  }

  /** Says something on the channel. Rejects when Redis did not take it. */
  async publish(message: string): Promise<void> {
    await this.#client.publish(this.#options.channel, message);
  }

  close(): void {
    this.#client.destroy();
  }

  /** The client subscribes again by itself after it was lost; only the first time may be refused for long. */
  async #subscribe(): Promise<void> {
    while (!this.#hears && this.#client.isOpen) {
      try {
        await this.#client.subscribe(this.#options.channel, this.#options.onMessage);
        this.#hears = true;
      } catch (error) {
        this.#options.onLost(error as Error);
        await delay(RETRY_LAST_MS, undefined, { ref: false });
      }
    }
  }
}

/** RESP 3, in which one connection both hears and speaks. */
function clientFor(url: string) {
  return createClient({
    url,
    RESP: 3,
    name: 'tollgate',
    disableOfflineQueue: true,
    commandsQueueMaxLength: MOST_UNANSWERED,
    maintNotifications: 'disabled',
    pingInterval: PING_EVERY_MS,
    socket: {
      connectTimeout: CONNECT_WITHIN_MS,
      socketTimeout: SILENT_AT_MOST_MS,
      reconnectStrategy: (attempts) => Math.min(50 * 2 ** attempts, RETRY_LAST_MS),
    },
  });
}
