import { hash, randomBytes, timingSafeEqual } from 'node:crypto';
import { LRUCache } from 'lru-cache';
import { GatheredReads } from '../../live/gathered-reads.ts';
import type { Clock } from '../../platform/clock.ts';
import type { Database } from '../../platform/database/database.ts';
import type { Transaction } from '../../platform/database/transaction.ts';
import { InvalidInput, NotFound, Unauthenticated } from '../../platform/errors.ts';
import { isId, newId } from '../../platform/ids.ts';
import type { ApiKeyRow } from './api-key.entity.ts';
import type { ApiKeyProof, ApiKeyStore } from './api-key.store.ts';
import { AGENT_SCOPES, type ApiKeyKind, type Caller } from './caller.model.ts';
import { KeyRevocations } from './key-revocations.service.ts';
import { checkStorable } from './storable-text.policy.ts';

export interface NewApiKey {
  readonly kind: ApiKeyKind;
  readonly accountId: string | null;
  readonly name: string;
  readonly scopes: readonly string[];
  readonly agentId: string | null;
}

interface ApiKeyServiceNeeds {
  readonly database: Database;
  readonly clock: Clock;
  readonly store: ApiKeyStore;
  /** The administrator's key from the settings, where one was given. */
  readonly adminKey: string | null;
}

/** What is changed by hand, other than by revoking, is noticed after this. */
const TRUSTED_FOR_MS = 60_000;
const LONGEST_NAME = 255;
const TOUCH_EVERY_MS = 60_000;
const TOUCH_TOGETHER_MS = 1_000;
const LARGEST_LOOKUP = 1_000;
const KEY_SHAPE = /^tg_(?:admin|master|agent)_([A-Za-z0-9]{12})_[A-Za-z0-9]{40}$/;
const ALPHABET = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789';

/** The keys with which machines prove who they are: stored as hashes, shown once, revocable. */
export class ApiKeyService {
  readonly #needs: ApiKeyServiceNeeds;
  /** What was found good, until it is revoked: that is told at once where it happens, and looked up besides. */
  readonly #trusted = new LRUCache<string, Caller>({ max: 50_000, ttl: TRUSTED_FOR_MS });
  readonly #revocations: KeyRevocations;
  readonly #touched = new LRUCache<string, true>({ max: 50_000, ttl: TOUCH_EVERY_MS });
  readonly #proofs: GatheredReads<ApiKeyProof>;
  #toTouch: string[] = [];
  readonly #adminHash: Buffer | null;
  /** How often something was forgotten. */
  #forgotten = 0;

