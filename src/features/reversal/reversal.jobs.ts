import type { Sweep } from '../../jobs/sweep.ts';
import type { Channel } from '../../platform/money.ts';
import type { ReversalService } from './reversal.service.ts';

/** The jobs of payments that went back, by the names under which they are enqueued. */
export function reversalJobs(reversals: ReversalService) {
  return {
    'refresh-reversal': async (payload: unknown): Promise<void> => {
      const { channel, paymentId } = payload as { channel: Channel; paymentId: string };
      await reversals.refresh(channel, paymentId);
    },
  };
}

/** Disputes that are open and of which nothing was heard. */
export function reversalSweep(reversals: ReversalService): Sweep {
  return {
    name: 'check-open-disputes',
    nextDueAt: (after) => reversals.nextDueAt(after),
    sweep: () => reversals.sweep(),
  };
}
