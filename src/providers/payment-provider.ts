import type { Channel, Money } from '../platform/money.ts';
import type {
  CheckoutOutcome,
  CouponForSale,
  EventPage,
  EventWindow,
  HostedCheckout,
  NewCreditsCheckout,
  NewCustomer,
  NewPlanCheckout,
  NewPortal,
  NewPromotion,
  NewSavedCharge,
  NewSetup,
  PaymentReversal,
  PlanForSale,
  PriceChange,
  PricesAtProvider,
  ProviderEvent,
  ProviderInvoice,
  ProviderPaymentMethod,
  ProviderSubscription,
  SavedCharge,
  VerifiedWebhook,
  WebhookHeaders,
} from './payment-objects.ts';

/**
 * The one port between Tollgate and whoever moves the money. Adapters translate to and from a provider; they decide nothing.
 *
 * Every command that creates something takes an idempotency key that its caller stored beforehand, so that calling again
 * after a crash or an unknown outcome makes no second object. A command throws
 * - `ProviderUnavailable` when the outcome is unknown (timeout, connection lost, 5xx) or the provider asks to come later (429),
 * - `ProviderDeclined` when a card was refused,
 * - `ProviderRefused` when the provider says the request itself is wrong,
 * - `ProviderUnsupported` when this provider cannot do such a thing at all.
 */
export interface PaymentProvider {
  readonly channel: Channel;
  /** What a browser needs to talk to the provider itself; null where there is no such thing. */
  readonly publishableKey: string | null;
  readonly can: Abilities;

  /** Makes the account's customer. Throws CustomerUnsuitable when the account lacks what this provider needs of it. */
  createCustomer(customer: NewCustomer, idempotencyKey: string): Promise<{ customerId: string }>;
  /**
   * The customer that was made for an account earlier, for when the key of that command is forgotten. Left out where customers
   * cannot be searched, or where making one finds an earlier one by itself.
   */
  findCustomer?(accountId: string): Promise<string | null>;
  /** Finds a plan's prices by their lookup keys and makes (or replaces) those that are missing or cost something else. */
  ensurePlanPrices(plan: PlanForSale): Promise<PricesAtProvider>;
  /**
   * Finds a coupon, or makes it, so that checkouts can be discounted by it: by its first payment, once. Left out by an
   * adapter whose provider has codes only, which whoever reads one could use again: there each page gets a discount of its
   * own, for what Tollgate reckons.
   */
  ensureCoupon?(coupon: CouponForSale): Promise<{ providerCouponId: string }>;
  createPlanCheckout(checkout: NewPlanCheckout, idempotencyKey: string): Promise<HostedCheckout>;
  createCreditsCheckout(
    checkout: NewCreditsCheckout,
    idempotencyKey: string,
  ): Promise<HostedCheckout>;
  /**
   * Closes a hosted page that nobody has paid on; a page that is paid or closed already is left as it is. Where a provider
   * cannot close one it counts as closed from now on, and a payment on it after all is news like any other.
   */
  expireCheckout(checkoutId: string): Promise<CheckoutOutcome>;
  retrieveCheckout(checkoutId: string): Promise<CheckoutOutcome>;
  retrieveSubscription(subscriptionId: string): Promise<ProviderSubscription>;
  /** Begins a subscription whose trial ends with the promotion; calling again finds the same one, however much later. */
  createPromotionSubscription(
    promotion: NewPromotion,
    idempotencyKey: string,
  ): Promise<{ subscriptionId: string }>;
  /** Ends a subscription at once and gives back what its first invoice took. */
  cancelAndRefund(subscriptionId: string, idempotencyKey: string): Promise<void>;

