import { hash } from 'node:crypto';
import type { ApiKeyService } from '../features/account/api-key.service.ts';
import type { Caller } from '../features/account/caller.model.ts';
import type { ClientTokenService } from '../features/account/client-token.service.ts';
import { Unauthenticated } from '../platform/errors.ts';

const BEARER = /^Bearer +(\S+) *$/i;

/** What somebody proves with who they are, as an `Authorization` header gives it. */
export interface Credential {
  /** A key or a client's token; null: the header cannot be understood. */
  readonly secret: string | null;
  /** SHA-256 of the secret, in base64: what is remembered of it. Empty where there is none. */
  readonly digest: string;
}

/** Finds out whose credential it is. Throws Unauthenticated. */
export type Authenticate = (credential: Credential) => Promise<Caller>;

/** Reads `Authorization: Bearer …`. Null: none was given, and whoever asks is anonymous. */
export function credentialIn(authorization: unknown): Credential | null {
  if (authorization === undefined || authorization === null || authorization === '') return null;
  const secret = typeof authorization === 'string' ? BEARER.exec(authorization)?.[1] : undefined;
  return secret === undefined
    ? { secret: null, digest: '' }
    : { secret, digest: hash('sha256', secret, 'base64') };
}

/** Proves who asks, the same way on HTTP and on sockets: by a key or a client's token. */
export function authenticateWith(
  apiKeys: ApiKeyService,
  clientTokens: ClientTokenService | null,
): Authenticate {
  return ({ secret, digest }) => {
    if (secret === null) {
      const error = new Unauthenticated('The Authorization header must read "Bearer tg_…".');
      return Promise.reject(error);
    }
    return clientTokens?.isToken(secret)
      ? clientTokens.authenticate(secret, digest)
      : apiKeys.authenticate(secret, digest);
  };
}
