import { hash } from 'node:crypto';
import { errors, type JWTHeaderParameters, jwtVerify, SignJWT } from 'jose';
import { LRUCache } from 'lru-cache';
import { GatheredReads } from '../../live/gathered-reads.ts';
import type { Clock } from '../../platform/clock.ts';
import { InvalidInput, Unauthenticated } from '../../platform/errors.ts';
import { isId, newId } from '../../platform/ids.ts';
import type { ApiKeyService } from './api-key.service.ts';
import { type ClientCaller, LONGEST_TOKEN_S } from './caller.model.ts';
import type { ClientTokenKeys } from './client-token-keys.service.ts';

interface ClientTokenServiceNeeds {
  readonly keys: ClientTokenKeys;
  readonly apiKeys: ApiKeyService;
  /** Real time: tokens are not moved with the domain's clock. */
  readonly realTime: Clock;
}

const ALGORITHM = 'HS256';
const ISSUER = 'tollgate';
const AUDIENCE = 'tollgate-client';
const SHORTEST_TOKEN_S = 60;
const DEFAULT_TOKEN_S = 900;
/** How long a token that was found good is taken for good without looking again; revocations are told besides. */
const TRUSTED_FOR_MS = 2_000;
const LARGEST_LOOKUP = 1_000;
const TOKEN_SHAPE = /^[\w-]{1,1024}\.[\w-]{1,4096}\.[\w-]{1,512}$/;
const REFUSED = 'This token is unknown, expired, or of a key that was revoked.';

/** Tokens with which a browser acts for one account for some minutes. They die with the key that minted them. */
export class ClientTokenService {
  readonly #needs: ClientTokenServiceNeeds;
  readonly #trusted = new LRUCache<string, ClientCaller>({ max: 50_000, ttl: TRUSTED_FOR_MS });
  readonly #revoked: GatheredReads<true>;
  /** How often something was forgotten. */
  #forgotten = 0;

  constructor(needs: ClientTokenServiceNeeds) {
    this.#needs = needs;
    this.#revoked = new GatheredReads({
      read: async (ids) => {
        const revoked = await needs.apiKeys.revokedAmong(ids);
        return new Map(revoked.map((id) => [id, true as const]));
      },
      maxBatch: LARGEST_LOOKUP,
    });
  }

  /** Mints a token for an account by a key, good for so many seconds (900 when not said). Throws InvalidInput. */
  async mint(
    accountId: string,
    keyId: string,
    ttlSeconds: number | null,
  ): Promise<{ token: string; expiresAt: Date }> {
    const ttl = ttlSeconds ?? DEFAULT_TOKEN_S;
    if (ttl < SHORTEST_TOKEN_S || ttl > LONGEST_TOKEN_S) {
      const range = `from ${SHORTEST_TOKEN_S} to ${LONGEST_TOKEN_S}`;
      throw new InvalidInput('ttlSeconds', `must be ${range}.`);
    }
    const { id: kid, secret } = await this.#needs.keys.signing();
    const now = Math.floor(this.#needs.realTime.now().getTime() / 1000);
    const token = await new SignJWT({ key: keyId })
      .setProtectedHeader({ alg: ALGORITHM, kid, typ: 'JWT' })
      .setIssuer(ISSUER)
      .setAudience(AUDIENCE)
      .setSubject(accountId)
      .setJti(newId())
      .setIssuedAt(now)
      .setExpirationTime(now + ttl)
      .sign(secret);
    return { token, expiresAt: new Date((now + ttl) * 1000) };
  }

  /** Whether this could be a token at all. */
  isToken(credential: string): boolean {
    return TOKEN_SHAPE.test(credential);
  }

  /**
   * Whom a token speaks for; `digest` is its SHA-256 in base64, where it is known already. Throws Unauthenticated for one
   * that is not good, in the same words.
   */
  async authenticate(
    token: string,
    digest = hash('sha256', token, 'base64'),
  ): Promise<ClientCaller> {
    const forgotten = this.#forgotten;
    const trusted = this.#trusted.get(digest);
    if (trusted !== undefined && trusted.expiresAt > this.#needs.realTime.now()) return trusted;
    const caller = await this.#verify(token);
    if ((await this.#revoked.read(caller.keyId)) === true) throw new Unauthenticated(REFUSED);
    // What was looked up while a key was revoked may be from before.
    if (forgotten === this.#forgotten) this.#trusted.set(digest, caller);
    return caller;
  }

  /** Looks again at the next use of tokens that this key minted. */
  forget(keyId: string): void {
    this.#forgotten += 1;
    for (const [digest, caller] of this.#trusted.entries()) {
      if (caller.keyId === keyId) this.#trusted.delete(digest);
    }
  }

  /** One algorithm, our keys, our issuer and audience: whatever else the token says of itself does not matter. */
  async #verify(token: string): Promise<ClientCaller> {
    try {
      const { payload } = await jwtVerify(token, (header) => this.#secretOf(header), {
        algorithms: [ALGORITHM],
        issuer: ISSUER,
        audience: AUDIENCE,
        requiredClaims: ['sub', 'jti', 'iat', 'exp', 'key'],
        currentDate: this.#needs.realTime.now(),
      });
      const { sub = '', jti = '', exp = 0, key } = payload;
      return {
        kind: 'client',
        keyId: String(key),
        tokenId: jti,
        accountId: sub,
        expiresAt: new Date(exp * 1000),
      };
    } catch (error) {
      if (error instanceof errors.JOSEError) throw new Unauthenticated(REFUSED);
      throw error;
    }
  }

  async #secretOf({ kid }: JWTHeaderParameters): Promise<Uint8Array> {
    const key = kid !== undefined && isId(kid) ? await this.#needs.keys.verifying(kid) : null;
    if (key === null) throw new errors.JWKSNoMatchingKey();
    return key.secret;
  }
}
