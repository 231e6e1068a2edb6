import type { CardRequestService } from './card-request.service.ts';

/** The jobs of payment methods, by the names under which they are enqueued. */
export function paymentMethodJobs(cardRequests: CardRequestService) {
  return {
    'resume-card-request': async (payload: unknown): Promise<void> => {
      await cardRequests.resume((payload as { id: string }).id);
    },
  };
}
