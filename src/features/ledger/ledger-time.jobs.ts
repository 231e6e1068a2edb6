import type { Sweep } from '../../jobs/sweep.ts';
import type { CronEntry, Tasks } from '../../jobs/task.ts';
import type { LedgerAuditService } from './ledger-audit.service.ts';
import type { LedgerSweepService } from './ledger-sweep.service.ts';

const AUDIT = 'audit-ledger';

/** Grants that start and expire, and holds that end. */
export function ledgerSweep(ledger: LedgerSweepService): Sweep {
  return {
    name: 'settle-due-balances',
    nextDueAt: (after) => ledger.nextDueAt(after),
    sweep: () => ledger.sweep(),
  };
}

/** The check that the ledger adds up. */
export function ledgerAuditTasks(audit: LedgerAuditService): Tasks {
  return {
    [AUDIT]: async () => {
      await audit.audit();
    },
  };
}

/** Every night. */
export const ledgerAuditCrontab: readonly CronEntry[] = [{ pattern: '17 3 * * *', task: AUDIT }];
