import type { Logger } from '../../platform/logger.ts';
import type { Discrepancy, LedgerAuditStore } from './ledger-audit.store.ts';

const BATCH = 200;
const BEFORE_ALL = '00000000-0000-0000-0000-000000000000';

/** Checks that the ledger adds up: balances, entries, the grants they touched. It changes nothing. */
export class LedgerAuditService {
  readonly #store: LedgerAuditStore;
  readonly #logger: Logger;

  constructor(store: LedgerAuditStore, logger: Logger) {
    this.#store = store;
    this.#logger = logger;
  }

  /** Reads every account, a few at a time, and answers with what does not add up; each is logged as an error. */
  async audit(): Promise<Discrepancy[]> {
    const found: Discrepancy[] = [];
    for (let last: string | undefined = BEFORE_ALL; last !== undefined; ) {
      const accountIds: string[] = await this.#store.accountsAfter(last, BATCH);
      found.push(...(await this.#store.discrepancies(accountIds)));
      last = accountIds.at(-1);
    }
    for (const discrepancy of found) {
      this.#logger.error(discrepancy, 'the ledger does not add up');
    }
    return found;
  }
}
