import type Stripe from 'stripe';
import { ProviderRefused } from '../payment-errors.ts';
import type { ProviderSubscription } from '../payment-objects.ts';
import { releaseSchedule } from './plan-changes.ts';
import type { Call, StripeClient } from './stripe-client.ts';
import { isRefusedAs } from './stripe-errors.ts';
import { toProviderSubscription } from './translate-subscription.ts';
import { idOrNull } from './translate-values.ts';

const OVER: ReadonlySet<string> = new Set(['canceled', 'incomplete_expired']);

/**
 * The subscription as it is now, an ended one too.
 * Throws ProviderUnavailable, ProviderRefused (no such subscription), UnknownStripeAnswer.
 */
export function retrieveSubscription(
  client: StripeClient,
  subscriptionId: string,
): Promise<ProviderSubscription> {
  return client.command(async (call) =>
    toProviderSubscription(await retrieve(client, call, subscriptionId)),
  );
}

/**
 * Ends a subscription at once, with no last invoice, and refunds in full what its first invoice took, if anything. Every
 * step looks at what an earlier call has done, and each refund has its own key: calling again goes on where that one stopped.
 * Throws ProviderUnavailable, ProviderRefused (also when the refund itself failed).
 */
export function cancelAndRefund(
  client: StripeClient,
  subscriptionId: string,
  idempotencyKey: string,
): Promise<void> {
  return client.command(async (call) => {
    const subscription = await retrieve(client, call, subscriptionId);
    if (!OVER.has(subscription.status)) await cancel(client, call, subscriptionId);
    const invoice = await findFirstPaidInvoice(client, call, subscriptionId);
    if (invoice === undefined) return;
    const { data: payments } = await call((limits) =>
      client.sdk.invoicePayments.list({ invoice: invoice.id, status: 'paid' }, limits),
    );
    for (const { payment } of payments) {
      await refund(client, call, payment, subscription.metadata, idempotencyKey);
    }
  });
}

/**
 * Lets a subscription end with its period; a change of price that was planned is dropped, since Stripe lets nothing else
 * change a subscription that a schedule manages. Throws ProviderUnavailable, ProviderRefused.
 */
export function cancelAtPeriodEnd(
  client: StripeClient,
  subscriptionId: string,
  reason: string | null,
  idempotencyKey: string,
): Promise<void> {
  return client.command(async (call) => {
    await releaseSchedule(client, call, subscriptionId);
    await call((limits) =>
      client.sdk.subscriptions.update(
        subscriptionId,
        { cancel_at_period_end: true, ...saying(reason) },
        { ...limits, idempotencyKey },
      ),
    );
  });
}

/** Ends a subscription at once, with no last invoice. Throws ProviderUnavailable, ProviderRefused. */
export function cancelNow(
  client: StripeClient,
  subscriptionId: string,
  reason: string | null,
): Promise<void> {
  return client.command(async (call) => {
    const { status } = await retrieve(client, call, subscriptionId);
    if (!OVER.has(status)) await cancel(client, call, subscriptionId, reason);
  });
}

/** Takes back a promise to end, by flag or by date. Throws ProviderUnavailable, ProviderRefused. */
export function resumeSubscription(
  client: StripeClient,
  subscriptionId: string,
  idempotencyKey: string,
): Promise<void> {
  return client.command(async (call) => {
    const { cancel_at_period_end: byFlag } = await retrieve(client, call, subscriptionId);
    const params = byFlag ? { cancel_at_period_end: false } : { cancel_at: '' as const };
    await call((limits) =>
      client.sdk.subscriptions.update(subscriptionId, params, { ...limits, idempotencyKey }),
    );
  });
}

function saying(reason: string | null): { cancellation_details?: { comment: string } } {
  return reason === null ? {} : { cancellation_details: { comment: reason } };
}

function retrieve(
  { sdk }: StripeClient,
  call: Call,
  subscriptionId: string,
): Promise<Stripe.Subscription> {
  return call((limits) => sdk.subscriptions.retrieve(subscriptionId, {}, limits));
}

/** Cancelling is a DELETE: it has no idempotency key, and a subscription that is canceled already counts as missing. */
async function cancel(
  client: StripeClient,
  call: Call,
  subscriptionId: string,
  reason: string | null = null,
): Promise<void> {
  try {
    await call((limits) =>
      client.sdk.subscriptions.cancel(
        subscriptionId,
        { invoice_now: false, prorate: false, ...saying(reason) },
        limits,
      ),
    );
  } catch (error) {
    if (!(error instanceof ProviderRefused)) throw error;
    const { status } = await retrieve(client, call, subscriptionId);
    if (!OVER.has(status)) throw error;
  }
}

async function findFirstPaidInvoice(
  { sdk }: StripeClient,
  call: Call,
  subscriptionId: string,
): Promise<Stripe.Invoice | undefined> {
  const { data } = await call((limits) =>
    sdk.invoices.list({ subscription: subscriptionId, status: 'paid', limit: 100 }, limits),
  );
  return data.find((invoice) => invoice.billing_reason === 'subscription_create') ?? data.at(-1);
}

/** Without an amount Stripe refunds what is left of the payment. One that was made outside Stripe cannot be refunded by it. */
async function refund(
  { sdk }: StripeClient,
  call: Call,
  payment: Stripe.InvoicePayment.Payment,
  metadata: Stripe.Metadata,
  idempotencyKey: string,
): Promise<void> {
  const paymentIntent = idOrNull(payment.payment_intent);
  const charge = idOrNull(payment.charge);
  const target = paymentIntent === null ? charge && { charge } : { payment_intent: paymentIntent };
  if (target === null || target === '') return;
  const key = `${idempotencyKey}:refund:${paymentIntent ?? charge}`;
  try {
    const made = await call((limits) =>
      sdk.refunds.create({ ...target, metadata }, { ...limits, idempotencyKey: key }),
    );
    refuseFailed(made);
  } catch (error) {
    if (!isRefusedAs(error, 'charge_already_refunded')) throw error;
  }
}

function refuseFailed(refund: Stripe.Refund): void {
  if (refund.status !== 'failed' && refund.status !== 'canceled') return;
  throw new ProviderRefused('Stripe could not give the money back.', {
    channel: 'STRIPE',
    code: refund.failure_reason ?? refund.status,
    param: null,
    refundId: refund.id,
  });
}
