import type { Sweep } from '../../jobs/sweep.ts';
import type { ChangeOrderService } from './change-order.service.ts';
import type { PurchaseService } from './purchase.service.ts';

/** The jobs of orders, by the names under which they are enqueued. */
export function orderJobs(purchases: PurchaseService) {
  return {
    'resume-order': async (payload: unknown): Promise<void> => {
      await purchases.resume((payload as { orderId: string }).orderId);
    },
  };
}

/** Ends orders whose page for changing a plan is too old to be used. */
export function changeOrderSweep(changeOrders: ChangeOrderService): Sweep {
  return {
    name: 'expire-change-orders',
    nextDueAt: (after) => changeOrders.nextExpiry(after),
    sweep: () => changeOrders.expireDue(),
  };
}
