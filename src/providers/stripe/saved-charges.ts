import type Stripe from 'stripe';
import { ProviderDeclined } from '../payment-errors.ts';
import type { NewSavedCharge, SavedCharge } from '../payment-objects.ts';
import type { Call, StripeClient } from './stripe-client.ts';
import { toStripeAmount, toStripeCurrency } from './translate-values.ts';

const PAGE = 100;
const MOST_PAGES = 5;
/** The metadata that marks a charge which was made by this command. */
const CHARGE_OF_ORDER = 'tollgateChargeOfOrder';

/**
 * Charges a saved card off session. Stripe forgets idempotency keys after a day, so a charge that the order has already is
 * looked for first; within the day the key alone is enough, also while the first request is still at work.
 * Throws ProviderDeclined, ProviderUnavailable, ProviderRefused.
 */
export function chargeSavedMethod(
  client: StripeClient,
  charge: NewSavedCharge,
  idempotencyKey: string,
): Promise<SavedCharge> {
  const { orderId, accountId, customerId, money } = charge;
  return client.command(async (call) => {
    const known = await findCharge(client, call, customerId, orderId);
    if (known !== null) return toSavedCharge(known);
    const params = {
      amount: toStripeAmount(money.amountMinor),
      currency: toStripeCurrency(money.currency),
      customer: customerId,
      payment_method: charge.paymentMethodId,
      off_session: true,
      confirm: true,
      description: charge.description,
      metadata: { accountId, orderId, [CHARGE_OF_ORDER]: orderId },
    };
    return toSavedCharge(
      await call((limits) =>
        client.sdk.paymentIntents.create(params, { ...limits, idempotencyKey }),
      ),
    );
  });
}

/** The newest come first, and an order's charge is sought soon after it was made: a few pages are far enough. */
async function findCharge(
  { sdk }: StripeClient,
  call: Call,
  customer: string,
  orderId: string,
): Promise<Stripe.PaymentIntent | null> {
  let after: { starting_after?: string } = {};
  for (let page = 0; page < MOST_PAGES; page += 1) {
    const { data, has_more } = await call((limits) =>
      sdk.paymentIntents.list({ customer, limit: PAGE, ...after }, limits),
    );
    const found = data.find(({ metadata }) => metadata[CHARGE_OF_ORDER] === orderId);
    if (found !== undefined) return found;
    const last = data.at(-1);
    if (!has_more || last === undefined) return null;
    after = { starting_after: last.id };
  }
  return null;
}

function toSavedCharge(intent: Stripe.PaymentIntent): SavedCharge {
  switch (intent.status) {
    case 'succeeded':
      return { paymentId: intent.id, isPaid: true };
    case 'processing':
      return { paymentId: intent.id, isPaid: false };
    default:
      throw refusedCharge(intent);
  }
}

/** Nobody is there to try another card, or to confirm this one: every other state is a refusal. */
function refusedCharge({ status, last_payment_error: error }: Stripe.PaymentIntent): Error {
  const code = error?.decline_code ?? error?.code ?? status;
  return new ProviderDeclined(error?.message ?? 'The card was not charged.', code);
}