  constructor(needs: ApiKeyServiceNeeds) {
    this.#needs = needs;
    this.#adminHash = needs.adminKey === null ? null : digestOf(needs.adminKey);
    this.#proofs = new GatheredReads({
      read: (prefixes) => needs.store.proofs(prefixes),
      maxBatch: LARGEST_LOOKUP,
    });
    this.#revocations = new KeyRevocations({
      store: needs.store,
      onRevoked: (ids) => this.#forgetAll(new Set(ids)),
      onRewound: () => {
        this.#forgotten += 1;
        this.#trusted.clear();
      },
    });
  }

  /** Makes a key; the secret is in the answer and nowhere else. Throws InvalidInput for a bad name or bad scopes. */
  createKey(input: NewApiKey): Promise<{ apiKey: ApiKeyRow; secret: string }> {
    return this.#needs.database.transaction((tx) => this.createIn(tx, input));
  }

  /** As `createKey`, in a transaction that is already open. */
  async createIn(
    tx: Transaction,
    input: NewApiKey,
  ): Promise<{ apiKey: ApiKeyRow; secret: string }> {
    checkTexts(input);
    checkScopes(input);
    const prefix = randomText(12);
    const secret = `tg_${input.kind.toLowerCase()}_${prefix}_${randomText(40)}`;
    const apiKey: ApiKeyRow = {
      ...input,
      id: newId(),
      scopes: [...input.scopes],
      prefix,
      secretHash: digestOf(secret),
      lastUsedAt: null,
      revokedAt: null,
      revocation: null,
      createdAt: this.#needs.clock.now(),
    };
    await this.#needs.store.insert(tx, apiKey);
    return { apiKey, secret };
  }

  /**
   * Who holds this key; `digest` is its SHA-256 in base64, where it is known already. Throws Unauthenticated for a key that
   * is unknown or revoked, in the same words.
   */
  async authenticate(
    secret: string,
    digest = digestOf(secret).toString('base64'),
  ): Promise<Caller> {
    const known = this.#revocations.untilKnown();
    if (known !== null) await known;
    const forgotten = this.#forgotten;
    const trusted = this.#trusted.get(digest);
    const caller = trusted ?? (await this.#look(secret, Buffer.from(digest, 'base64')));
    // What was looked up while a key was revoked may be from before.
    if (trusted === undefined && forgotten === this.#forgotten) this.#trusted.set(digest, caller);
    if (caller.kind !== 'anonymous') this.#touch(caller.keyId);
    return caller;
  }

  /** A key by its id; throws NotFound. */
  async key(id: string): Promise<ApiKeyRow> {
    const apiKey = isId(id) ? await this.#needs.store.byId(id) : null;
    if (apiKey === null) throw new NotFound('API key');
    return apiKey;
  }

  /** The keys of an account (null: the administrators'), oldest first, revoked ones too. */
  keys(accountId: string | null): Promise<ApiKeyRow[]> {
    return this.#needs.store.byAccount(accountId);
  }

  /** Revokes a key, here at once and in every other process within moments. Doing it again changes nothing. */
  async revokeKey(id: string): Promise<ApiKeyRow> {
    await this.#needs.database.transaction(async (tx) => {
      await this.#needs.store.revoke(tx, id, this.#needs.clock.now());
      tx.hint('key', id);
    });
    this.forget(id);
    return this.key(id);
  }

  /** Which of these keys are revoked by now. */
  revokedAmong(ids: readonly string[]): Promise<string[]> {
    return this.#needs.store.revokedAmong(ids.filter(isId));
  }

  /** Looks again at the next use of this key. */
  forget(id: string): void {
    this.#forgetAll(new Set([id]));
  }

  #forgetAll(ids: ReadonlySet<string>): void {
    this.#forgotten += 1;
    for (const [cacheKey, caller] of this.#trusted.entries()) {
      if (caller.kind !== 'anonymous' && ids.has(caller.keyId)) this.#trusted.delete(cacheKey);
    }
  }

  async #look(secret: string, digest: Buffer): Promise<Caller> {
    if (this.#adminHash !== null && timingSafeEqual(this.#adminHash, digest)) {
      return { kind: 'admin', keyId: 'settings' };
    }
    const prefix = KEY_SHAPE.exec(secret)?.[1];
    const proof = prefix === undefined ? undefined : await this.#proofs.read(prefix);
    const isGood = proof?.revokedAt === null && timingSafeEqual(proof.secretHash, digest);
    if (!isGood) throw new Unauthenticated('This key is unknown or revoked.');
    return callerOf(proof);
  }

  /** Remembers that a key was used; the keys of one moment are written down together. */
  #touch(keyId: string): void {
    if (keyId === 'settings' || this.#touched.has(keyId)) return;
    this.#touched.set(keyId, true);
    if (this.#toTouch.push(keyId) > 1) return;
    setTimeout(() => void this.#writeTouches(), TOUCH_TOGETHER_MS).unref();
  }

  async #writeTouches(): Promise<void> {
    const keyIds = this.#toTouch;
    this.#toTouch = [];
    try {
      await this.#needs.store.touch(keyIds, this.#needs.clock.now());
    } catch {
      for (const keyId of keyIds) this.#touched.delete(keyId);
    }
  }
}

function checkTexts({ name, agentId }: NewApiKey): void {
  if (name.trim() === '') throw new InvalidInput('name', 'must not be empty.');
  checkStorable('name', name, LONGEST_NAME);
  if (agentId !== null) checkStorable('agentId', agentId, LONGEST_NAME);
}

function checkScopes(input: NewApiKey): void {
  if (input.kind !== 'AGENT' && input.scopes.length > 0) {
    throw new InvalidInput(
      'scopes',
      'are for agent keys only: a master or admin key may do everything of its kind.',
    );
  }
  if (input.kind === 'AGENT' && input.scopes.length === 0) {
    throw new InvalidInput('scopes', `must name at least one of ${AGENT_SCOPES.join(', ')}.`);
  }
  const unknown = input.scopes.find(
    (scope) => !(AGENT_SCOPES as readonly string[]).includes(scope),
  );
  if (unknown !== undefined) {
    throw new InvalidInput(
      'scopes',
      `"${unknown}" does not exist; there are ${AGENT_SCOPES.join(', ')}.`,
    );
  }
}

function callerOf(row: ApiKeyProof): Caller {
  if (row.kind === 'ADMIN' || row.accountId === null || row.accountId === undefined) {
    return { kind: 'admin', keyId: row.id };
  }
  if (row.kind === 'MASTER') return { kind: 'master', keyId: row.id, accountId: row.accountId };
  return {
    kind: 'agent',
    keyId: row.id,
    accountId: row.accountId,
    scopes: row.scopes,
    agentId: row.agentId ?? null,
  };
}

function digestOf(secret: string): Buffer {
  return hash('sha256', secret, 'buffer');
}

function randomText(length: number): string {
  let text = '';
  while (text.length < length) {
    for (const byte of randomBytes(length)) {
      if (byte < 248 && text.length < length) text += ALPHABET[byte % 62];
    }
  }
  return text;
}
