import { clientTokenCrontab, clientTokenTasks } from '../features/account/client-token.jobs.ts';
import {
  autoRechargeJobs,
  autoRechargeSweep,
} from '../features/auto-recharge/auto-recharge.jobs.ts';
import { catalogJobs } from '../features/catalog/catalog.jobs.ts';
import { couponJobs } from '../features/coupon/coupon.jobs.ts';
import { creditHoldCrontab, creditHoldJobs } from '../features/ledger/credit-hold.jobs.ts';
import {
  ledgerAuditCrontab,
  ledgerAuditTasks,
  ledgerSweep,
} from '../features/ledger/ledger-time.jobs.ts';
import { lifecycleJobs, lifecycleSweeps } from '../features/lifecycle/lifecycle.jobs.ts';
import {
  reconciliationCrontab,
  reconciliationTasks,
} from '../features/operations/reconciliation.jobs.ts';
import { changeOrderSweep, orderJobs } from '../features/order/order.jobs.ts';
import { paymentMethodJobs } from '../features/payment-method/payment-method.jobs.ts';
import { reversalJobs, reversalSweep } from '../features/reversal/reversal.jobs.ts';
import { planCreditSweep, subscriptionJobs } from '../features/subscription/subscription.jobs.ts';
import { inboxCrontab, inboxTasks } from '../inbox/inbox.jobs.ts';
import { JobRunner } from '../jobs/job-runner.ts';
import { type Sweep, sweepCrontab, sweepTasks } from '../jobs/sweep.ts';
import type { Task, Tasks } from '../jobs/task.ts';
import { inBackground } from '../platform/database/background.ts';
import type { Tracing } from '../platform/tracing.ts';
import { timedTasks } from './metrics.ts';
import type { Services } from './services.ts';

/** Everything that time does. */
export function composeSweeps(services: Services): Sweep[] {
  const { changeOrders, ledgerSweep: ledger, planCredits } = services;
  const sweeps = [
    ...lifecycleSweeps(services),
    ledgerSweep(ledger),
    planCreditSweep(planCredits),
    changeOrderSweep(changeOrders),
    reversalSweep(services.reversals),
    autoRechargeSweep(services.autoRecharges),
  ];
  return sweeps.map((part) => ({ ...part, sweep: () => inBackground(() => part.sweep()) }));
}

/** The runner of every job there is, on the queue of this database. */
export function composeJobs(
  services: Services,
  sweeps: readonly Sweep[],
  url: string,
  tracing: Tracing | null,
): JobRunner {
  const { cardRequests, config, database, logger, planChanger, purchases, subscriptions } =
    services;
  const tasks = {
    ...inboxTasks(services.inbox, services.eventWorker),
    ...clientTokenTasks(services.clientTokenKeys),
    ...catalogJobs(services.catalog),
    ...paymentMethodJobs(cardRequests),
    ...creditHoldJobs(services.holds),
    ...couponJobs(services.couponsAtProvider),
    ...orderJobs(purchases),
    ...subscriptionJobs(subscriptions, planChanger),
    ...reversalJobs(services.reversals),
    ...autoRechargeJobs(services.automaticCharges),
    ...lifecycleJobs(services),
    ...ledgerAuditTasks(services.ledgerAudit),
    ...reconciliationTasks(services.reconciliation),
    ...sweepTasks(sweeps),
  };
  const timed = timedTasks(tasks, services.metrics, tracing);
  const crontab = [
    ...inboxCrontab,
    ...clientTokenCrontab,
    ...creditHoldCrontab,
    ...ledgerAuditCrontab,
    ...(config.reconciles ? reconciliationCrontab : []),
    ...sweepCrontab(sweeps),
  ];
  return new JobRunner({ url, database, logger, tasks: asBackground(timed), crontab });
}

/** Nobody waits for a job, and some read the whole ledger. */
function asBackground(tasks: Tasks): Tasks {
  const wrapped = Object.entries(tasks).map(([name, task]): [string, Task] => [
    name,
    (payload, context) => inBackground(() => task(payload, context)),
  ]);
  return Object.fromEntries(wrapped);
}
