/** What an agent key can be given. */
export const AGENT_SCOPES = ['billing:read', 'credits:spend', 'usage:record'] as const;
export type AgentScope = (typeof AGENT_SCOPES)[number];

export type ApiKeyKind = 'ADMIN' | 'MASTER' | 'AGENT';

/** Who is asking, as the credential proved. */
export type Caller =
  | { readonly kind: 'anonymous' }
  | { readonly kind: 'admin'; readonly keyId: string }
  | { readonly kind: 'master'; readonly keyId: string; readonly accountId: string }
  | {
      readonly kind: 'agent';
      readonly keyId: string;
      readonly accountId: string;
      readonly scopes: readonly string[];
      readonly agentId: string | null;
    }
  | ClientCaller;

/** A browser with a token. `keyId` is the key that minted it, and with which it dies. */
export interface ClientCaller {
  readonly kind: 'client';
  readonly keyId: string;
  readonly tokenId: string;
  readonly accountId: string;
  /** Real time. */
  readonly expiresAt: Date;
}

/** How long a client's token lives at most, in seconds. */
export const LONGEST_TOKEN_S = 3_600;

/**
 * What an operation on an account needs. `read`, `spend` and `record` can be given to an agent key as a scope;
 * `buy` is what a paying customer does in a browser, `checkIn` what a person does who comes by; `change` is what is done to
 * something that was bought; `manage` is keys and settings.
 */
export type Permission = 'read' | 'spend' | 'record' | 'buy' | 'checkIn' | 'change' | 'manage';
