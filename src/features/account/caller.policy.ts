import { assertNever } from '../../platform/assert.ts';
import {
  Forbidden,
  InvalidInput,
  MasterKeyRequired,
  NotFound,
  Unauthenticated,
} from '../../platform/errors.ts';
import type { AgentScope, Caller, Permission } from './caller.model.ts';

const SCOPE_OF: Readonly<Record<Permission, AgentScope | null>> = {
  read: 'billing:read',
  spend: 'credits:spend',
  record: 'usage:record',
  buy: null,
  checkIn: null,
  change: null,
  manage: null,
};

const CLIENTS_MAY: ReadonlySet<Permission> = new Set(['read', 'buy', 'checkIn']);

/**
 * The account that a request is about: an account's key means its own, an administrator says which.
 * Throws Unauthenticated, MasterKeyRequired (an agent key without the scope, a client token for more than it may), InvalidInput (an administrator named
 * no account) and NotFound (somebody else's account: it looks like a missing one).
 */
export function accountFor(
  caller: Caller,
  accountId: string | null | undefined,
  permission: Permission,
): string {
  switch (caller.kind) {
    case 'anonymous':
      throw unauthenticated();
    case 'admin':
      if (!accountId) throw new InvalidInput('accountId', 'is required with an admin key.');
      return accountId;
    case 'agent': {
      const scope = SCOPE_OF[permission];
      if (scope === null || !caller.scopes.includes(scope)) {
        throw new MasterKeyRequired(
          scope === null
            ? "This needs the account's master key."
            : `This agent key lacks the scope ${scope}: give it the scope or use the account's master key.`,
        );
      }
      return ownAccount(caller.accountId, accountId);
    }
    case 'client':
      if (!CLIENTS_MAY.has(permission))
        throw new MasterKeyRequired("A client token may not do this: it needs the account's key.");
      return ownAccount(caller.accountId, accountId);
    case 'master':
      return ownAccount(caller.accountId, accountId);
    default:
      return assertNever(caller);
  }
}

/** Lets administrators through. Throws Unauthenticated or Forbidden. */
export function requireAdmin(caller: Caller): void {
  if (caller.kind === 'anonymous') throw unauthenticated();
  if (caller.kind !== 'admin') throw new Forbidden('Only an administrator may do this.');
}

/** Under what a caller's requests and sockets are counted: a browser's are not its account's; null: nobody is known. */
export function countedAs(caller: Caller): string | null {
  if (caller.kind === 'anonymous') return null;
  return caller.kind === 'client' ? caller.tokenId : caller.keyId;
}

/** Whether what belongs to `accountId` may be shown to the caller at all. */
export function sees(caller: Caller, accountId: string): boolean {
  return caller.kind === 'admin' || (caller.kind !== 'anonymous' && caller.accountId === accountId);
}

function ownAccount(own: string, asked: string | null | undefined): string {
  if (asked && asked !== own) throw new NotFound('Account');
  return own;
}

function unauthenticated(): Unauthenticated {
  return new Unauthenticated('A key is needed: send the header "Authorization: Bearer tg_…".');
}
