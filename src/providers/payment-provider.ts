import { DomainError } from '../platform/errors.ts';
import type { Channel, Interval, Money } from '../platform/money.ts';

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
   * adapter whose provider's pages take none.
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

export interface NewCustomer {
  readonly accountId: string;
  readonly name: string;
  readonly email: string | null;
}

export interface PlanForSale {
  readonly planId: string;
  readonly slug: string;
  readonly name: string;
  readonly prices: readonly {
    readonly lookupKey: string;
    readonly interval: Interval;
    readonly money: Money;
  }[];
}

export interface PricesAtProvider {
  /** Null where a provider has nothing above its prices. */
  readonly productId: string | null;
  readonly priceIds: Readonly<Record<string, string>>; // by lookup key
}

/** A coupon as a provider has to know it. */
export interface CouponForSale {
  readonly couponId: string;
  /** What the customer sees on the page. */
  readonly name: string;
  readonly off: { readonly percentBasisPoints: number } | { readonly money: Money };
}

interface NewCheckout {
  readonly orderId: string;
  readonly accountId: string;
  readonly customerId: string;
  readonly successUrl: string;
  readonly cancelUrl: string;
  readonly expiresAt: Date;
  /** By which coupon the page is discounted: an id of `ensureCoupon`. */
  readonly providerCouponId?: string | null;
}

export interface NewPlanCheckout extends NewCheckout {
  readonly providerPriceId: string;
  readonly trialDays: number;
}

export interface NewCreditsCheckout extends NewCheckout {
  readonly money: Money;
  /** What the customer sees on the page, such as `100 credits`. */
  readonly description: string;
}

/** What an order costs, charged to a payment method that its account has saved. */
export interface NewSavedCharge {
  readonly orderId: string;
  readonly accountId: string;
  readonly customerId: string;
  readonly paymentMethodId: string;
  readonly money: Money;
  /** What the customer sees of it, such as `100 credits`. */
  readonly description: string;
}

/** A charge that was made. `isPaid` is false while its money is on the way. */
export interface SavedCharge {
  readonly paymentId: string;
  readonly isPaid: boolean;
}

export interface NewPromotion {
  readonly accountId: string;
  readonly customerId: string;
  readonly providerPriceId: string;
  /** When the first charge is made. */
  readonly endsAt: Date;
}

export interface HostedCheckout {
  readonly checkoutId: string;
  readonly url: string;
  readonly expiresAt: Date;
  /** What the page asks for now, discount included; left out where the provider does not say. */
  readonly total?: Money | null;
}

/** `PAID` also covers a checkout that has nothing to pay now (a trial). `PENDING_PAYMENT`: completed, the money is on its way. */
export type CheckoutState = 'OPEN' | 'PENDING_PAYMENT' | 'PAID' | 'EXPIRED';

export interface CheckoutOutcome {
  readonly checkoutId: string;
  /** Our order, as given when the checkout was made; null for one that Tollgate did not make. */
  readonly orderId: string | null;
  readonly state: CheckoutState;
  readonly customerId: string | null;
  readonly subscriptionId: string | null;
  /** The payment (not the invoice) that settled it, where there is one. */
  readonly paymentId: string | null;
  readonly total: Money | null;
  readonly url: string | null;
}

export type SubscriptionStatus =
  | 'ACTIVE'
  | 'TRIALING'
  | 'PAST_DUE'
  | 'CANCELED'
  | 'INCOMPLETE'
  | 'INCOMPLETE_EXPIRED'
  | 'UNPAID'
  | 'PAUSED';

export interface ProviderSubscription {
  readonly subscriptionId: string;
  readonly customerId: string;
  readonly status: SubscriptionStatus;
  readonly providerPriceId: string;
  readonly price: Money | null;
  readonly interval: Interval;
  readonly startedAt: Date | null;
  readonly currentPeriodStart: Date | null;
  readonly currentPeriodEnd: Date | null;
  readonly trialStart: Date | null;
  readonly trialEnd: Date | null;
  readonly cancelAtPeriodEnd: boolean;
  readonly cancelAt: Date | null;
  readonly endedAt: Date | null;
  /** Made by `createPromotionSubscription`. */
  readonly isPromotion: boolean;
  /** Our own words, as given when it was made: accountId, orderId. */
  readonly metadata: Readonly<Record<string, string>>;
}

export interface NewPortal {
  readonly customerId: string;
  readonly returnUrl: string;
  /** A change of price that the customer is asked to confirm; null: the portal's first page. */
  readonly change: Omit<PriceChange, 'at'> | null;
}

export interface PriceChange {
  readonly subscriptionId: string;
  readonly providerPriceId: string;
  /** The instant from which money is reckoned: the same in a preview and in what follows it. */
  readonly at: Date;
}

export interface NewSetup {
  readonly accountId: string;
  readonly customerId: string;
}

/** A payment method that a customer has saved. */
export interface ProviderPaymentMethod {
  readonly paymentMethodId: string;
  /** The provider's word, such as `card`. */
  readonly type: string;
  readonly brand: string | null;
  readonly last4: string | null;
  readonly expMonth: number | null;
  readonly expYear: number | null;
  readonly isDefault: boolean;
  /** The states of the subscriptions that are charged to it; those that have ended are left out. */
  readonly pays: readonly SubscriptionStatus[];
}

