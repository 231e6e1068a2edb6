import { setTimeout as delay } from 'node:timers/promises';
import { Listener } from '../platform/database/listener.ts';
import type { Logger } from '../platform/logger.ts';
import type { HintTransport } from './hub.ts';
import { RedisLink } from './redis-link.ts';
import { leaveSeat, takeSeat } from './relay-seat.ts';

interface RedisTransportOptions {
  readonly redisUrl: string;
  readonly databaseUrl: string;
  readonly logger: Logger;
  /** How often the relay proves that it hears; not given: four times a second. */
  readonly beatMs?: number;
}

/** This process carries what PostgreSQL tells to Redis. */
interface Relay {
  readonly id: string;
  /** The number of the last hint. */
  last: number;
  /** How many beats it has not heard of itself. */
  unheard: number;
}

/** Another process does. */
interface Leader {
  readonly id: string;
  /** The number of the last hint that was heard of. */
  last: number;
  /** How many beats were heard in a row. */
  beats: number;
  /** How many beats ago anything was heard. */
  silentFor: number;
}

const BEAT_MS = 250;
/** So many beats in a row missing, and whoever is to be heard is gone; so many heard, and it is to be relied on. */
const BEATS = 4;
/** How many beats long somebody else may try, after this process could not reach Redis. */
const REST = 8;
const BEAT = '';
const FAREWELL = 'relay:bye';
/** A Redis that does not answer would keep its end waiting. */
const FAREWELL_WITHIN_MS = 200;

/**
 * Hints that are told with the transactions that cause them, by NOTIFY, and carried to all processes by Redis: one of
 * them, the relay, listens to PostgreSQL for all. It numbers what it says, and says four times a second that it still
 * hears, which it asks PostgreSQL each time. Who misses a number looks at everything again; who misses the beats, or
 * Redis, listens to PostgreSQL until they are back. So Redis can neither lose a push nor keep one back for long.
 */
export class RedisTransport implements HintTransport {
  readonly #options: RedisTransportOptions;
  readonly #link: RedisLink;
  #onHint: (hint: string) => void = () => undefined;
  #onGap: () => void = () => undefined;
  /** Null while this process relies on another one's beats. */
  #listener: Listener | null = null;
  #relay: Relay | null = null;
  #leader: Leader | null = null;
  #rest = 0;
  #timer: NodeJS.Timeout | null = null;
  #turn: Promise<void> | null = null;
  #closed = false;
  #told: 'redis' | 'postgres' | null = null;

