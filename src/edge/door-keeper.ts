import type { IncomingMessage } from 'node:http';
import { LRUCache } from 'lru-cache';
import type { Caller } from '../features/account/caller.model.ts';
import { countedAs } from '../features/account/caller.policy.ts';
import { RateLimited, Unauthenticated } from '../platform/errors.ts';
import type { RateLimiter } from '../platform/rate-limit/rate-limiter.ts';
import { type Authenticate, type Credential, credentialIn } from './authenticate.ts';

/** Finds out who makes a request, and whether it may be made now. Throws Unauthenticated, RateLimited. */
export type Admit = (request: IncomingMessage) => Promise<Caller>;

/** How often one may ask within a minute; 0: as often as one likes. */
export interface RateLimits {
  readonly perKey: number;
  /** Requests without a credential, from one address. */
  readonly perAddress: number;
  /** Credentials that were refused, from one address. */
  readonly failuresPerAddress: number;
}

interface DoorKeeperOptions {
  readonly authenticate: Authenticate;
  readonly limiter: RateLimiter;
  readonly limits: RateLimits;
  /** Told of every request that comes too often. */
  readonly onLimited: (by: Counted) => void;
}

/** By what requests are counted. */
type Counted = 'key' | 'address' | 'wrong_keys';

const REMEMBER_GOOD_MS = 3_600_000;
const ANONYMOUS: Caller = { kind: 'anonymous' };

/**
 * Lets callers in, the same way at every door, and not more often than they may. Whoever has a good key is counted by the
 * key, not by the address: a product's servers come from one address with the keys of all its accounts.
 */
export class DoorKeeper {
  readonly #options: DoorKeeperOptions;
  /** What was good a while ago is looked up even from an address that guesses keys: others may share it. */
  readonly #good = new LRUCache<string, true>({ max: 50_000, ttl: REMEMBER_GOOD_MS });

  constructor(options: DoorKeeperOptions) {
    this.#options = options;
  }

  /** Who asks, counted as one request. Throws Unauthenticated, or RateLimited when it is too many for now. */
  async admit(authorization: unknown, addressOf: () => string): Promise<Caller> {
    const credential = credentialIn(authorization);
    if (credential === null) {
      this.count(ANONYMOUS, addressOf);
      return ANONYMOUS;
    }
    const caller = await this.#recognise(credential, addressOf);
    this.count(caller, addressOf);
    return caller;
  }

  /** Counts one more request of a caller who was let in before. Throws RateLimited. */
  count(caller: Caller, addressOf: () => string): void {
    const { limiter, limits } = this.#options;
    const counted = countedAs(caller);
    if (counted === null) {
      this.#refuseFor(limiter.take(`address:${addressOf()}`, limits.perAddress), 'address');
    } else {
      this.#refuseFor(limiter.take(`key:${counted}`, limits.perKey), 'key');
    }
  }

  async #recognise(credential: Credential, addressOf: () => string): Promise<Caller> {
    const wasGood = this.#good.has(credential.digest);
    if (!wasGood) this.#refuseGuesses(addressOf());
    try {
      const caller = await this.#options.authenticate(credential);
      this.#good.set(credential.digest, true);
      return caller;
    } catch (error) {
      if (error instanceof Unauthenticated) this.#countGuess(addressOf());
      throw error;
    }
  }

  #refuseGuesses(address: string): void {
    const { limiter, limits } = this.#options;
    this.#refuseFor(limiter.waitFor(`guesses:${address}`, limits.failuresPerAddress), 'wrong_keys');
  }

  #countGuess(address: string): void {
    const { limiter, limits } = this.#options;
    this.#refuseFor(limiter.take(`guesses:${address}`, limits.failuresPerAddress), 'wrong_keys');
  }

  #refuseFor(seconds: number, by: Counted): void {
    if (seconds === 0) return;
    this.#options.onLimited(by);
    throw new RateLimited(`${REASONS[by]} Come again in ${seconds} s.`, seconds);
  }
}

const REASONS: Readonly<Record<Counted, string>> = {
  key: 'Too many requests came with this key.',
  address: 'Too many requests without a key came from this address.',
  wrong_keys: 'Too many wrong credentials came from this address.',
};
