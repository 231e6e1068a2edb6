import { createHmac, hkdfSync, randomBytes } from 'node:crypto';
import { GatheredReads } from '../../live/gathered-reads.ts';
import { invariant } from '../../platform/assert.ts';
import type { Clock } from '../../platform/clock.ts';
import type { Database } from '../../platform/database/database.ts';
import { newId } from '../../platform/ids.ts';
import { LONGEST_TOKEN_S } from './caller.model.ts';
import type { ClientTokenKeyStore, ClientTokenSeed } from './client-token-key.store.ts';

interface ClientTokenKeysNeeds {
  readonly database: Database;
  readonly store: ClientTokenKeyStore;
  /** Real time: tokens are not moved with the domain's clock. */
  readonly realTime: Clock;
  /** The half of every key that is not in the database; null: none. */
  readonly tokenSecret: string | null;
}

/** A key by which tokens are signed and verified. */
export interface SigningKey {
  readonly id: string;
  readonly secret: Uint8Array;
  readonly signs: boolean;
}

const ALL = 'all';
const DAY_MS = 86_400_000;
/** Another process may sign for that long with a key that was rotated meanwhile. */
const KEPT_MS = 60_000;
/** A rotated key verifies until the last token that it can have signed has expired. */
const VERIFIES_FOR_MS = LONGEST_TOKEN_S * 1_000 + 2 * KEPT_MS;
const FORGOTTEN_AFTER_MS = 30 * DAY_MS;

/**
 * The keys that sign clients' tokens, shared by all processes through the database and taking turns day by day. A key is derived
 * from a random seed in the database and TOKEN_SECRET; who has only one of them signs nothing.
 */
export class ClientTokenKeys {
  readonly #needs: ClientTokenKeysNeeds;
  readonly #mark: Buffer;
  #kept: { readonly keys: readonly SigningKey[]; readonly readAt: number } | null = null;
  /** One at a time, however many tokens name keys that are not known here. */
  readonly #reads: GatheredReads<readonly SigningKey[]>;

  constructor(needs: ClientTokenKeysNeeds) {
    this.#needs = needs;
    this.#mark = createHmac('sha256', needs.tokenSecret ?? '')
      .update('mark')
      .digest();
    this.#reads = new GatheredReads({
      read: async () => new Map([[ALL, await this.#read()]]),
      maxBatch: 1,
    });
  }

  /** The key that signs now; the first one is made when it is first needed. */
  async signing(): Promise<SigningKey> {
    const known = (await this.#keysKept()).find(({ signs }) => signs);
    if (known !== undefined) return known;
    await this.rotate();
    const made = (await this.#keysNow()).find(({ signs }) => signs);
    invariant(made !== undefined, 'a key signs');
    return made;
  }

  /** The key of this id, as long as its tokens may be good; null when there is none. */
  async verifying(id: string): Promise<SigningKey | null> {
    const byId = (keys: readonly SigningKey[]) => keys.find((key) => key.id === id) ?? null;
    return byId(await this.#keysKept()) ?? byId(await this.#keysNow());
  }

  /**
   * Lets a new key sign where the present one has done so for a day, and deletes those whose tokens have all expired. Any
   * number of processes may do it at once: one key signs.
   */
  async rotate(): Promise<void> {
    const { database, store, realTime } = this.#needs;
    const now = realTime.now();
    const before = (ms: number) => new Date(now.getTime() - ms);
    await database.transaction(async (tx) => {
      await store.retire(tx, this.#mark, before(DAY_MS), now);
      const seed = { id: newId(), seed: randomBytes(32), createdAt: now, rotatedAt: null };
      await store.add(tx, this.#mark, seed);
      await store.forget(tx, before(VERIFIES_FOR_MS), before(FORGOTTEN_AFTER_MS));
    });
    this.#kept = null;
  }

  async #keysKept(): Promise<readonly SigningKey[]> {
    const isFresh = this.#kept !== null && performance.now() - this.#kept.readAt < KEPT_MS;
    return isFresh && this.#kept !== null ? this.#kept.keys : this.#keysNow();
  }

  async #keysNow(): Promise<readonly SigningKey[]> {
    return (await this.#reads.read(ALL)) ?? [];
  }

  async #read(): Promise<readonly SigningKey[]> {
    const readAt = performance.now();
    const seeds = await this.#needs.store.seeds(this.#mark);
    const oldest = this.#needs.realTime.now().getTime() - VERIFIES_FOR_MS;
    const keys = seeds
      .filter(({ rotatedAt }) => rotatedAt === null || rotatedAt.getTime() > oldest)
      .map((seed) => this.#derive(seed));
    this.#kept = { keys, readAt };
    return keys;
  }

  #derive({ id, seed, rotatedAt }: ClientTokenSeed): SigningKey {
    const material = this.#needs.tokenSecret ?? '';
    const secret = hkdfSync('sha256', Buffer.concat([seed, Buffer.from(material)]), id, 'jwt', 32);
    return { id, secret: new Uint8Array(secret), signs: rotatedAt === null };
  }
}
