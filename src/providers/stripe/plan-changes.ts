import type Stripe from 'stripe';
import type { Money } from '../../platform/money.ts';
import { ProviderRefused } from '../payment-errors.ts';
import type { PriceChange } from '../payment-objects.ts';
import type { Call, StripeClient } from './stripe-client.ts';
import { UnknownStripeAnswer } from './stripe-errors.ts';
import { idOf, idOrNull, toMoney } from './translate-values.ts';

/**
 * What a change of price would be charged at once, as Stripe itself reckons it at `at`. Nothing is charged in a trial.
 * Throws ProviderUnavailable, ProviderRefused.
 */
export function previewPlanChange(
  client: StripeClient,
  { subscriptionId, providerPriceId, at }: PriceChange,
): Promise<{ amountDueNow: Money }> {
  return client.command(async (call) => {
    const { id } = await itemOf(client, call, subscriptionId);
    const invoice = await call((limits) =>
      client.sdk.invoices.createPreview(
        {
          subscription: subscriptionId,
          subscription_details: {
            items: [{ id, price: providerPriceId, quantity: 1 }],
            proration_behavior: 'always_invoice',
            proration_date: secondsOf(at),
          },
        },
        limits,
      ),
    );
    return { amountDueNow: toMoney(invoice.amount_due, invoice.currency) };
  });
}

/**
 * Changes the price at once and charges what the preview said; with a payment that fails nothing has changed. A change that
 * was planned for the period's end is dropped. Throws ProviderDeclined, ProviderUnavailable, ProviderRefused.
 */
export function changePlanNow(
  client: StripeClient,
  { subscriptionId, providerPriceId, at }: PriceChange,
  idempotencyKey: string,
): Promise<void> {
  return client.command(async (call) => {
    const { id, price } = await itemOf(client, call, subscriptionId);
    if (price.id === providerPriceId) return;
    await releaseSchedule(client, call, subscriptionId);
    await call((limits) =>
      client.sdk.subscriptions.update(
        subscriptionId,
        {
          items: [{ id, price: providerPriceId, quantity: 1 }],
          proration_behavior: 'always_invoice',
          proration_date: secondsOf(at),
          payment_behavior: 'error_if_incomplete',
        },
        { ...limits, idempotencyKey },
      ),
    );
  });
}

/**
 * Has a schedule change the price when the period ends, and let the subscription go on by itself after that. The present
 * price as the wish drops what was planned. Throws ProviderUnavailable, ProviderRefused.
 */
export function changePlanAtPeriodEnd(
  client: StripeClient,
  { subscriptionId, providerPriceId }: Omit<PriceChange, 'at'>,
  idempotencyKey: string,
): Promise<void> {
  const { sdk } = client;
  return client.command(async (call) => {
    const item = await itemOf(client, call, subscriptionId);
    if (item.price.id === providerPriceId) {
      await releaseSchedule(client, call, subscriptionId);
      return;
    }
    const schedule = await scheduleFor(client, call, subscriptionId, idempotencyKey);
    const { interval, interval_count: count } = item.price.recurring ?? {};
    await call((limits) =>
      sdk.subscriptionSchedules.update(
        schedule,
        {
          end_behavior: 'release',
          proration_behavior: 'none',
          phases: [
            {
              items: [{ price: item.price.id, quantity: 1 }],
              start_date: item.current_period_start,
              end_date: item.current_period_end,
            },
            {
              items: [{ price: providerPriceId, quantity: 1 }],
              duration: { interval: interval ?? 'month', interval_count: count ?? 1 },
              proration_behavior: 'none',
            },
          ],
        },
        { ...limits, idempotencyKey: `${idempotencyKey}:phases` },
      ),
    );
  });
}

/** Drops what is planned for a subscription, so that it can be changed itself. One that has ended is released already. */
export async function releaseSchedule(
  { sdk }: StripeClient,
  call: Call,
  subscriptionId: string,
): Promise<void> {
  const subscription = await call((limits) =>
    sdk.subscriptions.retrieve(subscriptionId, {}, limits),
  );
  const id = idOrNull(subscription.schedule);
  if (id === null) return;
  try {
    await call((limits) => sdk.subscriptionSchedules.release(id, {}, limits));
  } catch (error) {
    if (!(error instanceof ProviderRefused)) throw error;
    const { status } = await call((limits) => sdk.subscriptionSchedules.retrieve(id, {}, limits));
    if (status === 'active' || status === 'not_started') throw error;
  }
}

/** The one item that Tollgate sells in a subscription. Throws UnknownStripeAnswer when there is none. */
export async function itemOf(
  { sdk }: StripeClient,
  call: Call,
  subscriptionId: string,
): Promise<Stripe.SubscriptionItem> {
  const { items } = await call((limits) => sdk.subscriptions.retrieve(subscriptionId, {}, limits));
  const [item] = items.data;
  if (item === undefined) throw new UnknownStripeAnswer(`Subscription ${subscriptionId} is empty.`);
  return item;
}

async function scheduleFor(
  { sdk }: StripeClient,
  call: Call,
  subscriptionId: string,
  idempotencyKey: string,
): Promise<string> {
  const { schedule } = await call((limits) =>
    sdk.subscriptions.retrieve(subscriptionId, {}, limits),
  );
  if (schedule !== null) return idOf(schedule);
  const made = await call((limits) =>
    sdk.subscriptionSchedules.create(
      { from_subscription: subscriptionId },
      { ...limits, idempotencyKey },
    ),
  );
  return made.id;
}

function secondsOf(at: Date): number {
  return Math.floor(at.getTime() / 1000);
}
