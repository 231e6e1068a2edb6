import type { ApiKeyService } from '../features/account/api-key.service.ts';
import type { Caller } from '../features/account/caller.model.ts';
import type { ClientTokenService } from '../features/account/client-token.service.ts';
import { Unauthenticated } from '../platform/errors.ts';

const BEARER = /^Bearer +(\S+) *$/i;

/** Proves who asks, the same way on HTTP and on sockets. */
export type Authenticate = (authorization: unknown) => Promise<Caller>;

/** Reads `Authorization: Bearer …`, a key or a client's token. No header is anonymous; one that is wrong is refused. Throws Unauthenticated. */
export function authenticateWith(
  apiKeys: ApiKeyService,
  clientTokens: ClientTokenService | null,
): Authenticate {
  return async (authorization) => {
    if (authorization === undefined || authorization === null || authorization === '')
      return { kind: 'anonymous' };
    const secret = typeof authorization === 'string' ? BEARER.exec(authorization)?.[1] : undefined;
    if (secret === undefined) {
      throw new Unauthenticated('The Authorization header must read "Bearer tg_…".');
    }
    return clientTokens?.isToken(secret)
      ? clientTokens.authenticate(secret)
      : apiKeys.authenticate(secret);
  };
}
