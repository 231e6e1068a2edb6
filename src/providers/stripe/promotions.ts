import type { NewPromotion } from '../payment-objects.ts';
import type { StripeClient } from './stripe-client.ts';
import { PROMOTION } from './translate-subscription.ts';

const MOST_SUBSCRIPTIONS = 100;

/**
 * Begins a subscription whose trial ends with the promotion. Stripe forgets idempotency keys after a day, so one that was
 * made for the account before is looked for first. When the trial ends without a card Stripe makes the invoice, so that the
 * account is suspended and can still pay. Throws ProviderUnavailable, ProviderRefused.
 */
export function createPromotionSubscription(
  client: StripeClient,
  now: () => Date,
  { accountId, customerId, providerPriceId, endsAt }: NewPromotion,
  idempotencyKey: string,
): Promise<{ subscriptionId: string }> {
  const trialEnd = Math.floor(endsAt.getTime() / 1000);
  const trial = {
    trial_end: trialEnd,
    trial_settings: { end_behavior: { missing_payment_method: 'create_invoice' as const } },
  };
  return client.command(async (call) => {
    const { data } = await call((limits) =>
      client.sdk.subscriptions.list(
        { customer: customerId, status: 'all', limit: MOST_SUBSCRIPTIONS },
        limits,
      ),
    );
    const known = data.find(({ metadata }) => metadata[PROMOTION] === accountId);
    if (known !== undefined) return { subscriptionId: known.id };
    const isOver = trialEnd <= Math.floor(now().getTime() / 1000);
    const params = {
      customer: customerId,
      items: [{ price: providerPriceId, quantity: 1 }],
      metadata: { accountId, [PROMOTION]: accountId },
      off_session: true,
      ...(isOver ? {} : trial),
    };
    const made = await call((limits) =>
      client.sdk.subscriptions.create(params, { ...limits, idempotencyKey }),
    );
    return { subscriptionId: made.id };
  });
}
