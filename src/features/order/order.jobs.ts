import type { PurchaseService } from './purchase.service.ts';

/** The jobs of orders, by the names under which they are enqueued. */
export function orderJobs(purchases: PurchaseService) {
  return {
    'resume-order': async (payload: unknown): Promise<void> => {
      await purchases.resume((payload as { orderId: string }).orderId);
    },
  };
}
