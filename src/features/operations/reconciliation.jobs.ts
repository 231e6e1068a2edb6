import type { CronEntry, Tasks } from '../../jobs/task.ts';
import type { ReconciliationService } from './reconciliation.service.ts';

const RECONCILE = 'reconcile';

/** Looks every minute for what no webhook told. */
export function reconciliationTasks(reconciliation: ReconciliationService): Tasks {
  return {
    [RECONCILE]: async () => {
      await reconciliation.run();
    },
  };
}

export const reconciliationCrontab: readonly CronEntry[] = [
  { pattern: '* * * * *', task: RECONCILE },
];
