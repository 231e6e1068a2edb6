/** What an administrator, or whoever deals with keys, did. Written once, never changed. */
export interface AuditEvent {
  readonly id: string;
  readonly at: Date;
  /** The mutation's name. */
  readonly action: string;
  readonly actorKind: string;
  /** The key's id; `settings` for the administrator's key in the environment. */
  readonly actorKeyId: string;
  /** The account that it was about; null: none. */
  readonly accountId: string | null;
  /** What was sent, without secrets. */
  readonly input: Readonly<Record<string, unknown>>;
  /** `DONE`, or the code of the refusal. */
  readonly outcome: string;
  readonly requestId: string;
}

/** Narrows the list of events; null: any. */
export interface AuditFilter {
  readonly accountId: string | null;
  readonly action: string | null;
}

/** What the list's cursors begin with. */
export const AUDIT_CURSOR = 'audit-event';