  /** Begins to save a card in its owner's browser. The secret is for nobody else, and is neither logged nor kept. */
  createSetupIntent(setup: NewSetup, idempotencyKey: string): Promise<{ clientSecret: string }>;
  /** Saves a payment method for a customer; one that this customer has already is simply found. */
  attachPaymentMethod(
    customerId: string,
    paymentMethodId: string,
    idempotencyKey: string,
  ): Promise<{ paymentMethodId: string }>;
  /** Has everything of this customer charged to a payment method from now on, its subscriptions too. */
  makeDefault(customerId: string, paymentMethodId: string, idempotencyKey: string): Promise<void>;
  /** Forgets a payment method; one that is forgotten already stays so. */
  detachPaymentMethod(paymentMethodId: string): Promise<void>;
  listPaymentMethods(customerId: string): Promise<ProviderPaymentMethod[]>;
  /**
   * Charges a saved payment method while its owner is away. Calling again, however much later, finds the charge that the order
   * has already and makes no second one; one that was refused is refused again.
   */
  chargeSavedMethod(charge: NewSavedCharge, idempotencyKey: string): Promise<SavedCharge>;
  /** Charges what a subscription owes to the default payment method; says whether nothing is owed any more. */
  payOpenInvoice(subscriptionId: string, idempotencyKey: string): Promise<{ isPaid: boolean }>;

  /** How much of a payment went back or is contested, at this instant. Throws ProviderRefused for a payment it does not know. */
  retrieveReversal(paymentId: string): Promise<PaymentReversal>;

  /** Opens the provider's own pages about a customer's plan, cards and invoices. The address is a secret for the customer. */
  createPortalSession(portal: NewPortal): Promise<{ url: string }>;
  /** Lets a subscription end with its period. */
  cancelAtPeriodEnd(
    subscriptionId: string,
    reason: string | null,
    idempotencyKey: string,
  ): Promise<void>;
  /** Ends a subscription at once and gives nothing back; one that has ended stays so. */
  cancelNow(subscriptionId: string, reason: string | null): Promise<void>;
  /** Takes back a promise to end. */
  resumeSubscription(subscriptionId: string, idempotencyKey: string): Promise<void>;
  /** What a change of price at this instant would cost now. */
  previewPlanChange(change: PriceChange): Promise<{ amountDueNow: Money }>;
  /** Changes the price at once and charges the difference; a payment that fails leaves everything as it was. */
  changePlanNow(change: PriceChange, idempotencyKey: string): Promise<void>;
  /** Changes the price when the period ends; a change that was planned before is replaced. */
  changePlanAtPeriodEnd(change: Omit<PriceChange, 'at'>, idempotencyKey: string): Promise<void>;

  /**
   * A page of what the provider announced within a window, in any order: each as its webhook would have brought it, under
   * the same unique id, so that what was missed is made up for. An adapter whose provider keeps no list of events may answer
   * with its records instead, each under an id of its own that `translateEvent` understands, or leave this out: then only
   * open orders and subscriptions are looked up, one by one.
   */
  listEvents?(window: EventWindow, cursor: string | null): Promise<EventPage>;
  /** The last invoices of a subscription, newest first. Left out where the provider has none that can be listed. */
  listInvoices?(subscriptionId: string): Promise<ProviderInvoice[]>;

  /** Checks signature and age of a webhook on its raw bytes. Throws `InvalidWebhook`. */
  verifyWebhook(rawBody: Uint8Array, headers: WebhookHeaders): VerifiedWebhook;
  /** Says in our words what a verified (and perhaps stored) webhook body announces. */
  translateEvent(payload: unknown): ProviderEvent;
}

/** What not every provider can do. A command that one cannot throws `ProviderUnsupported`; this says so beforehand. */
interface Abilities {
  /** Saves, attaches, detaches and charges cards outside of a checkout. */
  readonly saveCards: boolean;
  /** Says what a change of price would cost. */
  readonly previewChanges: boolean;
  /** Has a page on which a customer confirms a change of price. */
  readonly confirmChanges: boolean;
  /** Changes a price when the period ends. */
  readonly changeAtPeriodEnd: boolean;
}
