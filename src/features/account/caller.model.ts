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
    };

/**
 * What an operation on an account needs. `read`, `spend` and `record` can be given to an agent key as a scope;
 * `buy` is everything a paying customer does, `checkIn` what a person does who comes by; `manage` is keys and settings.
 */
export type Permission = 'read' | 'spend' | 'record' | 'buy' | 'checkIn' | 'manage';
