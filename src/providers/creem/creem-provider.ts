import type { CustomerLinksEntity$Outbound } from 'creem/models/components';
import { ProviderUnsupported } from '../payment-errors.ts';
import type { NewPortal } from '../payment-objects.ts';
import type { PaymentProvider } from '../payment-provider.ts';
import { Checkouts } from './checkouts.ts';
import { CreemClient } from './creem-client.ts';
import { createCustomer } from './customers.ts';
import { listEvents, listInvoices } from './payments.ts';
import { ensurePlanPrices } from './products.ts';
import { retrieveReversal } from './reversals.ts';
import {
  cancelAndRefund,
  cancelAtPeriodEnd,
  cancelNow,
  changePlanNow,
  resumeSubscription,
  retrieveSubscription,
} from './subscriptions.ts';
import { translateCreemEvent } from './translate-event.ts';
import { verifyCreemWebhook } from './verify-webhook.ts';

/** All commands together with their retries stay below the 10 s in which a mutation answers. */
const DEFAULT_TIMEOUT_MS = 8000;
const LIVE = 'https://api.creem.io';
const TEST = 'https://test-api.creem.io';

export interface CreemProviderOptions {
  readonly apiKey: string;
  /** Several while a secret is being rolled. */
  readonly webhookSecrets: readonly string[];
  /** Where Creem is, without the `/v1`; null is Creem itself, as the key's mode says. */
  readonly apiBase: string | null;
  /** Creem's own time: real time, or the sandbox's clock. Signed times are real always. */
  readonly now?: () => Date;
  /** What a command may take in all, its retries included. */
  readonly timeoutMs?: number;
}

/**
 * The payment provider that speaks to Creem, or to a sandbox that speaks like it. It saves no cards, previews no changes
 * and plans none: cards are the customer's own business in its portal. Opens no connection until it is used.
 */
export function createCreemProvider(options: CreemProviderOptions): PaymentProvider {
  const { apiKey, now = () => new Date() } = options;
  const livemode = !apiKey.startsWith('creem_test_');
  const apiBase = options.apiBase ?? (livemode ? LIVE : TEST);
  const timeoutMs = options.timeoutMs ?? DEFAULT_TIMEOUT_MS;
  const client = new CreemClient({ apiKey, apiBase, timeoutMs });
  const trust = { secrets: options.webhookSecrets, livemode };
  const checkouts = new Checkouts(client, now);
  return {
    channel: 'CREEM',
    publishableKey: null,
    can: {
      saveCards: false,
      previewChanges: false,
      confirmChanges: false,
      changeAtPeriodEnd: false,
    },
    createCustomer: (customer) => createCustomer(client, customer),
    ensurePlanPrices: (plan) => ensurePlanPrices(client, plan),
    createPlanCheckout: (checkout, key) => checkouts.createPlanCheckout(checkout, key),
    createCreditsCheckout: (checkout, key) => checkouts.createCreditsCheckout(checkout, key),
    expireCheckout: (checkoutId) => checkouts.expireCheckout(checkoutId),
    retrieveCheckout: (checkoutId) => checkouts.retrieveCheckout(checkoutId),
    retrieveSubscription: (subscriptionId) => retrieveSubscription(client, subscriptionId),
    createPromotionSubscription: unsupported('subscriptions without a checkout'),
    cancelAndRefund: (subscriptionId) => cancelAndRefund(client, subscriptionId),
    createSetupIntent: unsupported('saving a card without buying something'),
    attachPaymentMethod: unsupported('attaching a card'),
    makeDefault: unsupported('choosing the card that is charged'),
    detachPaymentMethod: unsupported('detaching a card'),
    listPaymentMethods: unsupported('listing cards'),
    chargeSavedMethod: unsupported('charging a saved card'),
    payOpenInvoice: unsupported('charging a saved card'),
    retrieveReversal: (paymentId) => retrieveReversal(client, paymentId),
    createPortalSession: (portal) => createPortalSession(client, portal),
    cancelAtPeriodEnd: (subscriptionId) => cancelAtPeriodEnd(client, subscriptionId),
    cancelNow: (subscriptionId) => cancelNow(client, subscriptionId),
    resumeSubscription: (subscriptionId) => resumeSubscription(client, subscriptionId),
    previewPlanChange: unsupported('previews of a change of plan'),
    changePlanNow: (change) => changePlanNow(client, change),
    changePlanAtPeriodEnd: unsupported('a change of plan when the period ends'),
    listEvents: (window, cursor) => listEvents(client, window, cursor),
    listInvoices: (subscriptionId) => listInvoices(client, subscriptionId),
    verifyWebhook: (rawBody, headers) => verifyCreemWebhook(trust, now, rawBody, headers),
    translateEvent: translateCreemEvent,
  };
}

/** The address opens the customer's own pages; Creem takes no address to come back to. */
function createPortalSession(
  client: CreemClient,
  { customerId, change }: NewPortal,
): Promise<{ url: string }> {
  if (change !== null) return unsupported('confirming a change of plan in the portal')();
  return client.command(async (api) => {
    const { customer_portal_link: url } = await api.send<CustomerLinksEntity$Outbound>(
      'POST',
      '/customers/billing',
      { customer_id: customerId },
      'customer_portal_link',
    );
    return { url };
  });
}

function unsupported(what: string): () => Promise<never> {
  return async () => {
    throw new ProviderUnsupported('CREEM', what);
  };
}
