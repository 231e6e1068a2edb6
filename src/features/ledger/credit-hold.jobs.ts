import type { CreditHoldService } from './credit-hold.service.ts';

/** Expiring holds: enqueued by `ledger_hold` for the account's next one, and each minute for what was missed. */
export function creditHoldJobs(holds: CreditHoldService) {
  return {
    'expire-due-holds': async (payload: unknown): Promise<void> => {
      const { id } = (payload ?? {}) as { id?: unknown };
      if (typeof id === 'string') await holds.expireDueOf(id);
      else await holds.expireDue();
    },
  };
}

export const creditHoldCrontab = [{ pattern: '* * * * *', task: 'expire-due-holds' }] as const;
