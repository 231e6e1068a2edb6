import { setTimeout as pause } from 'node:timers/promises';
import { GraphClient, type GraphResponse } from '../support/graph-client.ts';
import type { Journal } from './journal.ts';
import type { Random } from './random.ts';

/** What a gateway says when the same request may come again. */
const PASSING = new Set(['SERVICE_UNAVAILABLE', 'PROVIDER_UNAVAILABLE', 'RATE_LIMITED']);
const ANSWER_WITHIN_MS = 15_000;
const RETRY_MS = 120;
const GIVE_UP_AFTER_MS = 90_000;
/** How many do not ask again when they got no answer. */
const IMPATIENT = 0.1;

/** A member of a mutation's result union. */
export interface Answer {
  readonly __typename: string;
  readonly [field: string]: unknown;
}

/** What is known in the end: the answer, or nothing. */
export type Told = Answer | 'refused' | 'unknown';

/** A client as a product has one: it asks any gateway, and asks again with the same key until it knows. */
export class ChaosClient {
  readonly #urls: readonly string[];
  readonly #random: Random;
  readonly #journal: Journal;

  constructor(urls: readonly string[], random: Random, journal: Journal) {
    this.#urls = urls;
    this.#random = random;
    this.#journal = journal;
  }

  /** Sends a mutation with one field, until its outcome is known or patience is over. */
  async ask(key: string, query: string, input: object): Promise<Told> {
    const deadline = performance.now() + GIVE_UP_AFTER_MS;
    const isImpatient = this.#random.chance(IMPATIENT);
    for (;;) {
      const told = await this.#once(key, query, input);
      if (told !== 'unknown' || isImpatient || performance.now() > deadline) return told;
      this.#journal.retries += 1;
      await pause(RETRY_MS);
    }
  }

  async #once(key: string, query: string, input: object): Promise<Told> {
    const client = new GraphClient(this.#random.pick(this.#urls), key);
    const sent = client.post<Record<string, Answer>>({ query, variables: { input } });
    const late = pause(ANSWER_WITHIN_MS, null, { ref: false });
    const response = await Promise.race([sent.catch(() => null), late]);
    return response === null ? 'unknown' : this.#read(response);
  }

  #read({ data, errors }: GraphResponse<Record<string, Answer>>): Told {
    const [error] = errors;
    if (error !== undefined) {
      const { code } = error.extensions;
      if (PASSING.has(code)) return 'unknown';
      if (code !== 'BAD_USER_INPUT')
        this.#journal.surprises.push(`${code}: ${error.message} (${error.path?.join('.')})`);
      return 'refused';
    }
    return Object.values(data ?? {})[0] ?? 'unknown';
  }
}
