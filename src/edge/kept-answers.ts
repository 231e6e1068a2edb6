import { LRUCache } from 'lru-cache';
import { isPassing } from '../platform/database/database-away.ts';
import { Grounds } from '../platform/grounds.ts';
import type { SharedAnswer } from './shared-answer.ts';

/** What the answers that are kept may take: how many, and how many characters their names and bodies have, of two bytes at most. */
const MOST_KEPT = 2_000;
const MOST_CHARACTERS = 8_000_000;
const LONGEST_ANSWER = 250_000;
/** What an answer takes besides. */
const ITS_GROUNDS = 1_000;
/** PostgreSQL counts its transactions in 32 bits: what is kept has to be gone long before they begin again. */
const KEPT_FOR_MS = 10_000;

/** How soon each other, and how often, something is asked for that is asked for again and again: a first look costs a round trip. */
const AGAIN_WITHIN_MS = 250;
const ASKED_BEFORE = 2;
/** How often more something has to be asked for that could not be kept: the look was for nothing. */
const NOT_TRIED = 100;
/** Of how much it is remembered that it was asked for. */
const MOST_ASKED = 10_000;
const LONGEST_NAME = 1_000;

interface Kept {
  readonly answer: SharedAnswer;
  readonly grounds: Grounds;
}

/**
 * Answers to queries that are asked again and again, and on what each rests. Nobody is told one without a look, begun after he
 * asked, that found all its grounds as they were: it is then what making it anew would come to. What is asked once costs nothing
 * more than before.
 */
export class KeptAnswers {
  readonly #kept = new LRUCache<string, Kept>({
    max: MOST_KEPT,
    maxSize: MOST_CHARACTERS,
    maxEntrySize: LONGEST_ANSWER,
    sizeCalculation: ({ answer }, name) => ITS_GROUNDS + name.length + (answer.body?.length ?? 0),
    ttl: KEPT_FOR_MS,
    ttlAutopurge: true,
  });
  /** How often each was asked for. */
  readonly #asked = new LRUCache<string, number>({ max: MOST_ASKED, ttl: AGAIN_WITHIN_MS });

  /** The answer that is kept under this name when it is still right, else a new one. */
  async answer(name: string, make: () => Promise<SharedAnswer>): Promise<SharedAnswer> {
    if (this.#kept.has(name)) return this.#afterLook(name, make);
    if (name.length > LONGEST_NAME || !this.isAskedAgain(name)) return make();
    const grounds = new Grounds();
    const answer = await grounds.gatherFor(make);
    if (answer.body !== null && grounds.areKnown) this.#kept.set(name, { answer, grounds });
    // One that is very large is not kept either.
    if (!this.#kept.has(name)) this.#asked.set(name, -NOT_TRIED);
    return answer;
  }

  /** Where the database has no look to give, nor has it a new answer: that fails in its own way of the same, and nobody waits twice. */
  async #afterLook(name: string, make: () => Promise<SharedAnswer>): Promise<SharedAnswer> {
    let told: SharedAnswer | null;
    try {
      told = await this.stillRight(name);
    } catch (failure) {
      if (isPassing(failure)) return Grounds.failing(failure, make);
      // That it cannot be looked at says nothing of a new one.
      this.#kept.delete(name);
      told = null;
    }
    return told ?? make();
  }

  /** The answer that is kept under this name when a look finds it as right as a new one; else it is kept no longer. */
  async stillRight(name: string): Promise<SharedAnswer | null> {
    const kept = this.#kept.get(name);
    if (kept === undefined) return null;
    if (await kept.grounds.hold()) return kept.answer;
    if (this.#kept.peek(name) === kept) this.#kept.delete(name);
    // What changes all the time is not worth a look each time: it has to be asked for again before it is kept again.
    this.#asked.delete(name);
    return null;
  }

  /** Whether it was asked for often enough a short while ago. */
  protected isAskedAgain(name: string): boolean {
    const times = this.#asked.get(name) ?? 0;
    this.#asked.set(name, times + 1);
    return times >= ASKED_BEFORE;
  }
}
