import { LRUCache } from 'lru-cache';

/** Longer than a key can be on its way from the database to an open socket. */
const REMEMBERED_FOR_MS = 30_000;

/** Keys that were revoked while sockets may have been on their way in with them. */
export class RecentRevocations {
  readonly #keyIds = new LRUCache<string, true>({ max: 10_000, ttl: REMEMBERED_FOR_MS });

  add(keyId: string): void {
    this.#keyIds.set(keyId, true);
  }

  has(keyId: string): boolean {
    return this.#keyIds.has(keyId);
  }
}
