import type { Sweep } from '../../jobs/sweep.ts';
import type { Tasks } from '../../jobs/task.ts';
import type { LifecycleService } from './lifecycle.service.ts';
import type { OutstandingInvoiceService } from './outstanding-invoice.service.ts';
import type { PromotionService } from './promotion.service.ts';

interface LifecycleJobNeeds {
  readonly lifecycle: LifecycleService;
  readonly promotions: PromotionService;
  readonly outstandingInvoices: OutstandingInvoiceService;
}

/** The jobs of the lifecycle, by the names under which they are enqueued. */
export function lifecycleJobs(needs: LifecycleJobNeeds): Tasks {
  const { lifecycle, promotions, outstandingInvoices } = needs;
  return {
    'trial-limit-passed': (payload) => lifecycle.passTrialLimit(accountIn(payload)),
    'start-promotion': (payload) => promotions.start(accountIn(payload)),
    'pay-outstanding-invoice': (payload) =>
      outstandingInvoices.pay(accountIn(payload), (payload as { attempt: string }).attempt),
  };
}

/** Trials and graces that end, and promotions that should have ended. */
export function lifecycleSweeps({ lifecycle, promotions }: LifecycleJobNeeds): Sweep[] {
  return [
    {
      name: 'end-statuses',
      nextDueAt: (after) => lifecycle.nextDueAt(after),
      sweep: () => lifecycle.sweep(),
    },
    {
      name: 'check-promotions',
      nextDueAt: (after) => promotions.nextDueAt(after),
      sweep: () => promotions.sweep(),
    },
  ];
}

function accountIn(payload: unknown): string {
  return (payload as { accountId: string }).accountId;
}
