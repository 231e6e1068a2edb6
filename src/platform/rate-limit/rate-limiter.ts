import { LRUCache } from 'lru-cache';
import type { Logger } from '../logger.ts';
import type { CountedRequests, SharedCount } from './rate-window.store.ts';

/** Where processes add up what they counted. */
interface SharedWindows {
  share(
    counted: readonly CountedRequests[],
    startedAt: Date,
    earlier: Date,
  ): Promise<readonly SharedCount[]>;
  forget(before: Date): Promise<void>;
}

interface RateLimiterOptions {
  readonly windows: SharedWindows;
  readonly logger: Logger;
  /** Real time, in milliseconds. */
  readonly now?: () => number;
}

/** What is known of one subject in one window. */
interface Window {
  startedAt: number;
  /** What all processes counted in the window before. */
  before: number;
  /** What all processes counted in this one, as far as this process was told. */
  shared: number;
  /** What this process counted and has not told. */
  own: number;
}

export const WINDOW_MS = 60_000;
const SHARE_AFTER_MS = 200;
const FORGET_EVERY_MS = 300_000;
/** A subject is told of from this part of its limit on: those who ask seldom cost no writing at all. */
const SHARED_PART = 64;
const LARGEST_SHARE = 5_000;
const MOST_SUBJECTS = 100_000;

/**
 * Limits how often a subject may ask within a minute, whichever process it asks. Counting is done in memory and never waits;
 * what was counted is added up in the database in the background. The minute slides: of the window before, as much counts
 * as it still reaches into the last 60 seconds. What was refused does not count.
 *
 * With several processes a subject may get beyond its limit by what the others let through within a fifth of a second, and
 * by a sixty-fourth of the limit for each of them. While the database is away each process counts for itself.
 */
export class RateLimiter {
  readonly #options: RateLimiterOptions;
  readonly #now: () => number;
  readonly #windows = new LRUCache<string, Window>({ max: MOST_SUBJECTS });
  readonly #toShare = new Set<string>();
  #sharing: NodeJS.Timeout | null = null;
  readonly #forgetting: NodeJS.Timeout;

  constructor(options: RateLimiterOptions) {
    this.#options = options;
    this.#now = options.now ?? Date.now;
    this.#forgetting = setInterval(() => void this.#forget(), FORGET_EVERY_MS).unref();
  }

  /** Counts one request when it is within the limit (per minute; 0: none). Answers 0, or after how many seconds to come again. */
  take(subject: string, limit: number): number {
    const wait = this.waitFor(subject, limit);
    if (limit === 0 || wait > 0) return wait;
    const window = this.#windowOf(subject);
    window.own += 1;
    if (window.own >= Math.max(1, Math.floor(limit / SHARED_PART))) this.#shareSoon(subject);
    return 0;
  }

  /** After how many seconds the subject may ask again; 0: now. Counts nothing. */
  waitFor(subject: string, limit: number): number {
    if (limit === 0) return 0;
    const window = this.#windowOf(subject);
    const elapsed = this.#now() - window.startedAt;
    const current = window.shared + window.own;
    const room = limit - 1 - current;
    if (window.before * (1 - elapsed / WINDOW_MS) <= room) return 0;
    const waitMs =
      room >= 0
        ? WINDOW_MS * (1 - room / window.before) - elapsed
        : WINDOW_MS * (2 - (limit - 1) / current) - elapsed;
    return Math.floor(Math.max(0, waitMs) / 1_000) + 1;
  }

  /** Stops counting together with the others. */
  close(): void {
    clearInterval(this.#forgetting);
    if (this.#sharing !== null) clearTimeout(this.#sharing);
  }

  #windowOf(subject: string): Window {
    const now = this.#now();
    const startedAt = now - (now % WINDOW_MS);
    const known = this.#windows.get(subject);
    if (known?.startedAt === startedAt) return known;
    const isNext = known?.startedAt === startedAt - WINDOW_MS;
    const before = isNext ? known.shared + known.own : 0;
    const window = { startedAt, before, shared: 0, own: 0 };
    this.#windows.set(subject, window);
    return window;
  }

  #shareSoon(subject: string): void {
    this.#toShare.add(subject);
    this.#sharing ??= setTimeout(() => void this.#share(), SHARE_AFTER_MS).unref();
  }

  async #share(): Promise<void> {
    const startedAt = this.#now() - (this.#now() % WINDOW_MS);
    const counted = this.#takeToShare(startedAt);
    try {
      if (counted.length > 0) {
        const earlier = new Date(startedAt - WINDOW_MS);
        const told = await this.#options.windows.share(counted, new Date(startedAt), earlier);
        this.#learn(told, counted, startedAt);
      }
    } catch (error) {
      const { message } = error as Error;
      this.#options.logger.warn({ reason: message }, 'requests are counted by this process alone');
    }
    this.#sharing = null;
    if (this.#toShare.size > 0) this.#shareSoon([...this.#toShare][0] as string);
  }

  #takeToShare(startedAt: number): CountedRequests[] {
    const counted: CountedRequests[] = [];
    for (const subject of this.#toShare) {
      if (counted.length >= LARGEST_SHARE) break;
      this.#toShare.delete(subject);
      const window = this.#windows.peek(subject);
      if (window?.startedAt === startedAt) counted.push({ subject, count: window.own });
    }
    return counted;
  }

  #learn(
    told: readonly SharedCount[],
    counted: readonly CountedRequests[],
    startedAt: number,
  ): void {
    const sent = new Map(counted.map(({ subject, count }) => [subject, count]));
    for (const { subject, count, before } of told) {
      const window = this.#windows.peek(subject);
      if (window?.startedAt !== startedAt) continue;
      window.own -= sent.get(subject) ?? 0;
      window.shared = count;
      window.before = Math.max(window.before, before);
    }
  }

  async #forget(): Promise<void> {
    const before = new Date(this.#now() - 2 * WINDOW_MS);
    await this.#options.windows.forget(before).catch((error: Error) => {
      this.#options.logger.debug({ reason: error.message }, 'old windows are left for later');
    });
  }
}