  constructor(options: RedisTransportOptions) {
    this.#options = options;
    const { pathname } = new URL(options.databaseUrl);
    this.#link = new RedisLink({
      url: options.redisUrl,
      channel: `tollgate:${decodeURIComponent(pathname.slice(1))}`,
      onMessage: (message) => this.#hear(message),
      onLost: (error) => this.#lose(error),
    });
  }

  /** Resolves when PostgreSQL is listened to, whether Redis is there or not; rejects when PostgreSQL is away. */
  async start(onHint: (hint: string) => void, onGap: () => void): Promise<void> {
    this.#onHint = onHint;
    this.#onGap = onGap;
    await this.#listen();
    this.#link.open();
    this.#timer = setInterval(() => this.#takeTurn(), this.#options.beatMs ?? BEAT_MS).unref();
  }

  async close(): Promise<void> {
    this.#closed = true;
    if (this.#timer !== null) clearInterval(this.#timer);
    await Promise.race([this.#retire(), delay(FAREWELL_WITHIN_MS, undefined, { ref: false })]);
    this.#link.close();
    await this.#turn;
    await this.#listener?.close();
  }

  /** Whether hints come, or go, by Redis now. */
  get isThroughRedis(): boolean {
    if (this.#relay !== null) return this.#relay.unheard < BEATS && this.#link.isReady;
    return this.#listener === null && this.#isLed();
  }

  /** Whether it is this process that listens to PostgreSQL for all. */
  get isRelay(): boolean {
    return this.#relay !== null;
  }

  #takeTurn(): void {
    if (this.#turn !== null || this.#closed) return;
    if (this.#leader !== null) countSilence(this.#leader);
    this.#turn = this.#act()
      // PostgreSQL is away, which others tell of. Next time again.
      .catch(() => undefined)
      .finally(() => {
        this.#turn = null;
      });
  }

  async #act(): Promise<void> {
    const listener = this.#listener;
    if (listener === null) return this.#isLed() ? undefined : this.#listen();
    if (this.#relay !== null) return this.#beat(this.#relay, listener);
    if (this.#rest > 0) this.#rest -= 1;
    else if (this.#link.isReady) await this.#stand(listener);
  }

  /** Hears PostgreSQL itself. Whatever was told before it did is looked up. */
  async #listen(): Promise<void> {
    this.#leader = null;
    const listener = new Listener({
      url: this.#options.databaseUrl,
      channel: 'tollgate',
      onMessage: (hint) => this.#pass(hint),
      onListening: () => this.#onGap(),
      onLost: (error) => {
        const reason = error.message;
        this.#options.logger.warn({ reason }, 'live updates lost their connection');
        // The seat went with the connection.
        void this.#retire();
      },
    });
    await listener.start();
    this.#listener = listener;
  }

  /** Becomes the relay where there is none, and relies on the one there is as soon as it is heard well. */
  async #stand(listener: Listener): Promise<void> {
    const holder = await takeSeat(listener);
    if (holder === null) return;
    if (holder.own) {
      this.#relay = { id: holder.id, last: 0, unheard: 0 };
      this.#leader = null;
      return this.#beat(this.#relay, listener);
    }
    if (this.#leader?.id !== holder.id)
      this.#leader = { id: holder.id, last: 0, beats: 0, silentFor: 0 };
    if (this.#leader.beats >= BEATS && this.#isLed()) await this.#follow(listener);
  }

  async #follow(listener: Listener): Promise<void> {
    this.#listener = null;
    await listener.close();
    // PostgreSQL may have been slower to tell this process than the relay, which told of it before it was relied on.
    this.#onGap();
    this.#tell('redis', {});
  }

  /** Says that PostgreSQL is still heard, after it has answered. Steps down when Redis does not bring it back. */
  async #beat(relay: Relay, listener: Listener): Promise<void> {
    if (relay.unheard >= BEATS || !this.#link.isReady) {
      this.#rest = REST;
      void this.#retire();
      return leaveSeat(listener);
    }
    await listener.ask('select 1');
    if (this.#relay !== relay) return;
    relay.unheard += 1;
    await this.#say(relay, BEAT);
  }

  /** Whoever hears of it need not wait for beats that do not come any more. */
  async #retire(): Promise<void> {
    const relay = this.#relay;
    this.#relay = null;
    if (relay !== null && this.#link.isReady) await this.#say(relay, FAREWELL);
  }

  #pass(hint: string): void {
    if (this.#relay !== null) {
      this.#relay.last += 1;
      void this.#say(this.#relay, hint);
    }
    this.#onHint(hint);
  }

  /** What Redis does not take is missing in the numbers, and looked up by whoever misses it. */
  async #say(relay: Relay, hint: string): Promise<void> {
    await this.#link
      .publish(`${relay.id} ${relay.last} ${hint}`)
      .catch((error: Error) => this.#lose(error));
  }

  #hear(message: string): void {
    const [id = '', number = ''] = message.split(' ', 2);
    if (id === this.#relay?.id) {
      this.#relay.unheard = 0;
      this.#tell('redis', {});
    }
    const leader = this.#leader;
    // Another database's, or one that is not known to sit in this one's seat.
    if (leader === null || id !== leader.id) return;
    const hint = message.slice(id.length + number.length + 2);
    if (hint === FAREWELL) {
      this.#leader = null;
      this.#takeTurn();
      return;
    }
    const isWhole = Number(number) === leader.last + (hint === BEAT ? 0 : 1);
    leader.last = Number(number);
    leader.silentFor = 0;
    if (hint === BEAT) leader.beats += 1;
    if (this.#listener !== null) return;
    if (!isWhole) this.#onGap();
    if (hint !== BEAT) this.#onHint(hint);
  }

  /** Without Redis each process listens for itself. */
  #lose(error: Error): void {
    if (this.#closed) return;
    this.#leader = null;
    this.#tell('postgres', { reason: error.message });
    this.#takeTurn();
  }

  #isLed(): boolean {
    return this.#leader !== null && this.#leader.silentFor < BEATS;
  }

  #tell(way: 'redis' | 'postgres', details: object): void {
    if (this.#told === way) return;
    this.#told = way;
    const { logger } = this.#options;
    if (way === 'redis') logger.info(details, 'live updates go through Redis');
    else
      logger.warn(details, 'Redis is away; live updates go through PostgreSQL until it is there');
  }
}

/** One more beat's time without a word; whoever is silent for too long has to prove itself again. */
function countSilence(leader: Leader): void {
  leader.silentFor += 1;
  if (leader.silentFor >= BEATS) leader.beats = 0;
}