export type InvoiceStatus = 'DRAFT' | 'OPEN' | 'PAID' | 'UNCOLLECTIBLE' | 'VOID';

export interface ProviderInvoice {
  readonly invoiceId: string;
  readonly customerId: string;
  readonly subscriptionId: string | null;
  readonly number: string | null;
  readonly status: InvoiceStatus;
  /** BEGIN and RENEW start a period of the subscription; CHANGE is a proration; OTHER is anything else. */
  readonly reason: 'BEGIN' | 'RENEW' | 'CHANGE' | 'OTHER';
  readonly total: Money;
  readonly amountPaidMinor: bigint;
  /** What a coupon took off it; left out where the provider does not say. */
  readonly discountMinor?: bigint;
  /** The service period of its subscription line, not the invoice's own collection window. */
  readonly period: { readonly start: Date; readonly end: Date } | null;
  readonly providerPriceId: string | null;
  readonly createdAt: Date;
  readonly paidAt: Date | null;
  readonly hostedUrl: string | null;
  readonly pdfUrl: string | null;
}

/**
 * What became of a payment's money, as it stands: every figure is absolute, in minor units of `paid.currency`. A refund counts
 * from when it is on its way, and no more when it has failed; a dispute counts as contested until it is decided.
 */
export interface PaymentReversal {
  /** The payment as events and checkouts name it. */
  readonly paymentId: string;
  readonly customerId: string | null;
  readonly paid: Money;
  readonly refundedMinor: bigint;
  /** Withheld by disputes that are open. Null where the provider says so in the event alone: what that said stays. */
  readonly contestedMinor: bigint | null;
  /** Taken by disputes that were lost. */
  readonly lostMinor: bigint;
  /** The invoice that it paid; null for one that paid a checkout of credits by itself. */
  readonly invoice: {
    readonly invoiceId: string;
    readonly subscriptionId: string | null;
    /** Whether it is the invoice that a subscription began with, and so what its order paid. */
    readonly isFirst: boolean;
  } | null;
}

/** What a webhook announces. An event is a hint: where order matters, the object is fetched again. */
export type ProviderEvent =
  | { readonly kind: 'checkoutChanged'; readonly checkout: CheckoutOutcome }
  | { readonly kind: 'checkoutPaymentFailed'; readonly checkout: CheckoutOutcome }
  | {
      readonly kind: 'subscriptionChanged';
      readonly subscriptionId: string;
      readonly customerId: string;
    }
  | { readonly kind: 'invoiceChanged'; readonly invoice: ProviderInvoice }
  | { readonly kind: 'invoicePaymentFailed'; readonly invoice: ProviderInvoice }
  | {
      readonly kind: 'paymentMethodChanged';
      readonly customerId: string;
      /** The card that its owner has just saved in a browser: it is to become the default. Null: any other change. */
      readonly setUpId: string | null;
    }
  /** Money of a payment goes back, is contested, or neither any more. */
  | {
      readonly kind: 'paymentReversed';
      readonly paymentId: string;
      /** What a dispute withholds, where nothing but the event says so. */
      readonly contestedMinor?: bigint;
    }
  | { readonly kind: 'ignored'; readonly reason: string };

export type WebhookHeaders = Readonly<Record<string, string | readonly string[] | undefined>>;

export interface VerifiedWebhook {
  readonly eventId: string;
  readonly type: string;
  readonly payload: unknown;
}

/** From `since` on, before `until`. */
export interface EventWindow {
  readonly since: Date;
  readonly until: Date;
}

export interface EventPage {
  readonly events: readonly VerifiedWebhook[];
  /** Null when this was the last page. */
  readonly nextCursor: string | null;
}

/** A webhook that is unsigned, altered, too old, from the future, or not what it says it is. Never shows the body. */
export class InvalidWebhook extends DomainError {
  readonly code = 'INVALID_WEBHOOK';
}

/** The provider refused the card; `declineCode` is its reason. */
export class ProviderDeclined extends DomainError {
  readonly code = 'PAYMENT_DECLINED';
  readonly declineCode: string | null;

  constructor(message: string, declineCode: string | null, options?: ErrorOptions) {
    super(message, { declineCode }, options);
    this.declineCode = declineCode;
  }
}

/** The provider says that the request is wrong: a mistake in settings or in Tollgate, never the customer's. */
export class ProviderRefused extends DomainError {
  readonly code = 'PROVIDER_REFUSED';
}

/** The provider charges no amount as small as this. */
export class AmountTooSmall extends ProviderRefused {}

/** The account lacks something that this provider needs of a customer; the message says what to do. */
export class CustomerUnsuitable extends ProviderRefused {}

/** This provider has no such thing (Creem has no SetupIntent). */
export class ProviderUnsupported extends DomainError {
  readonly code = 'CHANNEL_UNSUPPORTED';

  constructor(channel: Channel, what: string) {
    super(`${channel} does not support ${what}.`, { channel });
  }
}
