import type { ApiKeyStore, Revocations } from './api-key.store.ts';

interface KeyRevocationsNeeds {
  readonly store: Pick<ApiKeyStore, 'revocationsSince'>;
  /** Told of keys that were revoked, wherever that was. */
  readonly onRevoked: (keyIds: readonly string[]) => void;
  /** Told when the database knows of fewer revocations than before, as one that was restored does. */
  readonly onRewound: () => void;
  /** Real time, in milliseconds. */
  readonly now?: () => number;
}

/** How old what is known may be before somebody looks again, and before everybody waits for that. */
const LOOK_AFTER_MS = 1_000;
const TRUSTED_FOR_MS = 2_000;

/**
 * Knows which keys were revoked until a moment ago, in any process and by any hand, at the cost of one look a second for
 * all keys: who keeps what was found good needs to look none of it up again.
 */
export class KeyRevocations {
  readonly #needs: KeyRevocationsNeeds;
  readonly #now: () => number;
  /** How many revocations were told of; null: nobody looked yet. */
  #known: bigint | null = null;
  /** When the last look that has ended began. */
  #lookedAt = Number.NEGATIVE_INFINITY;
  #look: Promise<void> | null = null;

  constructor(needs: KeyRevocationsNeeds) {
    this.#needs = needs;
    this.#now = needs.now ?? (() => performance.now());
  }

  /**
   * Null: whatever was revoked more than two seconds ago was told of. Else a promise of that, which rejects when the
   * database does not say.
   */
  untilKnown(): Promise<void> | null {
    if (this.#ageMs < LOOK_AFTER_MS) return null;
    if (this.#ageMs >= TRUSTED_FOR_MS) return this.#wait();
    // Whoever comes when that is too old looks again, and is told why it fails.
    this.#lookTogether().catch(() => undefined);
    return null;
  }

  async #wait(): Promise<void> {
    await this.#lookTogether();
    // One that began long ago may know less than it should by the time it ends.
    if (this.#ageMs >= TRUSTED_FOR_MS) await this.#lookTogether();
  }

  #lookTogether(): Promise<void> {
    this.#look ??= this.#lookOnce().finally(() => {
      this.#look = null;
    });
    return this.#look;
  }

  async #lookOnce(): Promise<void> {
    const begunAt = this.#now();
    const found: Revocations = await this.#needs.store.revocationsSince(this.#known);
    if (found.count < (this.#known ?? 0n)) this.#needs.onRewound();
    if (found.keyIds.length > 0) this.#needs.onRevoked(found.keyIds);
    this.#known = found.count;
    this.#lookedAt = begunAt;
  }

  get #ageMs(): number {
    return this.#now() - this.#lookedAt;
  }
}
