import type { Clock } from '../../platform/clock.ts';
import { Companion } from '../../platform/database/companion.ts';
import { DomainError, InvalidInput } from '../../platform/errors.ts';
import { isId, newId } from '../../platform/ids.ts';
import type { Logger } from '../../platform/logger.ts';
import type { Page, PageRequest } from '../../platform/paging.ts';
import type { Caller } from '../account/caller.model.ts';
import type { AuditEvent, AuditFilter } from './audit.model.ts';
import { auditedInput, isAudited } from './audit.policy.ts';
import type { AuditStore } from './audit.store.ts';

/** A mutation as a client asked for it. */
export interface Deed {
  readonly action: string;
  readonly args: Readonly<Record<string, unknown>>;
  readonly caller: Caller;
  readonly requestId: string;
}

const DONE = 'DONE';
const LONGEST_ACTION = 255;

/** Writes down who did what: every mutation of an administrator, and every operation on keys. */
export class AuditService {
  readonly #store: AuditStore;
  readonly #clock: Clock;
  readonly #logger: Logger;

  constructor(store: AuditStore, clock: Clock, logger: Logger) {
    this.#store = store;
    this.#clock = clock;
    this.#logger = logger;
  }

  /**
   * Does a mutation and writes it down where it is to be: as DONE in the first transaction that it commits, so that there is
   * neither a deed without its event nor an event of what was rolled back; where it opens none, right after it. A refusal
   * (`refusalIn` names its code, or it is thrown) is an event of its own.
   */
  async witness<Outcome>(
    deed: Deed,
    work: () => Promise<Outcome>,
    refusalIn: (outcome: Outcome) => string | null,
  ): Promise<Outcome> {
    if (!isAudited(deed.caller, deed.action)) return work();
    const companion: Companion = new Companion((tx) =>
      this.#store.append(this.#eventOf(deed, DONE, companion.subject), tx),
    );
    try {
      const outcome = await companion.run(work);
      const code = refusalIn(outcome);
      if (code !== null || !companion.isWritten) {
        await this.#appendLater(this.#eventOf(deed, code ?? DONE, companion.subject));
      }
      return outcome;
    } catch (error) {
      const code = error instanceof DomainError ? error.code : 'INTERNAL_SERVER_ERROR';
      await this.#appendLater(this.#eventOf(deed, code, companion.subject));
      throw error;
    }
  }

  /** A page of what was done, newest first. Throws InvalidInput. */
  async events(filter: AuditFilter, request: PageRequest): Promise<Page<AuditEvent>> {
    return this.#store.events(checked(filter), request);
  }

  async count(filter: AuditFilter): Promise<bigint> {
    return this.#store.count(checked(filter));
  }

  #eventOf(deed: Deed, outcome: string, subject: string | null): AuditEvent {
    const { action, caller, requestId } = deed;
    const input = auditedInput(deed.args);
    return {
      id: newId(),
      at: this.#clock.now(),
      action,
      actorKind: caller.kind.toUpperCase(),
      actorKeyId: caller.kind === 'anonymous' ? '' : caller.keyId,
      accountId: subject ?? accountIn(input) ?? ownAccount(caller),
      input,
      outcome,
      requestId,
    };
  }

  /** What was done stays done when this fails, and is told by the log alone. */
  async #appendLater(event: AuditEvent): Promise<void> {
    try {
      await this.#store.append(event, null);
    } catch (error) {
      this.#logger.error({ err: error, event }, 'what was done could not be written down');
    }
  }
}

function accountIn({ accountId }: Readonly<Record<string, unknown>>): string | null {
  return typeof accountId === 'string' && isId(accountId) ? accountId : null;
}

function ownAccount(caller: Caller): string | null {
  return 'accountId' in caller ? caller.accountId : null;
}

function checked(filter: AuditFilter): AuditFilter {
  const { accountId, action } = filter;
  if (accountId !== null && !isId(accountId))
    throw new InvalidInput('accountId', 'is not the id of an account.');
  if (action !== null && (action.length > LONGEST_ACTION || action.includes('\0')))
    throw new InvalidInput('action', 'is not the name of a mutation.');
  return filter;
}
