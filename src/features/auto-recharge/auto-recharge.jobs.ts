import type { Sweep } from '../../jobs/sweep.ts';
import { idIn, type Tasks } from '../../jobs/task.ts';
import { type AutoRechargeService, RECHARGE_JOB } from './auto-recharge.service.ts';
import type { AutomaticChargeService } from './automatic-charge.service.ts';

/** What a balance that has fallen under its mark enqueues. */
export function autoRechargeJobs(automaticCharges: AutomaticChargeService): Tasks {
  return { [RECHARGE_JOB]: (payload) => automaticCharges.recharge(idIn(payload)) };
}

/** Cool-downs, months and charges whose waiting is over. */
export function autoRechargeSweep(autoRecharges: AutoRechargeService): Sweep {
  return {
    name: 'check-auto-recharges',
    nextDueAt: (after) => autoRecharges.nextDueAt(after),
    sweep: () => autoRecharges.sweep(),
  };
}
