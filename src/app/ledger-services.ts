import { BalanceNews } from '../features/ledger/balance-news.service.ts';
import { BalanceStreamService } from '../features/ledger/balance-stream.service.ts';
import { CreditHoldService } from '../features/ledger/credit-hold.service.ts';
import { CreditHoldStore } from '../features/ledger/credit-hold.store.ts';
import { LedgerService } from '../features/ledger/ledger.service.ts';
import { LedgerStore } from '../features/ledger/ledger.store.ts';
import { LedgerAuditService } from '../features/ledger/ledger-audit.service.ts';
import { LedgerAuditStore } from '../features/ledger/ledger-audit.store.ts';
import { LedgerChangesStore } from '../features/ledger/ledger-changes.store.ts';
import { LedgerHistoryService } from '../features/ledger/ledger-history.service.ts';
import { LedgerHistoryStore } from '../features/ledger/ledger-history.store.ts';
import { LedgerPageStore } from '../features/ledger/ledger-page.store.ts';
import { LedgerSweepService } from '../features/ledger/ledger-sweep.service.ts';
import { LedgerSweepStore } from '../features/ledger/ledger-sweep.store.ts';
import { LoneDebitStore } from '../features/ledger/lone-debit.store.ts';
import type { LiveHub } from '../live/hub.ts';
import type { Database } from '../platform/database/database.ts';
import type { Logger } from '../platform/logger.ts';
import type { Metrics } from '../platform/metrics.ts';

type LedgerNeeds = Pick<
  ConstructorParameters<typeof LedgerService>[0],
  'clock' | 'events' | 'accounts'
> & {
  readonly database: Database;
  readonly hub: LiveHub;
  readonly logger: Logger;
  readonly metrics: Metrics;
};

/** The ledger, with what watches, sweeps and audits it. */
export function composeLedger(base: LedgerNeeds) {
  const { database, clock, hub } = base;
  const entries = new LedgerHistoryStore(database);
  const news = new BalanceNews(hub);
  const history = new LedgerHistoryService(entries, new LedgerPageStore(database, clock), clock);
  const ledger = new LedgerService({
    ...base,
    store: new LedgerStore(database),
    lone: new LoneDebitStore(database),
    history: entries,
    onDebits: (outcomes) => base.metrics.debitsApplied(outcomes),
    onApplied: (applied) => news.tell(applied),
  });
  const ledgerSweep = new LedgerSweepService(new LedgerSweepStore(database), clock);
  const ledgerAudit = new LedgerAuditService(new LedgerAuditStore(database), base.logger);
  const balanceStreams = new BalanceStreamService({
    ledger,
    changes: new LedgerChangesStore(database, clock),
    history: entries,
    hub,
    news,
  });
  const holds = new CreditHoldService({
    ...base,
    store: new CreditHoldStore(database),
    history: entries,
  });
  return { ledger, history, holds, ledgerSweep, ledgerAudit, balanceStreams };
}
