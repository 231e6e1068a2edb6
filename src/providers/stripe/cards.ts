import type Stripe from 'stripe';
import { ProviderUnavailable } from '../../platform/errors.ts';
import { ProviderRefused } from '../payment-errors.ts';
import type { NewSetup, ProviderPaymentMethod } from '../payment-objects.ts';
import type { Call, StripeClient } from './stripe-client.ts';
import { isRefusedAs } from './stripe-errors.ts';
import { statusOf } from './translate-subscription.ts';
import { idOrNull } from './translate-values.ts';

const PAGE = 100;
const MOST_PAGES = 10;
const OVER: ReadonlySet<string> = new Set(['canceled', 'incomplete_expired']);

/**
 * Begins to save a card in its owner's browser, to be charged when they are away. Stripe answers a repeated key with the
 * same intent. Throws ProviderUnavailable, ProviderRefused.
 */
export function createSetupIntent(
  client: StripeClient,
  { accountId, customerId }: NewSetup,
  idempotencyKey: string,
): Promise<{ clientSecret: string }> {
  const params = {
    customer: customerId,
    usage: 'off_session' as const,
    automatic_payment_methods: { enabled: true },
    metadata: { accountId },
  };
  return client.command(async (call) => {
    const intent = await call((limits) =>
      client.sdk.setupIntents.create(params, { ...limits, idempotencyKey }),
    );
    if (intent.client_secret === null) {
      throw new ProviderUnavailable('Stripe made a setup intent but gave no secret for it.', {
        channel: 'STRIPE',
      });
    }
    return { clientSecret: intent.client_secret };
  });
}

/**
 * Saves a payment method for a customer. A browser that confirmed a setup intent has done so already: then it is found.
 * Throws ProviderDeclined, ProviderUnavailable, ProviderRefused (unknown, or another customer's).
 */
export function attachPaymentMethod(
  client: StripeClient,
  customerId: string,
  paymentMethodId: string,
  idempotencyKey: string,
): Promise<{ paymentMethodId: string }> {
  const { sdk } = client;
  return client.command(async (call) => {
    try {
      const attached = await call((limits) =>
        sdk.paymentMethods.attach(
          paymentMethodId,
          { customer: customerId },
          { ...limits, idempotencyKey },
        ),
      );
      return { paymentMethodId: attached.id };
    } catch (error) {
      if (!(error instanceof ProviderRefused) || isRefusedAs(error, 'resource_missing'))
        throw error;
      const owner = await ownerOf(client, call, paymentMethodId);
      if (owner !== customerId) throw error;
      return { paymentMethodId };
    }
  });
}

/**
 * Has the customer's invoices charged to a payment method, and also those of subscriptions with a card of their own (a
 * checkout gives them one), which would outrank the customer's. Throws ProviderUnavailable, ProviderRefused.
 */
export function makeDefault(
  client: StripeClient,
  customerId: string,
  paymentMethodId: string,
  idempotencyKey: string,
): Promise<void> {
  const { sdk } = client;
  return client.command(async (call) => {
    await call((limits) =>
      sdk.customers.update(
        customerId,
        { invoice_settings: { default_payment_method: paymentMethodId } },
        { ...limits, idempotencyKey },
      ),
    );
    for (const subscription of await subscriptionsOf(client, call, customerId)) {
      const own = idOrNull(subscription.default_payment_method);
      if (own === null || own === paymentMethodId) continue;
      const key = `${idempotencyKey}:${subscription.id}`;
      await call((limits) =>
        sdk.subscriptions.update(
          subscription.id,
          { default_payment_method: paymentMethodId },
          { ...limits, idempotencyKey: key },
        ),
      );
    }
  });
}

/** Forgets a payment method; one without an owner is forgotten already. Throws ProviderUnavailable, ProviderRefused. */
export function detachPaymentMethod(client: StripeClient, paymentMethodId: string): Promise<void> {
  return client.command(async (call) => {
    try {
      await call((limits) => client.sdk.paymentMethods.detach(paymentMethodId, {}, limits));
    } catch (error) {
      if (!(error instanceof ProviderRefused)) throw error;
      if (isRefusedAs(error, 'resource_missing')) return;
      if ((await ownerOf(client, call, paymentMethodId)) !== null) throw error;
    }
  });
}

/**
 * Everything that a customer can be charged with, and what is charged to it: a subscription's own payment method, or else
 * the customer's default. Where the customer has none, a subscription's counts as the default.
 * Throws ProviderUnavailable, ProviderRefused.
 */
export function listPaymentMethods(
  client: StripeClient,
  customerId: string,
): Promise<ProviderPaymentMethod[]> {
  return client.command(async (call) => {
    const customer = await call((limits) => client.sdk.customers.retrieve(customerId, {}, limits));
    if (customer.deleted) return [];
    const subscriptions = await subscriptionsOf(client, call, customerId);
    const ofCustomer = idOrNull(customer.invoice_settings.default_payment_method);
    const ofSubscription = subscriptions.map((one) => idOrNull(one.default_payment_method));
    const theDefault = ofCustomer ?? ofSubscription.find((id) => id !== null) ?? null;
    const methods = await methodsOf(client, call, customerId);
    return methods.map((method) => ({
      ...toPaymentMethod(method),
      isDefault: method.id === theDefault,
      pays: subscriptions
        .filter((one) => (idOrNull(one.default_payment_method) ?? ofCustomer) === method.id)
        .map(statusOf),
    }));
  });
}

async function ownerOf(
  { sdk }: StripeClient,
  call: Call,
  paymentMethodId: string,
): Promise<string | null> {
  const method = await call((limits) => sdk.paymentMethods.retrieve(paymentMethodId, {}, limits));
  return idOrNull(method.customer);
}

async function subscriptionsOf(
  { sdk }: StripeClient,
  call: Call,
  customer: string,
): Promise<Stripe.Subscription[]> {
  const { data } = await call((limits) =>
    sdk.subscriptions.list({ customer, limit: PAGE }, limits),
  );
  return data.filter(({ status }) => !OVER.has(status));
}

async function methodsOf(
  { sdk }: StripeClient,
  call: Call,
  customerId: string,
): Promise<Stripe.PaymentMethod[]> {
  const methods: Stripe.PaymentMethod[] = [];
  for (let page = 1; page <= MOST_PAGES; page += 1) {
    const after = methods.at(-1)?.id;
    const { data, has_more: hasMore } = await call((limits) =>
      sdk.customers.listPaymentMethods(
        customerId,
        { limit: PAGE, ...(after === undefined ? {} : { starting_after: after }) },
        limits,
      ),
    );
    methods.push(...data);
    if (!hasMore) break;
  }
  return methods;
}

function toPaymentMethod(method: Stripe.PaymentMethod) {
  const { id, type, card, us_bank_account: bank, sepa_debit: sepa } = method;
  return {
    paymentMethodId: id,
    type,
    brand: card?.brand ?? bank?.bank_name ?? null,
    last4: card?.last4 ?? bank?.last4 ?? sepa?.last4 ?? null,
    expMonth: card?.exp_month ?? null,
    expYear: card?.exp_year ?? null,
  };
}
