import type Stripe from 'stripe';
import { ProviderUnavailable } from '../../platform/errors.ts';
import { ProviderRefused } from '../payment-errors.ts';
import type {
  CheckoutOutcome,
  HostedCheckout,
  NewCreditsCheckout,
  NewPlanCheckout,
} from '../payment-objects.ts';
import type { Call, StripeClient } from './stripe-client.ts';
import { isKeyReused, isRefusedAs } from './stripe-errors.ts';
import { toCheckoutOutcome } from './translate-checkout.ts';
import { toDate, toStripeAmount, toStripeCurrency } from './translate-values.ts';

const HOUR_S = 3600;
const SOONEST_S = 31 * 60;
const LATEST_S = 24 * HOUR_S;

/**
 * Opens a page that sells a plan by subscription. A card is always taken, also for a trial: when a trial ends and there is
 * none after all, Stripe makes the invoice, so that the account is suspended and can still pay, rather than ended.
 * Throws ProviderUnavailable, ProviderRefused.
 */
export function createPlanCheckout(
  client: StripeClient,
  now: () => Date,
  checkout: NewPlanCheckout,
  idempotencyKey: string,
): Promise<HostedCheckout> {
  const { providerPriceId, trialDays } = checkout;
  const trial = {
    trial_period_days: trialDays,
    trial_settings: { end_behavior: { missing_payment_method: 'create_invoice' as const } },
  };
  return openPage(client, now, checkout, idempotencyKey, {
    mode: 'subscription',
    line_items: [{ price: providerPriceId, quantity: 1 }],
    payment_method_collection: 'always',
    subscription_data: { metadata: metadataOf(checkout), ...(trialDays > 0 ? trial : {}) },
  });
}

/**
 * Opens a page that sells credits once. The card is not kept (`setup_future_usage`): attaching one moves the account's
 * lifecycle, which the customer has to ask for.
 * Throws ProviderUnavailable, ProviderRefused.
 */
export function createCreditsCheckout(
  client: StripeClient,
  now: () => Date,
  checkout: NewCreditsCheckout,
  idempotencyKey: string,
): Promise<HostedCheckout> {
  const { money, description } = checkout;
  // Inside the promise, so that an amount that Stripe cannot take rejects like every other refusal.
  return Promise.resolve().then(() =>
    openPage(client, now, checkout, idempotencyKey, {
      mode: 'payment',
      line_items: [
        {
          quantity: 1,
          price_data: {
            currency: toStripeCurrency(money.currency),
            unit_amount: toStripeAmount(money.amountMinor),
            product_data: { name: description },
          },
        },
      ],
      payment_intent_data: { metadata: metadataOf(checkout) },
    }),
  );
}

/**
 * Closes an open page; one that is paid or closed already says so instead of failing.
 * Throws ProviderUnavailable, ProviderRefused (no such checkout).
 */
export function expireCheckout(client: StripeClient, checkoutId: string): Promise<CheckoutOutcome> {
  return client.command(async (call) => {
    const idempotencyKey = `tollgate:expire:${checkoutId}`;
    try {
      const expired = await call((limits) =>
        client.sdk.checkout.sessions.expire(checkoutId, {}, { ...limits, idempotencyKey }),
      );
      return toCheckoutOutcome(expired);
    } catch (error) {
      if (!(error instanceof ProviderRefused) || isRefusedAs(error, 'resource_missing'))
        throw error;
      const outcome = await retrieve(client, call, checkoutId);
      if (outcome.state === 'OPEN') throw error;
      return outcome;
    }
  });
}

/** The checkout as it is now. Throws ProviderUnavailable, ProviderRefused (no such checkout). */
export function retrieveCheckout(
  client: StripeClient,
  checkoutId: string,
): Promise<CheckoutOutcome> {
  return client.command((call) => retrieve(client, call, checkoutId));
}

type PageParams = Pick<
  Stripe.Checkout.SessionCreateParams,
  'mode' | 'line_items' | 'payment_method_collection' | 'subscription_data' | 'payment_intent_data'
>;

/**
 * A retry has the same parameters, unless the page's end had to be moved meanwhile. Then Stripe refuses the key as reused,
 * which tells that the first try went through: with its own parameters it answers again.
 */
function openPage(
  client: StripeClient,
  now: () => Date,
  checkout: NewPlanCheckout | NewCreditsCheckout,
  idempotencyKey: string,
  params: PageParams,
): Promise<HostedCheckout> {
  const asked = Math.floor(checkout.expiresAt.getTime() / 1000);
  const allowed = withinWindow(asked, Math.floor(now().getTime() / 1000));
  const coupon = checkout.discount?.providerCouponId ?? null;
  const common = {
    ...params,
    customer: checkout.customerId,
    ...(coupon === null ? {} : { discounts: [{ coupon }] }),
    client_reference_id: checkout.orderId,
    metadata: metadataOf(checkout),
    success_url: checkout.successUrl,
    cancel_url: checkout.cancelUrl,
  };
  return client.command(async (call) => {
    const open = (expires_at: number) =>
      call((limits) =>
        client.sdk.checkout.sessions.create(
          { ...common, expires_at },
          { ...limits, idempotencyKey },
        ),
      );
    try {
      return toHostedCheckout(await open(allowed));
    } catch (error) {
      if (allowed === asked || !isKeyReused(error)) throw error;
      return toHostedCheckout(await open(asked));
    }
  });
}

/** Stripe's pages live 30 minutes to 24 hours. Moved by whole hours, so that a retry soon after says the same. */
function withinWindow(asked: number, now: number): number {
  const hoursShort = Math.ceil((now + SOONEST_S - asked) / HOUR_S);
  if (hoursShort > 0) return asked + hoursShort * HOUR_S;
  const hoursOver = Math.ceil((asked - now - LATEST_S) / HOUR_S);
  return hoursOver > 0 ? asked - hoursOver * HOUR_S : asked;
}

/** Stripe copies a session's metadata to nothing: what comes of it gets its own. */
function metadataOf(checkout: { accountId: string; orderId: string }): Record<string, string> {
  return { accountId: checkout.accountId, orderId: checkout.orderId };
}

function toHostedCheckout(session: Stripe.Checkout.Session): HostedCheckout {
  if (session.url === null) {
    throw new ProviderUnavailable('Stripe made a checkout but gave no page for it.', {
      channel: 'STRIPE',
    });
  }
  const { total } = toCheckoutOutcome(session);
  return {
    checkoutId: session.id,
    url: session.url,
    expiresAt: toDate(session.expires_at),
    total,
  };
}

async function retrieve(
  { sdk }: StripeClient,
  call: Call,
  checkoutId: string,
): Promise<CheckoutOutcome> {
  return toCheckoutOutcome(
    await call((limits) => sdk.checkout.sessions.retrieve(checkoutId, {}, limits)),
  );
}
