import type { PaymentProvider } from '../payment-provider.ts';
import {
  attachPaymentMethod,
  createSetupIntent,
  detachPaymentMethod,
  listPaymentMethods,
  makeDefault,
} from './cards.ts';
import {
  createCreditsCheckout,
  createPlanCheckout,
  expireCheckout,
  retrieveCheckout,
} from './checkouts.ts';
import { ensureCoupon } from './coupons.ts';
import { createCustomer, findCustomer } from './customers.ts';
import { listEvents } from './events.ts';
import { listInvoices } from './list-invoices.ts';
import { payOpenInvoice } from './pay-invoice.ts';
import { changePlanAtPeriodEnd, changePlanNow, previewPlanChange } from './plan-changes.ts';
import { ensurePlanPrices } from './plan-prices.ts';
import { createPortalSession } from './portal.ts';
import { createPromotionSubscription } from './promotions.ts';
import { retrieveReversal } from './reversals.ts';
import { chargeSavedMethod } from './saved-charges.ts';
import { StripeClient } from './stripe-client.ts';
import {
  cancelAndRefund,
  cancelAtPeriodEnd,
  cancelNow,
  resumeSubscription,
  retrieveSubscription,
} from './subscriptions.ts';
import { translateStripeEvent } from './translate-event.ts';
import { isLiveKey, verifyStripeWebhook } from './verify-webhook.ts';

/** All commands together with their retries stay below the 10 s in which a mutation answers. */
const DEFAULT_TIMEOUT_MS = 8000;

export interface StripeProviderOptions {
  readonly secretKey: string;
  readonly publishableKey: string | null;
  /** Several while a secret is being rolled. */
  readonly webhookSecrets: readonly string[];
  /** Where Stripe is, such as `http://127.0.0.1:4001` for the sandbox; null is Stripe itself. */
  readonly apiBase: string | null;
  /** Stripe's own time, for how long a page may live: real time, or the sandbox's clock. Signatures use real time always. */
  readonly now?: () => Date;
  /** What a command may take in all, its retries included. */
  readonly timeoutMs?: number;
}

/** The payment provider that speaks to Stripe, or to a sandbox that speaks like it. Opens no connection until it is used. */
export function createStripeProvider(options: StripeProviderOptions): PaymentProvider {
  const { secretKey, publishableKey, apiBase, now = () => new Date() } = options;
  const timeoutMs = options.timeoutMs ?? DEFAULT_TIMEOUT_MS;
  const client = new StripeClient({ secretKey, apiBase, timeoutMs });
  const trust = { secrets: options.webhookSecrets, livemode: isLiveKey(secretKey) };
  return {
    channel: 'STRIPE',
    publishableKey,
    can: { saveCards: true, previewChanges: true, confirmChanges: true, changeAtPeriodEnd: true },
    createCustomer: (customer, key) => createCustomer(client, customer, key),
    findCustomer: (accountId) => findCustomer(client, accountId),
    ensurePlanPrices: (plan) => ensurePlanPrices(client, plan),
    ensureCoupon: (coupon) => ensureCoupon(client, coupon),
    createPlanCheckout: (checkout, key) => createPlanCheckout(client, now, checkout, key),
    createCreditsCheckout: (checkout, key) => createCreditsCheckout(client, now, checkout, key),
    expireCheckout: (checkoutId) => expireCheckout(client, checkoutId),
    retrieveCheckout: (checkoutId) => retrieveCheckout(client, checkoutId),
    retrieveSubscription: (subscriptionId) => retrieveSubscription(client, subscriptionId),
    createPromotionSubscription: (promotion, key) =>
      createPromotionSubscription(client, now, promotion, key),
    cancelAndRefund: (subscriptionId, key) => cancelAndRefund(client, subscriptionId, key),
    createSetupIntent: (setup, key) => createSetupIntent(client, setup, key),
    attachPaymentMethod: (customerId, id, key) => attachPaymentMethod(client, customerId, id, key),
    makeDefault: (customerId, id, key) => makeDefault(client, customerId, id, key),
    detachPaymentMethod: (id) => detachPaymentMethod(client, id),
    listPaymentMethods: (customerId) => listPaymentMethods(client, customerId),
    chargeSavedMethod: (charge, key) => chargeSavedMethod(client, charge, key),
    payOpenInvoice: (subscriptionId, key) => payOpenInvoice(client, subscriptionId, key),
    retrieveReversal: (paymentId) => retrieveReversal(client, paymentId),
    createPortalSession: (portal) => createPortalSession(client, portal),
    cancelAtPeriodEnd: (id, reason, key) => cancelAtPeriodEnd(client, id, reason, key),
    cancelNow: (id, reason) => cancelNow(client, id, reason),
    resumeSubscription: (id, key) => resumeSubscription(client, id, key),
    previewPlanChange: (change) => previewPlanChange(client, change),
    changePlanNow: (change, key) => changePlanNow(client, change, key),
    changePlanAtPeriodEnd: (change, key) => changePlanAtPeriodEnd(client, change, key),
    listEvents: (window, cursor) => listEvents(client, window, cursor),
    listInvoices: (subscriptionId) => listInvoices(client, subscriptionId),
    verifyWebhook: (rawBody, headers) => verifyStripeWebhook(client.sdk, trust, rawBody, headers),
    translateEvent: translateStripeEvent,
  };
}
